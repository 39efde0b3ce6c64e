package bpe_test

import (
	"fmt"

	"github.com/goroberta/goroberta/bpe"
)

func ExampleEncoder_Explain() {
	e := bpe.Default()
	const text = "It's able"
	for start, end := range e.Pieces(text) {
		x := e.Explain(text[start:end])
		fmt.Printf("%q: %d bytes, %d merges, %q\n", text[start:end], len(x.Parts), len(x.Merges), x.Pieces())
	}
	// Output:
	// "It": 2 bytes, 1 merges, ["It"]
	// "'s": 2 bytes, 1 merges, ["'s"]
	// " able": 5 bytes, 4 merges, ["Ġable"]
}
