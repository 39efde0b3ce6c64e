package pocket_test

import (
	"context"
	"fmt"
	"log"

	"github.com/goroberta/goroberta/models/pocket"
	"github.com/goroberta/goroberta/weights"
)

func Example() {
	m, err := pocket.Open()
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	fills, err := m.FillMask(context.Background(), "She opened the <mask> and walked into the house.", 1)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(fills[0].Text)
	// Output: She opened the door and walked into the house.
}

// FS is for what takes a file system and a name, such as a look at the tensors.
func ExampleFS() {
	c, err := weights.OpenFS(pocket.FS(), pocket.Name)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	t, ok := c.Tensor("encoder.sentence_encoder.embed_tokens.weight")
	fmt.Println(c.Format, t.Shape, ok)
	// Output: safetensors [50265 256] true
}
