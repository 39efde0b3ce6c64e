package fastbpe_test

import (
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/goroberta/goroberta/tokenizer"
	"github.com/goroberta/goroberta/tokenizer/fastbpe"
)

// files reads a small vocabulary of the kind that BERTweet and PhoBERT have.
func files() (words []string, codes *fastbpe.Codes) {
	data, err := os.ReadFile("testdata/vocab.txt")
	if err != nil {
		log.Fatal(err)
	}
	if words, err = fastbpe.ParseVocabulary(data, "vocab.txt"); err != nil {
		log.Fatal(err)
	}
	if data, err = os.ReadFile("testdata/bpe.codes"); err != nil {
		log.Fatal(err)
	}
	if codes, err = fastbpe.ParseCodes(data, "bpe.codes"); err != nil {
		log.Fatal(err)
	}
	return words, codes
}

func Example() {
	words, codes := files()
	tok, err := fastbpe.New(fastbpe.Spec{Words: words, Codes: codes})
	if err != nil {
		log.Fatal(err)
	}
	ids := tokenizer.Encode(tok, "the river was there")
	fmt.Println(ids)
	fmt.Println(tokenizer.Decode(tok, ids))
	// Output:
	// [0 975 78 33 90 54 114 230 55 10 2]
	// the river was there
}

// Which part of a text is each id?
func ExampleTokenizer() {
	words, codes := files()
	added := fastbpe.Added{Text: "<place>", ID: -1, Kind: tokenizer.Symbol} // found in texts
	tok, err := fastbpe.New(fastbpe.Spec{Words: words, Codes: codes, Added: []fastbpe.Added{added}})
	if err != nil {
		log.Fatal(err)
	}
	const text = "the riverside <place>"
	ids, spans := tok.AppendSpans(nil, nil, text)
	for i, s := range spans {
		fmt.Printf("%q %q\n", tok.Bytes(ids[i]), text[s.Start:s.End])
	}
	last := ids[len(ids)-1]
	fmt.Println(last == tok.Len()-1, tok.Kind(last) == tokenizer.Symbol, len(tok.Append(nil, text)) == len(ids))
	fmt.Printf("%s\n", tok.AppendText(nil, ids))
	fmt.Println(tok.Special().Pad, tok.Template().IDs(tok, ""))
	// Output:
	// "the" "the"
	// "ri" "ri"
	// "versi" "versi"
	// "de" "de"
	// "<place>" "<place>"
	// true true true
	// the riverside <place>
	// 1 [0 2]
}

// A tweet is rewritten before it is cut into words.
func ExampleTokenizer_Explain() {
	words, codes := files()
	tok, err := fastbpe.New(fastbpe.Spec{Words: words, Codes: codes, NormalizeTweets: true})
	if err != nil {
		log.Fatal(err)
	}
	const text = "@ann wait..."
	for _, s := range tok.Steps(text) {
		fmt.Printf("%s: %q\n", s.Name, s.Text)
	}
	for _, w := range tok.Words(text) {
		ex := tok.Explain(w)
		fmt.Println(ex.Parts, ex.Pieces())
	}

	err = tok.Check("so nice 😀") // BERTweet writes the emoji's name, which is not known here
	e, ok := errors.AsType[*fastbpe.TextError](err)
	fmt.Println(ok, e.Offset, errors.Is(err, fastbpe.ErrEmoji))
	// Output:
	// normalizeTweet: "@USER wait ..."
	// [@ U S E R</w>] [@ U SE R</w>]
	// [w a i t</w>] [wa it</w>]
	// [. . .</w>] [...</w>]
	// true 8 true
}

// fairseq's setting bpe=fastbpe: a dictionary has the ids, and nothing in a text is special.
func ExampleNewFairseq() {
	words, codes := files()
	symbols := append([]string{"<s>", "<pad>", "</s>", "<unk>"}, words...)
	tok := fastbpe.NewFairseq(append(symbols, "<mask>"), len(symbols), codes)
	fmt.Println(tokenizer.Encode(tok, "the <mask>"), tok.Special().Mask)
	// Output: [0 975 327 3 9 407 2] 1304
}

func ExampleParseCodes_error() {
	_, err := fastbpe.ParseCodes([]byte("i n 9000\ne r\n"), "model/bpe.codes")
	e, ok := errors.AsType[*fastbpe.FileError](err)
	fmt.Println(ok, e.File, e.Line, errors.Is(err, fastbpe.ErrFormat))
	// Output: true model/bpe.codes 2 true
}
