package bpe_test

import (
	"errors"
	"fmt"
	"log"
	"strings"
	"testing/fstest"

	"github.com/goroberta/goroberta/bpe"
)

// smallFiles are a vocabulary of bytes and one merge, as Hugging Face writes it.
func smallFiles() (vocab, merges string) {
	var b strings.Builder
	b.WriteString(`{"<s>":0,"<pad>":1,"</s>":2,"<unk>":3`)
	for i := range 256 {
		fmt.Fprintf(&b, ",%q:%d", bpe.Written([]byte{byte(i)}), 4+i)
	}
	b.WriteString(`,"hi":260,"<mask>":261}`)
	return b.String(), "h i\n"
}

func small() *bpe.Encoder {
	vocab, merges := smallFiles()
	enc, err := bpe.New(strings.NewReader(vocab), strings.NewReader(merges))
	if err != nil {
		log.Fatal(err)
	}
	return enc
}

// A vocabulary of one's own, from readers or from a folder.
func ExampleNew() {
	vocab, merges := smallFiles()
	enc, err := bpe.New(strings.NewReader(vocab), strings.NewReader(merges))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(enc.Len(), enc.Encode("hi!"))

	_, err = bpe.New(strings.NewReader(vocab), strings.NewReader("h q\n"))
	fmt.Println(errors.Is(err, bpe.ErrUnknownToken), err)
	// Output:
	// 262 [260 37]
	// true bpe: vocab.bpe:1: token "hq": unknown token: the merge makes it, but encoder.json lacks it
}

func ExampleLoad() {
	vocab, merges := smallFiles()
	enc, err := bpe.Load(fstest.MapFS{ // or os.DirFS("roberta-base")
		"vocab.json": {Data: []byte(vocab)},
		"merges.txt": {Data: []byte(merges)},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(enc.Encode("hi!"))
	// Output: [260 37]
}

// A pattern of one's own cuts texts in another way.
func ExampleWithPattern() {
	vocab, merges := smallFiles()
	var opt bpe.Option = bpe.WithPattern(`\S`) // no piece is longer than a character
	enc, err := bpe.New(strings.NewReader(vocab), strings.NewReader(merges), opt)
	if err != nil {
		log.Fatal(err)
	}
	ids, err := enc.TryAppend(nil, "hi!") // the error is that of a match which gave up
	fmt.Println(ids, errors.Is(err, bpe.ErrTimeout))

	_, err = bpe.New(strings.NewReader(vocab), strings.NewReader(merges), bpe.WithPattern("("))
	if e, ok := errors.AsType[*bpe.PatternError](err); ok {
		fmt.Println("bad pattern", e.Pattern)
	}
	_, err = bpe.New(strings.NewReader(vocab), strings.NewReader(merges), bpe.WithPattern(strings.Repeat("a", 5000)))
	fmt.Println(errors.Is(err, bpe.ErrTooLarge))
	// Output:
	// [108 109 37] false
	// bad pattern (
	// true
}

func ExampleEncoder_Decode() {
	enc := bpe.Default()
	ids := enc.Encode("Hello 👍")
	text, err := enc.Decode(ids)
	fmt.Println(ids, text, err)

	b, err := enc.DecodeBytes(nil, ids[:2]) // the token ends within a character
	fmt.Printf("%q %v\n", b, err)
	one, ok := enc.TokenBytes(ids[0])
	fmt.Printf("%q %v\n", one, ok)

	_, err = enc.Decode([]int{60000})
	fmt.Println(err)
	// Output:
	// [15496 50169 235] Hello 👍 <nil>
	// "Hello \xf0\x9f\x91" <nil>
	// "Hello" true
	// tokenizer: ids[0] = 60000: not in the vocabulary
}

// The ways to append: for a loop that allocates nothing.
func ExampleEncoder_Append() {
	enc := bpe.Default()
	ids := enc.Append(nil, "Hello")
	ids = enc.AppendAfterSpace(ids, "world") // as " world"
	ids = enc.AppendPiece(ids, "!")          // which no pattern cuts
	fmt.Println(ids)

	const text = "naïve 👍"
	ids, spans := enc.AppendSpans(nil, nil, text)
	for i, s := range spans {
		fmt.Printf("%d %q\n", ids[i], text[s.Start:s.End])
	}
	// Output:
	// [15496 995 0]
	// 2616 "na"
	// 38776 "ïve"
	// 50169 " \xf0\x9f\x91"
	// 235 "\x8d"
}

func ExampleEncoder_Pieces() {
	const text = "She's 12 naïve?!"
	var pieces []string
	for start, end := range bpe.Default().Pieces(text) {
		pieces = append(pieces, text[start:end])
	}
	fmt.Printf("%q\n", pieces)

	pieces = nil
	for i := 0; i < len(text); { // the same without an Encoder
		end := bpe.NextPiece(text, i)
		pieces = append(pieces, text[i:end])
		i = end
	}
	fmt.Printf("%q\n", pieces)
	// Output:
	// ["She" "'s" " 12" " naïve" "?!"]
	// ["She" "'s" " 12" " naïve" "?!"]
}

// Files of the kind write a character for each byte.
func ExampleWritten() {
	fmt.Println(bpe.Written([]byte(" é")))
	b, ok := bpe.AppendBytes(nil, "ĠÃ©")
	fmt.Printf("%q %v\n", b, ok)
	// Output:
	// ĠÃ©
	// " é" true
}

// A vocabulary that comes from a file of another kind.
func ExampleNewFromTable() {
	t := bpe.Table{File: "tokenizer.json", Whole: true}
	for i := range 256 {
		t.Tokens = append(t.Tokens, string([]byte{byte(i)}))
		t.IDs = append(t.IDs, int32(i))
	}
	t.Tokens = append(t.Tokens, "hi", "hip") // no merge makes the second one
	t.IDs = append(t.IDs, 256, 257)
	t.Merges = [][3]uint32{{'h', 'i', 256}}
	enc, err := bpe.NewFromTable(t)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(enc.Encode("hi"), enc.Encode("hip"))
	fmt.Println(enc.WithoutWhole([]string{"hip"}).Encode("hip")) // this one is merged
	// Output:
	// [256] [257]
	// [256 112]
}
