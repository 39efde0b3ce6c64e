package bpe

import (
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/tokenizer"
)

// letters is a model's dictionary without a BPE, as protein models have it.
const letters = "A 1\nC 1\nD 1\nE 1\n"

// encode returns the whole encoding of texts.
func encode(t *testing.T, tok *Tokenizer, text string, more ...string) *tokenizer.Encoding {
	t.Helper()
	e, err := tok.Template().Encode(tok, tokenizer.Limit{}, text, more...)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestTokenizerWithoutEncoder(t *testing.T) {
	d := parse(t, letters).AddMask()
	if d.Numeric() {
		t.Fatal("Numeric")
	}
	tok := NewTokenizer(nil, d)
	if tok.Encoder() != nil || tok.Dictionary() != d {
		t.Error("Encoder or Dictionary is not what was given")
	}
	for _, test := range []struct {
		text    string
		want    []int
		decoded string
	}{
		{"A C D", []int{0, 4, 5, 6, 2}, "A C D"},
		{"  A\tC\u3000D\x1cE\n", []int{0, 4, 5, 6, 7, 2}, "A C D E"},
		{"", []int{0, 2}, ""},
		{" ", []int{0, 2}, ""},
		{"A X <mask> AC", []int{0, 4, 3, 8, 3, 2}, "A <unk> <mask> <unk>"},
		{"<s> A <pad> </s>", []int{0, 0, 4, 1, 2, 2}, "A\n"},
		{"A \xff C", []int{0, 4, 3, 5, 2}, "A <unk> C"},
	} {
		got := tokenizer.Encode(tok, test.text)
		if !slices.Equal(got, test.want) {
			t.Errorf("Encode(%q) = %v, want %v", test.text, got, test.want)
		}
		if decoded := tokenizer.Decode(tok, got); decoded != test.decoded {
			t.Errorf("Decode(%v) = %q, want %q", got, decoded, test.decoded)
		}
		e := encode(t, tok, test.text)
		ids, spans := e.IDs, e.Spans
		if !slices.Equal(ids, got) || len(spans) != len(ids) {
			t.Fatalf("Template.Encode(%q) = %v, %v", test.text, ids, spans)
		}
		for i := 1; i < len(ids)-1; i++ {
			if symbol := test.text[spans[i].Start:spans[i].End]; d.Index(symbol) != ids[i] || strings.ContainsFunc(symbol, pythonSpace) {
				t.Errorf("Template.Encode(%q): span %d is %q", test.text, i, symbol)
			}
		}
	}
	if got := tokenizer.TokenText(tok, 4); got != "A" {
		t.Errorf("TokenText(4) = %q", got)
	}
}

func TestSmallDictionary(t *testing.T) {
	// Hello, world and one id that GPT-2 doesn't have.
	tok := NewTokenizer(Default(), parse(t, "15496 9\n995 8\n60000 7\n<sep> 6\nmadeupword0000 0\n").AddMask())
	ids := tokenizer.Encode(tok, "Hello world!")
	if want := []int{0, 4, 5, 3, 2}; !slices.Equal(ids, want) {
		t.Errorf("Encode = %v, want %v", ids, want)
	}
	for _, test := range []struct {
		ids  []int
		want string
	}{
		{ids, "Hello world<unk>"},
		{[]int{0, 6, 7, 8, 9, 2}, "60000<sep><mask>"},
		{[]int{-1, -5, 1000, -1000}, "<mask> world<unk><unk>"},
		{[]int{0, 4, 2, 1, 1, 1}, "Hello"},
		{nil, ""},
	} {
		if got := tokenizer.Decode(tok, test.ids); got != test.want {
			t.Errorf("Decode(%v) = %q, want %q", test.ids, got, test.want)
		}
	}
}

func TestTokenizerOffsets(t *testing.T) {
	tok := DefaultTokenizer()
	texts := []string{"She said it’s fine, I’d go.", "", "👨‍🚀 ok", " lemon\xff"}
	e := encode(t, tok, texts[0], texts[1:]...)
	ids, spans := e.IDs, e.Spans
	if want := tokenizer.Encode(tok, texts[0], texts[1:]...); !slices.Equal(ids, want) {
		t.Fatalf("ids %v, want %v", ids, want)
	}
	if len(spans) != len(ids) || ids[0] != 0 || spans[0] != (tokenizer.Span{}) {
		t.Fatalf("spans %v of ids %v", spans, ids)
	}
	i := 1
	for n, text := range texts {
		if n > 0 {
			if ids[i] != 2 || spans[i] != (tokenizer.Span{}) {
				t.Fatalf("id %d at %v, want a separator", ids[i], spans[i])
			}
			i++
		}
		var joined strings.Builder
		for ; ids[i] != 2; i++ {
			if spans[i].Start != joined.Len() || spans[i].End <= spans[i].Start {
				t.Fatalf("text %d: span %v after byte %d", n, spans[i], joined.Len())
			}
			joined.WriteString(text[spans[i].Start:spans[i].End])
		}
		if joined.String() != text || spans[i] != (tokenizer.Span{Start: len(text), End: len(text)}) {
			t.Errorf("text %d: spans give %q, want %q; end %v", n, joined.String(), text, spans[i])
		}
		i++
	}
	if i != len(ids) {
		t.Errorf("%d ids, want %d", len(ids), i)
	}
}

func TestTokenText(t *testing.T) {
	tok := DefaultTokenizer()
	for _, test := range []struct {
		id   int
		text string
	}{
		{0, "<s>"}, {1, "<pad>"}, {2, "</s>"}, {3, "<unk>"}, {31414, "Hello"}, {232, " world"}, {31193, "\uFFFD"},
		{50260, "<|endoftext|>"}, {50261, "madeupword0000"}, {50264, "<mask>"}, {-1, "<mask>"}, {50265, "<unk>"}, {-50266, "<unk>"},
	} {
		if got := tokenizer.TokenText(tok, test.id); got != test.text {
			t.Errorf("TokenText(%d) = %q, want %q", test.id, got, test.text)
		}
	}
	// Two tokens of one character: apart they are no text, joined they are.
	b := append(tok.Bytes(31193), tok.Bytes(8384)...)
	if string(b) != "👍" {
		t.Errorf("bytes of 31193 and 8384 = %q, want 👍", b)
	}
	b[0] = 'x'
	if tokenizer.Decode(tok, []int{31193, 8384}) != "👍" {
		t.Error("writing to what Bytes gave changes the tokenizer")
	}
}

func TestTokenizerBytes(t *testing.T) {
	tok := DefaultTokenizer()
	for _, s := range []string{"", "naïve", "\xff\xfe", "a\x00b", "line\nline"} {
		if got := tokenizer.DecodeBytes(tok, tokenizer.Encode(tok, s)); string(got) != s {
			t.Errorf("DecodeBytes(Encode(%q)) = %q", s, got)
		}
	}
	ids := tokenizer.Encode(tok, "one", "two\xff")
	if got := tokenizer.DecodeBytes(tok, ids); string(got) != "one\ntwo\xff" {
		t.Errorf("DecodeBytes of two documents = %q", got)
	}
	if got := tokenizer.Decode(tok, tokenizer.EncodeNoSeparator(tok, "red", "blue")); got != "redblue" {
		t.Errorf("Decode without separator = %q, want redblue", got)
	}
}

// TestSparseIDs: a vocabulary whose ids have gaps works with a dictionary too.
func TestSparseIDs(t *testing.T) {
	e, err := New(strings.NewReader(`{`+byteEntries()+`, "ab": 1000, "abc": 70000}`), strings.NewReader("a b\nab c\n"))
	if err != nil {
		t.Fatal(err)
	}
	tok := NewTokenizer(e, parse(t, "70000 2\n1000 1\n97 1\n500 0\n"))
	ids := tokenizer.Encode(tok, "abc", "abab")
	if want := []int{0, 4, 2, 2, 5, 5, 2}; !slices.Equal(ids, want) {
		t.Errorf("Encode = %v, want %v", ids, want)
	}
	if e := encode(t, tok, "abca", "ab?"); !slices.Equal(e.IDs, []int{0, 4, 6, 2, 2, 5, 3, 2}) || e.Spans[1] != (tokenizer.Span{Start: 0, End: 3}) || e.Spans[6] != (tokenizer.Span{Start: 2, End: 3}) {
		t.Errorf("Template.Encode = %+v", e)
	}
	// 500 is between the vocabulary's ids, so it stays a symbol.
	if got := tokenizer.Decode(tok, []int{4, 5, 6, 7}); got != "abcaba500" {
		t.Errorf("Decode = %q", got)
	}
	if _, err := e.Decode([]int{500}); err == nil {
		t.Error("Decode of an id in a gap gives no error")
	}
}
