package tokenizer_test

import (
	"fmt"
	"strings"

	"github.com/goroberta/goroberta/bpe"
	"github.com/goroberta/goroberta/tokenizer"
)

func ExampleExplainer() {
	var tok tokenizer.Explainer = bpe.DefaultTokenizer()
	fmt.Println(len(tok.Steps("It's able")), "normalisers")
	for _, w := range tok.Words("It's able") {
		x := tok.Explain(w)
		fmt.Println(strings.Join(x.Parts, " "))
		for _, m := range x.Merges {
			fmt.Printf("  %d: %s\n", m.Rank, m.Made)
		}
		fmt.Println("  =", strings.Join(x.Pieces(), " "))
	}
	// Output:
	// 0 normalisers
	// I t
	//   770: It
	//   = It
	// ' s
	//   82: 's
	//   = 's
	// Ġ a b l e
	//   1: Ġa
	//   37: le
	//   194: Ġab
	//   1242: Ġable
	//   = Ġable
}
