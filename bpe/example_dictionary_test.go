package bpe_test

import (
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/goroberta/goroberta/bpe"
)

// RoBERTa's dictionary numbers GPT-2's ids by their frequency.
func ExampleDictionary() {
	d := bpe.DefaultDictionary()
	fmt.Println(d.Len(), "symbols, special ones", d.Bos(), d.Pad(), d.Eos(), d.Unk(), d.Mask())
	fmt.Println(d.Symbol(0), d.Symbol(4), d.Symbol(d.Mask()))
	fmt.Println(d.Index("262"), d.Index("no such symbol")) // 262 is " the" of GPT-2
	_, ok := d.Lookup("no such symbol")
	fmt.Println(ok, d.Numeric())
	// Output:
	// 50265 symbols, special ones 0 1 2 3 50264
	// <s> 13 <mask>
	// 5 3
	// false true
}

// Bytes gives the dictionary back as a file.
func ExampleDictionary_Bytes() {
	d, err := bpe.ParseDictionary(strings.NewReader("13 850314647\n262 800385005\n"), "dict.txt")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s", d.AddMask().Bytes())
	// Output:
	// 13 850314647
	// 262 800385005
	// <mask> 0
}

// A Hugging Face vocabulary has the model's ids: it is its own dictionary.
func ExampleEncoder_Dictionary() {
	d, err := small().Dictionary()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(d.Len(), d.Eos(), d.Mask())

	_, err = bpe.Default().Dictionary() // GPT-2's ids are not a model's
	e, ok := errors.AsType[*bpe.VocabularyError](err)
	fmt.Println(ok, errors.Is(e, bpe.ErrUnknownToken))
	// Output:
	// 262 2 261
	// true true
}

func ExampleParseDictionary_duplicate() {
	_, err := bpe.ParseDictionary(strings.NewReader("13 2\n13 1\n"), "dict.txt")
	fmt.Println(errors.Is(err, bpe.ErrDuplicate), err)

	pointer := "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n"
	_, err = bpe.ParseDictionary(strings.NewReader(pointer), "dict.txt")
	fmt.Println(errors.Is(err, bpe.ErrLFSPointer))
	// Output:
	// true bpe: dict.txt:2: duplicate: symbol "13" has id 4 already
	// true
}
