package weights_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/goroberta/goroberta/weights"
)

// Errors say which kind of fault it is, and where.
func ExampleFileError() {
	whole, err := os.ReadFile(filepath.Join(tiny, "expected.safetensors"))
	if err != nil {
		log.Fatal(err)
	}
	load := func(data []byte, name string) error {
		_, err := weights.Load(bytes.NewReader(data), int64(len(data)), name)
		return err
	}
	err = load(whole[:len(whole)/2], "half.safetensors")
	fmt.Println(errors.Is(err, weights.ErrTruncated))
	e, ok := errors.AsType[*weights.FileError](err)
	fmt.Println(ok, e.Path)

	// A header that gives two tensors the same bytes.
	header := `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`
	data := append([]byte{byte(len(header)), 0, 0, 0, 0, 0, 0, 0}, header...)
	err = load(append(data, 0, 0, 0, 0), "overlap.safetensors")
	fmt.Println(errors.Is(err, weights.ErrCorrupt))

	// A pickle that wants to call os.system.
	err = load([]byte("\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R."), "evil.pt")
	fmt.Println(errors.Is(err, weights.ErrForbidden))
	// Output:
	// true
	// true half.safetensors
	// true
	// true
}

// Types that are not read stop nobody who does not ask for them.
func ExampleTensor_Type() {
	header := `{"scale":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]}}`
	data := append([]byte{byte(len(header)), 0, 0, 0, 0, 0, 0, 0}, header...)
	data = append(data, 1, 2, 3, 4)
	c, err := weights.Load(bytes.NewReader(data), int64(len(data)), "scale.safetensors")
	if err != nil {
		log.Fatal(err)
	}
	t, _ := c.Tensor("scale")
	fmt.Println(t.Type(), t.DType.Size())
	err = t.Float32s(make([]float32, 4))
	fmt.Println(errors.Is(err, weights.ErrUnsupported))
	// Output:
	// F8_E4M3 0
	// true
}

// A file of 4 KB whose numbers, strings and containers would take far more memory.
func ExampleOpen_large() {
	_, err := weights.Open("testdata/hostile/pkl_dicts.pt")
	fmt.Println(errors.Is(err, weights.ErrTooLarge))
	// Output: true
}

// What a closed checkpoint had is gone.
func ExampleCheckpoint_Close() {
	c, err := weights.Open(filepath.Join(tiny, "legacy.pt"))
	if err != nil {
		log.Fatal(err)
	}
	t := c.Tensors()[0]
	if err := c.Close(); err != nil {
		log.Fatal(err)
	}
	_, err = t.Bytes()
	fmt.Println(errors.Is(err, weights.ErrClosed))
	// Output: true
}

func ExampleWithContext() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := weights.Open(tiny, weights.WithContext(ctx))
	fmt.Println(errors.Is(err, context.Canceled))
	// Output: true
}
