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

// A checkpoint in any form gives tensors under fairseq's names of today.
func ExampleOpen() {
	c, err := weights.Open("../testdata/goldens/tiny/roberta.tiny.tar.gz")
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	fmt.Println("layers:", c.Settings["encoder_layers"])
	t, ok := c.Tensor("encoder.sentence_encoder.layers.0.self_attn.q_proj.weight")
	fmt.Println(t.Name, t.DType, t.Shape, ok)
	row := make([]float32, t.Shape[1])
	if err := t.RowsFloat32(row, 5, 6); err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(row), "weights of one row")
	// Output:
	// layers: 3
	// encoder.sentence_encoder.layers.0.self_attn.q_proj.weight F32 [64 64] true
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

// A release archive becomes one file that opens with nothing beside it.
func ExampleConvert() {
	dir, err := os.MkdirTemp("", "convert")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "tiny.safetensors")
	if err := weights.Convert("../testdata/goldens/tiny/roberta.tiny.tar.gz", out, weights.ConvertOptions{}); err != nil {
		log.Fatal(err)
	}
	c, err := weights.Open(out)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	fmt.Println(c.Format, "with", len(c.Dict), "bytes of dict.txt and", c.Settings["encoder_layers"], "layers")
	// Output: safetensors with 12752 bytes of dict.txt and 3 layers
}
