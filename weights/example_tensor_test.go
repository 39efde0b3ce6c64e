package weights_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"os"
	"path/filepath"

	"github.com/goroberta/goroberta/weights"
)

const tiny = "../testdata/goldens/tiny"

// All that a file says of its tensors is known before any of them is read.
func ExampleCheckpoint() {
	c, err := weights.OpenFS(os.DirFS(tiny), "fp16.pt", weights.WithoutMap())
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	fmt.Println(c.Format, c.Format == weights.TorchZip, c.FileName("dict.txt"))
	bytes := 0
	for _, t := range c.Tensors() {
		bytes += t.Len() * t.DType.Size()
	}
	fmt.Println(len(c.Tensors()), "tensors,", bytes, "bytes; metadata:", c.Metadata() == nil)
	// Output:
	// torch zip true dict.txt
	// 71 tensors, 494962 bytes; metadata: true
}

// The ways to an element: converted, as bytes, or in the file's own memory.
func ExampleTensor() {
	c, err := weights.Open(filepath.Join(tiny, "fp16.pt"))
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	t, ok := c.Tensor("encoder.lm_head.layer_norm.weight")
	fmt.Println(t.Type(), t.DType == weights.F16, t.DType.IsFloat(), t.Len(), ok)

	x := make([]float32, t.Len())
	if err := t.Float32s(x); err != nil {
		log.Fatal(err)
	}
	err = c.Guard(func() error { // what follows may read the mapped file itself
		b, err := t.Bytes()
		if err != nil {
			return err
		}
		half := binary.LittleEndian.Uint16(b)
		fmt.Printf("%g is %#04x\n", x[0], half)
		if bits, ok := t.AliasedUint16s(); ok { // not on every system
			half = bits[0]
		}
		fmt.Printf("%#04x\n", half)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	c.DropPages() // the copy is all that is needed
	first := t.Rows(0, 1)
	fmt.Println(first.Shape, first.Len())
	// Output:
	// F16 true true 64 true
	// 1.2529297 is 0x3d03
	// 0x3d03
	// [1] 1
}

// A float32 tensor needs no copy where the file is mapped.
func ExampleTensor_AliasedFloat32s() {
	c, err := weights.Open(filepath.Join(tiny, "old2019_zip.pt"))
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	t, _ := c.Tensor("decoder.lm_head.layer_norm.weight")
	x, ok := t.AliasedFloat32s()
	if !ok { // a compressed file, a big-endian machine
		x = make([]float32, t.Len())
		if err := t.Float32s(x); err != nil {
			log.Fatal(err)
		}
	}
	err = c.Guard(func() error {
		fmt.Println(len(x), x[0])
		return nil
	})
	fmt.Println(err, errors.Is(err, weights.ErrChanged))
	// Output:
	// 64 1.2533624
	// <nil> false
}

// The types of elements and their sizes.
func ExampleDType() {
	for _, d := range []weights.DType{
		weights.F64, weights.F32, weights.F16, weights.BF16,
		weights.I64, weights.I32, weights.I16, weights.I8, weights.U8, weights.Bool,
	} {
		fmt.Print(d, " ", d.Size(), "; ")
	}
	fmt.Println()
	// Output: F64 8; F32 4; F16 2; BF16 2; I64 8; I32 4; I16 2; I8 1; U8 1; BOOL 1;
}

// Tensors of one's own, written as they are made.
func ExampleWrite() {
	entries := []weights.Entry{{
		Name: "pi", DType: weights.F32, Shape: []int{2, 1},
		Write: func(w io.Writer) error {
			return binary.Write(w, binary.LittleEndian, []float32{math.Pi, -math.Pi})
		},
	}}
	fmt.Println(entries[0].Size(), "bytes")

	dir, err := os.MkdirTemp("", "weights")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "pi.safetensors")
	meta := map[string]string{"source": "a circle"}
	err = weights.Create(path, func(w io.Writer) error { return weights.Write(w, meta, entries) })
	if err != nil {
		log.Fatal(err)
	}
	c, err := weights.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	fmt.Println(c.Metadata()["source"], c.Tensors()[0].Shape, c.Format == weights.Safetensors)
	// Output:
	// 8 bytes
	// a circle [2 1] true
}

// A converter must not write over what it reads.
func ExampleCheckOutput() {
	in := filepath.Join(tiny, "model.pt")
	fmt.Println(errors.Is(weights.CheckOutput(in, in), weights.ErrSameFile))
	fmt.Println(errors.Is(weights.CheckOutput(filepath.Join(tiny, "dict.txt"), in), weights.ErrSameFile))
	fmt.Println(weights.CheckOutput("other.safetensors", in))
	// Output:
	// true
	// true
	// <nil>
}

func ExampleWithZstd() {
	c, err := weights.Open(filepath.Join(tiny, "legacy.pt"))
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	fmt.Println(c.Format == weights.TorchLegacy)
	var entries []weights.Entry
	for _, t := range c.Tensors() {
		entries = append(entries, t.Entry(t.Name))
	}
	dir, err := os.MkdirTemp("", "weights")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "tiny.safetensors.zst")
	if err := weights.WriteFile(path, nil, entries, weights.WithZstd()); err != nil {
		log.Fatal(err)
	}
	z, err := weights.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	defer z.Close()
	fmt.Println(len(z.Tensors()) == len(c.Tensors()))
	// Output:
	// true
	// true
}
