package tokenizer_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/goroberta/goroberta/bpe"
	"github.com/goroberta/goroberta/tokenizer"
)

func Example() {
	tok := bpe.DefaultTokenizer()
	ids := tokenizer.Encode(tok, "Hello world!")
	fmt.Println(ids)
	fmt.Println(tokenizer.Decode(tok, ids))
	// Output:
	// [0 31414 232 328 2]
	// Hello world!
}

func ExampleEncode() {
	tok := bpe.DefaultTokenizer()
	fmt.Println(tokenizer.Encode(tok, "red", "blue"))
	fmt.Println(tokenizer.EncodeNoSeparator(tok, "red", "blue"))
	// Output:
	// [0 2050 2 2 22128 2]
	// [0 2050 2 22128 2]
}

// Which bytes of the text does each token stand for?
func ExampleTemplate_Encode() {
	const text = "She's naïve."
	tok := bpe.DefaultTokenizer()
	e, err := tok.Template().Encode(tok, tokenizer.Limit{}, text)
	if err != nil {
		log.Fatal(err)
	}
	for i, s := range e.Spans {
		fmt.Printf("%d %d %q\n", e.IDs[i], e.Sequence[i], text[s.Start:s.End])
	}
	// Output:
	// 0 -1 ""
	// 2515 0 "She"
	// 18 0 "'s"
	// 39300 0 " naïve"
	// 4 0 "."
	// 2 -1 ""
}

// Ids without special tokens.
func ExamplePlain() {
	fmt.Println(tokenizer.Plain().IDs(bpe.DefaultTokenizer(), "Hello world!"))
	// Output: [31414 232 328]
}

// A limit alone is an error for what is longer. It cuts if it says what.
func ExampleLimit() {
	const question, passage = "Who sings?", "The choir of the village school sings on Sundays."
	tok := bpe.DefaultTokenizer()
	limit := tokenizer.Limit{Length: 12}
	_, err := tok.Template().Encode(tok, limit, question, passage)
	if e, ok := errors.AsType[*tokenizer.LimitError](err); ok {
		fmt.Println(e.Tokens, "tokens:", e.Reason)
	}
	limit.Truncation = tokenizer.OnlySecond
	e, err := tok.Template().Encode(tok, limit, question, passage)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%q\n", tokenizer.DecodeDocuments(tok, e.IDs))
	// Output:
	// 17 tokens: truncation is off
	// ["Who sings?" "The choir of the village"]
}

// A long passage is read through windows that share two tokens. The question is
// whole in each.
func ExampleTemplate_Windows() {
	const question, passage = "Who sings?", "The choir of the village school sings on Sundays."
	tok := bpe.DefaultTokenizer()
	limit := tokenizer.Limit{Length: 12, Truncation: tokenizer.OnlySecond, Stride: 2}
	windows, err := tok.Template().Windows(tok, limit, question, passage)
	if err != nil {
		log.Fatal(err)
	}
	for e := range windows {
		fmt.Printf("%q\n", tokenizer.DecodeDocuments(tok, e.IDs)[1])
	}
	// Output:
	// "The choir of the village"
	// " the village school sings on"
	// " sings on Sundays."
}

func ExampleDecodeDocuments() {
	tok := bpe.DefaultTokenizer()
	ids := tokenizer.Encode(tok, "The first text.", "And the second.")
	fmt.Printf("%q\n", tokenizer.DecodeDocuments(tok, ids))
	// Output: ["The first text." "And the second."]
}

func ExampleDecodeSkipSpecial() {
	tok := bpe.DefaultTokenizer()
	ids := []int{0, 100, 50264, 47, 2}
	fmt.Println(tokenizer.Decode(tok, ids))
	fmt.Println(tokenizer.DecodeSkipSpecial(tok, ids))
	raw, err := tokenizer.DecodeRaw(tok, ids)
	fmt.Println(raw, err)
	// Output:
	// I<mask> you
	// I you
	// <s>I<mask> you</s> <nil>
}

// Tokens can hold a part of a character: join bytes, not texts.
func ExampleTokenText() {
	tok := bpe.DefaultTokenizer()
	var joined []byte
	for _, id := range []int{31193, 8384} {
		fmt.Printf("%q ", tokenizer.TokenText(tok, id))
		joined = append(joined, tok.Bytes(id)...)
	}
	fmt.Printf("%s\n", joined)
	// Output: "�" "�" 👍
}
