package bpe_test

import (
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/goroberta/goroberta/bpe"
)

func Example() {
	tok := bpe.DefaultTokenizer()
	ids := tok.Encode("Hello world!")
	fmt.Println(ids)
	fmt.Println(tok.Decode(ids))
	// Output:
	// [0 31414 232 328 2]
	// Hello world!
}

func ExampleTokenizer_Encode() {
	tok := bpe.DefaultTokenizer()
	fmt.Println(tok.Encode("red", "blue"))
	fmt.Println(tok.EncodeNoSeparator("red", "blue"))
	// Output:
	// [0 2050 2 2 22128 2]
	// [0 2050 2 22128 2]
}

func ExampleTokenizer_EncodeOffsets() {
	const text = "She's naïve."
	ids, spans := bpe.DefaultTokenizer().EncodeOffsets(text)
	for i, s := range spans {
		fmt.Printf("%d %q\n", ids[i], text[s.Start:s.End])
	}
	// Output:
	// 0 ""
	// 2515 "She"
	// 18 "'s"
	// 39300 " naïve"
	// 4 "."
	// 2 ""
}

func ExampleTokenizer_DecodeDocuments() {
	tok := bpe.DefaultTokenizer()
	ids := tok.Encode("The first text.", "And the second.")
	fmt.Printf("%q\n", tok.DecodeDocuments(ids))
	// Output: ["The first text." "And the second."]
}

// Tokens can hold a part of a character: join bytes, not texts.
func ExampleTokenizer_TokenBytes() {
	tok := bpe.DefaultTokenizer()
	var joined []byte
	for _, id := range []int{31193, 8384} {
		fmt.Printf("%q ", tok.TokenText(id))
		joined = append(joined, tok.TokenBytes(id)...)
	}
	fmt.Printf("%s\n", joined)
	// Output: "�" "�" 👍
}

// Ids of GPT-2 itself, without a dictionary.
func ExampleDefault() {
	ids := bpe.Default().Encode("Hello world!")
	fmt.Println(ids)
	// Output: [15496 995 0]
}

// A model of protein sequences has one letter per symbol and no BPE.
func ExampleNewTokenizer_symbols() {
	dict, err := bpe.ParseDictionary(strings.NewReader("A 1\nC 1\nD 1\n"), "dict.txt")
	if err != nil {
		log.Fatal(err)
	}
	tok := bpe.NewTokenizer(nil, dict.AddMask())
	fmt.Println(tok.Encode("A D <mask>"))
	// Output: [0 4 6 7 2]
}

func ExampleParseDictionary_error() {
	_, err := bpe.ParseDictionary(strings.NewReader("13 850314647\n262\n"), "model/dict.txt")
	if e, ok := errors.AsType[*bpe.DictionaryError](err); ok {
		fmt.Println(e.File, e.Line)
	}
	fmt.Println(errors.Is(err, bpe.ErrFormat))
	// Output:
	// model/dict.txt 2
	// true
}
