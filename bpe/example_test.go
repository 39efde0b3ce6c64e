package bpe_test

import (
	"errors"
	"fmt"
	"log"
	"strings"

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
	fmt.Println(tokenizer.Encode(tok, "A D <mask>"))
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
