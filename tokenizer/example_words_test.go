package tokenizer_test

import (
	"fmt"
	"log"

	"github.com/goroberta/goroberta/bpe"
	"github.com/goroberta/goroberta/tokenizer"
)

func ExampleCut() {
	tok := bpe.DefaultTokenizer()
	const text = "A summary of unbelievableness in Tokyo 東京."
	for _, n := range []int{4, 5, 10, 12} {
		begin, err := tokenizer.Cut(tok, text, n)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%q has %d tokens\n", begin, len(tok.Append(nil, begin)))
	}
	end, err := tokenizer.CutLeft(tok, text, 7)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%q\n", end)
	// Output:
	// "A summary of unbelievable" has 4 tokens
	// "A summary of unbelievable" has 4 tokens
	// "A summary of unbelievableness in Tokyo " has 9 tokens
	// "A summary of unbelievableness in Tokyo 東" has 11 tokens
	// " Tokyo 東京."

}

func ExampleWordIDs() {
	tok := bpe.DefaultTokenizer()
	const text = "Unbelievableness, isn't it?"
	words := tokenizer.WordIDs(tok, text)
	for i, id := range tok.Append(nil, text) {
		fmt.Printf("%d:%s|", words[i], tok.Bytes(id))
	}
	fmt.Println()

	for _, w := range tokenizer.WordTokenizer(tok).Words(text) {
		fmt.Printf("%q %d\n", text[w.Span.Start:w.Span.End], len(w.IDs))
	}
	// Output:
	// 0:Un|0:bel|0:iev|0:abl|0:eness|1:,|2: isn|3:'t|4: it|5:?|
	// "Unbelievableness" 5
	// "," 1
	// " isn" 1
	// "'t" 1
	// " it" 1
	// "?" 1

}
