package bpe_test

import (
	"fmt"

	"github.com/goroberta/goroberta/bpe"
	"github.com/goroberta/goroberta/tokenizer"
)

func ExampleTokenizer() {
	tok := bpe.DefaultTokenizer()
	fmt.Println(tok.Len(), tok.Special())
	fmt.Println(tok.Encoder() == bpe.Default(), tok.Dictionary() == bpe.DefaultDictionary())
	fmt.Println(tok.Kind(0) == tokenizer.Marker, tok.Kind(50264) == tokenizer.Symbol)

	const text = "naïve 👍"
	ids, spans := tok.AppendSpans(nil, nil, text)
	for i, s := range spans {
		fmt.Printf("%d %q\n", ids[i], text[s.Start:s.End])
	}
	fmt.Printf("%s\n", tok.AppendText(nil, ids))
	// Output:
	// 50265 {0 1 2 3 50264}
	// true true
	// true true
	// 2133 "na"
	// 48350 "ïve"
	// 26964 " \xf0\x9f\x91"
	// 8384 "\x8d"
	// naïve 👍
}

// How the tokens of a word come about.
func ExampleTokenizer_Explain() {
	tok := bpe.DefaultTokenizer()
	const text = "lower unbelievableness"
	fmt.Println(len(tok.Steps(text)), "steps before words are cut")
	for _, w := range tok.Words(text) {
		ex := tok.Explain(w)
		fmt.Printf("%q %d merges: %q %v\n", w.Text, len(ex.Merges), ex.Pieces(), w.IDs)
	}
	// Output:
	// 0 steps before words are cut
	// "lower" 4 merges: ["lower"] [29668]
	// " unbelievableness" 14 merges: ["Ġunbeliev" "abl" "eness"] [49856 23200 14186]
}
