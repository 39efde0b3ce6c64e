package weights_test

import (
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/goroberta/goroberta/weights"
)

// Tensors have the names that the file gives them, settings too.
func ExampleOpen() {
	c, err := weights.Open("../testdata/goldens/tiny/roberta.tiny.tar.gz")
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	args, _ := c.Settings()["args"].(map[string]any)
	fmt.Println("layers:", args["encoder_layers"])
	t, ok := c.Tensor("decoder.sentence_encoder.layers.0.self_attn.in_proj_weight")
	fmt.Println(t.Name, t.DType, t.Shape, ok)
	row := make([]float32, t.Shape[1])
	if err := t.RowsFloat32(row, 5, 6); err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(row), "weights of one row")
	// Output:
	// layers: 3
	// decoder.sentence_encoder.layers.0.self_attn.in_proj_weight F32 [192 64] true
	// 64 weights of one row
}

// A file that is no checkpoint says so, and what it is.
func ExampleLoad() {
	page := "<html><body>404 Not Found</body></html>"
	_, err := weights.Load(strings.NewReader(page), int64(len(page)), "model.pt")
	fmt.Println(err)
	fmt.Println(errors.Is(err, weights.ErrNotCheckpoint))
	// Output:
	// weights: model.pt: not a checkpoint: a web page or XML, perhaps an error message saved by a download
	// true
}

// A file carries others inside it.
func ExampleFileEntry() {
	dir, err := os.MkdirTemp("", "weights")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	c, err := weights.Open("../testdata/goldens/tiny/roberta.tiny.tar.gz")
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	dict, err := c.File("dict.txt")
	if err != nil {
		log.Fatal(err)
	}
	entries := []weights.Entry{weights.FileEntry("dict.txt", dict)}
	for _, t := range c.Tensors() {
		entries = append(entries, t.Entry(t.Name))
	}
	out := filepath.Join(dir, "tiny.safetensors")
	if err := weights.WriteFile(out, map[string]string{"format": "pt"}, entries); err != nil {
		log.Fatal(err)
	}
	written, err := weights.Open(out)
	if err != nil {
		log.Fatal(err)
	}
	defer written.Close()
	dict, err = written.File("dict.txt")
	fmt.Println(written.Format, "with", written.Files(), "of", len(dict), "bytes,", err)
	// Output: safetensors with [dict.txt] of 12752 bytes, <nil>
}
