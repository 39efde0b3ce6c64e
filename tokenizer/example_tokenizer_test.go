package tokenizer_test

import (
	"errors"
	"fmt"

	"github.com/goroberta/goroberta/bpe"
	"github.com/goroberta/goroberta/tokenizer"
)

// What any Tokenizer does: text to ids and back, without special tokens around them.
func ExampleTokenizer() {
	var tok tokenizer.Tokenizer = bpe.DefaultTokenizer()
	ids := tok.Append(nil, "Hello world!")
	fmt.Printf("%v %s\n", ids, tok.AppendText(nil, ids))

	const text = "naïve"
	ids, spans := tok.AppendSpans(nil, nil, text)
	for i, id := range ids {
		fmt.Printf("%d %q %q\n", id, tok.Bytes(id), text[spans[i].Start:spans[i].End])
	}
	fmt.Println(tok.Len(), tok.Special().Mask)
	fmt.Println(tok.Template().IDs(tok, "Hello"))
	// Output:
	// [31414 232 328] Hello world!
	// 2133 "na" "na"
	// 48350 "ïve" "ïve"
	// 50265 50264
	// [0 31414 2]
}

// The kinds are in order: who skips one skips those after it.
func ExampleKind() {
	var tok tokenizer.Tokenizer = bpe.DefaultTokenizer()
	kinds := map[tokenizer.Kind]string{
		tokenizer.Text:   "text",
		tokenizer.Symbol: "symbol",
		tokenizer.Marker: "marker",
		tokenizer.Filler: "filler",
	}
	for _, id := range []int{31414, 50264, 0, 1, -5} {
		fmt.Println(id, kinds[tok.Kind(id)])
	}
	// Output:
	// 31414 text
	// 50264 symbol
	// 0 marker
	// 1 filler
	// -5 filler
}

// Templates are data: a tokenizer's can be changed, and new ones made.
func ExampleRoberta() {
	tok := bpe.DefaultTokenizer()
	roberta := tokenizer.Roberta(0, 2)
	fmt.Println(roberta.IDs(tok, "red", "blue"))
	fmt.Println(roberta.NoSeparator().IDs(tok, "red", "blue"))

	prefixed := tokenizer.Template{Single: []tokenizer.Part{{Text: -1, ID: 50264}, {Text: 0}}}
	fmt.Println(prefixed.IDs(tok, "red"))
	// Output:
	// [0 2050 2 2 22128 2]
	// [0 2050 2 22128 2]
	// [50264 2050]
}

// The first text gives way, from its beginning.
func ExampleTruncation() {
	tok := bpe.DefaultTokenizer()
	limit := tokenizer.Limit{Length: 8, Truncation: tokenizer.OnlyFirst, Left: true}
	e, err := tok.Template().Encode(tok, limit, "one two three four", "five")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%q\n", tokenizer.DecodeDocuments(tok, e.IDs))

	limit.Length = 4 // less than the special tokens and the second text
	_, err = tok.Template().Encode(tok, limit, "one two three four", "five")
	fmt.Println(errors.Is(err, tokenizer.ErrTooLong))
	// Output:
	// [" two three four" "five"]
	// true
}

// Some files of tokenizers set a length to pad to. Padding is nothing but data here.
func ExamplePadding() {
	p := tokenizer.Padding{MultipleOf: 8, ID: 1}
	ids := tokenizer.Encode(bpe.DefaultTokenizer(), "Hello world!")
	for len(ids)%p.MultipleOf != 0 {
		ids = append(ids, p.ID)
	}
	fmt.Println(ids)
	// Output: [0 31414 232 328 2 1 1 1]
}

// lower is a tokenizer that takes no capital letters.
type lower struct{ tokenizer.Tokenizer }

func (lower) Check(text string) error {
	for i := range len(text) {
		if text[i] >= 'A' && text[i] <= 'Z' {
			return fmt.Errorf("byte %d is a capital letter", i)
		}
	}
	return nil
}

// Most tokenizers encode every text. One that does not says which.
func ExampleChecker() {
	var tok tokenizer.Checker = lower{bpe.DefaultTokenizer()}
	fmt.Println(tok.Check("Hello"))
	fmt.Println(tokenizer.Check(tok, "hello", "wOrld"))
	fmt.Println(tokenizer.Check(bpe.DefaultTokenizer(), "any text, any bytes: \xff"))
	// Output:
	// byte 0 is a capital letter
	// byte 1 is a capital letter
	// <nil>
}

func ExampleDecodeRaw() {
	tok := bpe.DefaultTokenizer()
	_, err := tokenizer.DecodeRaw(tok, []int{0, 99999})
	var e *tokenizer.IDError
	fmt.Println(errors.As(err, &e), errors.Is(err, tokenizer.ErrID), err)
	// Output: true true tokenizer: ids[1] = 99999: not in the vocabulary
}

// A token can end within a character; its bytes are as they are, its string is not.
func ExampleDecodeBytes() {
	tok := bpe.DefaultTokenizer()
	b := tokenizer.DecodeBytes(tok, []int{0, 31193, 2})
	fmt.Printf("%q %q\n", b, tokenizer.ToValidUTF8(b))
	// Output: "\xf0\x9f\x91" "�"
}

// Words that somebody else has cut: which token is of which?
func ExampleWords() {
	tok := bpe.DefaultTokenizer()
	w := tokenizer.NewWords(tok, []string{"unbelievableness", "isn't", "it"})
	e, err := tok.Template().Encode(w, tokenizer.Limit{}, w.Text)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(w.Of(e))

	ids, spans := w.AppendSpans(nil, nil, "")
	for i, s := range spans {
		fmt.Printf("%d:%q ", ids[i], w.Text[s.Start:s.End])
	}
	fmt.Println(len(w.Append(nil, "")), w.Check(""))
	// Output:
	// [-1 0 0 0 0 0 1 1 2 -1]
	// 879:"un" 8494:"bel" 18421:"iev" 23200:"abl" 14186:"eness" 965:"isn" 75:"'t" 24:"it" 8 <nil>
}

// The lattice of a unigram model: the pieces of the path with the largest sum of scores
// are those of the word.
func ExampleExplanation() {
	ex := tokenizer.Explanation{Lattice: []tokenizer.Candidate{
		{Start: 0, End: 1, Text: "a", ID: 4, Score: -2},
		{Start: 0, End: 2, Text: "ab", ID: 6, Score: -3, Best: true},
		{Start: 1, End: 2, Text: "b", ID: 5, Score: -2.5},
	}}
	fmt.Println(ex.Pieces())
	// Output: [ab]
}
