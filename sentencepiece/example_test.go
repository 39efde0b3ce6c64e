package sentencepiece_test

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	"github.com/goroberta/goroberta/bpe"
	"github.com/goroberta/goroberta/sentencepiece"
	"github.com/goroberta/goroberta/tokenizer"
)

// read reads a file that is kept compressed.
func read(path string) []byte {
	f, err := os.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		log.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		log.Fatal(err)
	}
	return data
}

// model loads a small model of the kind that XLM-R has.
func model() *sentencepiece.Model {
	m, err := sentencepiece.Load(read("testdata/spm/xlmr.model.gz"), "xlmr.model")
	if err != nil {
		log.Fatal(err)
	}
	return m
}

func Example() {
	tok, err := sentencepiece.NewXLMRoberta(model())
	if err != nil {
		log.Fatal(err)
	}
	ids := tokenizer.Encode(tok, "The river is wide.")
	fmt.Println(ids)
	fmt.Println(tokenizer.Decode(tok, ids))
	// Output:
	// [0 1250 4 43 288 551 4 377 52 15 2]
	// The river is wide.
}

func ExampleLoad() {
	m, err := sentencepiece.Load(read("testdata/spm/xlmr.model.gz"), "xlmr.model")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Name(), m.Kind(), m.Len(), "pieces")

	_, err = sentencepiece.Load([]byte("<html>"), "sentencepiece.bpe.model")
	e, ok := errors.AsType[*sentencepiece.FileError](err)
	fmt.Println(ok, e.File, errors.Is(err, sentencepiece.ErrFormat))

	word := read("testdata/spm/xlmr.model.gz")
	word = append(word, 0x12, 0x02, 0x18, 0x03) // trainer_spec.model_type: word
	_, err = sentencepiece.Load(word, "word.model")
	fmt.Println(errors.Is(err, sentencepiece.ErrUnsupported))

	_, err = sentencepiece.Load(piece(strings.Repeat("a", 9000)), "long.model")
	fmt.Println(errors.Is(err, sentencepiece.ErrTooLarge))
	// Output:
	// xlmr.model unigram 5028 pieces
	// true sentencepiece.bpe.model true
	// true
	// true
}

// piece is a model file with one piece.
func piece(text string) []byte {
	varint := func(n int) string { return string([]byte{byte(n) | 0x80, byte(n >> 7)}) }
	text = "\x0a" + varint(len(text)) + text
	return []byte("\x0a" + varint(len(text)) + text)
}

// Pieces are what texts are cut into, after the model's own normalisation.
func ExampleModel() {
	m := model()
	fmt.Println(m.Normalize("Ｈｅｌｌｏ  ½"))
	id, ok := m.Lookup("▁the")
	fmt.Println(id, ok)
	fmt.Println(m.Piece(id))

	count := map[sentencepiece.PieceType]int{}
	for id := range m.Len() {
		_, t := m.Piece(id)
		count[t]++
	}
	for _, t := range []sentencepiece.PieceType{
		sentencepiece.Normal, sentencepiece.Unknown, sentencepiece.Control,
		sentencepiece.UserDefined, sentencepiece.Unused, sentencepiece.Byte,
	} {
		fmt.Print(t, " ", count[t], "; ")
	}
	fmt.Println()
	// Output:
	// ▁Hello▁1⁄2
	// 337 true
	// ▁the NORMAL
	// NORMAL 5025; UNKNOWN 1; CONTROL 2; USER_DEFINED 0; UNUSED 0; BYTE 0;
}

// The library's own ids.
func ExampleModel_Tokenizer() {
	tok := model().Tokenizer()
	const text = "The river"
	ids, spans := tok.AppendSpans(nil, nil, text)
	for i, s := range spans {
		fmt.Printf("%d %q %q\n", ids[i], tok.Bytes(ids[i]), text[s.Start:s.End])
	}
	fmt.Printf("%q\n", tok.AppendText(nil, tok.Append(nil, text)))
	// Output:
	// 1249 " The" "The"
	// 3 " " " "
	// 42 "ri" "ri"
	// 287 "ver" "ver"
	// "The river"
}

func ExampleTokenizer() {
	tok, err := sentencepiece.NewXLMRoberta(model())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tok.Len() == tok.Model().Len()+2) // <pad> before, <mask> after the pieces
	s := tok.Special()
	fmt.Println(s.BOS, s.Pad, s.EOS, s.Unk, s.Mask == tok.Len()-1)
	fmt.Println(tok.Kind(s.EOS) == tokenizer.Marker, tok.Missing())
	fmt.Println(tok.Template().IDs(tok, "The <mask>"))
	// Output:
	// true
	// 0 1 2 3 true
	// true 0
	// [0 1250 5029 2]
}

// In texts of strangers special tokens are letters. New ones can be added.
func ExampleOption() {
	options := []sentencepiece.Option{sentencepiece.WithPlainText()}
	plain, err := sentencepiece.NewXLMRoberta(model(), options...)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(plain.Append(nil, "<mask>")) > 1)

	n := plain.Len()
	added := sentencepiece.AddedToken{Text: "<user>", ID: n, RStrip: true} // takes the space after it
	tok, err := sentencepiece.NewXLMRoberta(model(), sentencepiece.WithAddedTokens(added))
	if err != nil {
		log.Fatal(err)
	}
	ids := tok.Append(nil, "<user>")
	fmt.Println(len(ids), ids[0] == n, tok.Len() == n+1)
	// Output:
	// true
	// 1 true true
}

// CamemBERT has its special tokens at other places.
func ExampleNewCamembert() {
	tok, err := sentencepiece.NewCamembert(model())
	if err != nil {
		log.Fatal(err)
	}
	ids := tokenizer.Encode(tok, "The river is wide.")
	fmt.Println(ids[0], ids[len(ids)-1])
	fmt.Println(tokenizer.Decode(tok, ids))
	// Output:
	// 5 6
	// The river is wide.
}

// fairseq numbers the pieces by a dictionary, and nothing in a text is special.
func ExampleNewFairseq() {
	f := strings.NewReader(string(read("testdata/fairseq/xlmr/dict.txt.gz")))
	dict, err := bpe.ParseDictionary(f, "dict.txt")
	if err != nil {
		log.Fatal(err)
	}
	var d sentencepiece.Dictionary = dict.AddMask()
	tok, err := sentencepiece.NewFairseq(model(), d)
	if err != nil {
		log.Fatal(err)
	}
	ids := tokenizer.Encode(tok, "The river is wide.")
	fmt.Println(ids, d.Symbol(ids[1]))
	the, ok := d.Lookup("▁The")
	fmt.Println(the, ok, d.Len())
	fmt.Println(d.Bos(), d.Pad(), d.Eos(), d.Unk(), d.Mask())

	none, err := bpe.ParseDictionary(strings.NewReader("13 1\n"), "dict.txt")
	if err != nil {
		log.Fatal(err)
	}
	_, err = sentencepiece.NewFairseq(model(), none)
	fmt.Println(errors.Is(err, sentencepiece.ErrDictionary))
	// Output:
	// [0 1250 4 43 288 551 4 377 52 15 2] ▁The
	// 1250 true 5030
	// 0 1 2 3 5029
	// true
}
