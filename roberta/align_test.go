package roberta

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/tokenizer"
)

// TestWords aligns texts that other implementations stumble over. Rows of words
// and of what follows them must add up to the features of all tokens.
func TestWords(t *testing.T) {
	m := openGolden(t, golden(t, "fulldict", "model.pt"))
	for _, c := range []struct {
		name, text string
		words      []string
		rest       int    // rows after the last word's
		says       string // of the error, if one is wanted
	}{
		{name: "plain", text: "Seven birds left. Nine stayed.", words: []string{"Seven", "birds", "left", ".", "Nine", "stayed", "."}, rest: 1},
		{name: "words with their spaces", text: "Seven birds left.", words: []string{"Seven ", " birds", "left", "."}, rest: 1},
		{name: "a double space", text: "Seven birds left.  Nine stayed.", words: []string{"Seven", "birds", "left", ".", "Nine", "stayed", "."}, says: `token 5 " "`},
		{name: "spaces at the end", text: "It stayed.   ", words: []string{"It", "stayed", "."}, rest: 4},
		{name: "a token shared by words", text: "cannot", words: []string{"c", "an", "not"}, rest: 1},
		{name: "characters cut into bytes", text: "é中 👍🏽!", words: []string{"é", "中", "👍🏽", "!"}, rest: 1},
		{name: "special tokens spelt out", text: "a <mask> </s>", words: []string{"a", "<mask>", "</s>"}, rest: 1},
		{name: "a word with a space inside", text: "New York", words: []string{"New York"}, says: "word 0"},
		{name: "a word too many", text: "Nine", words: []string{"Nine", "stayed"}, says: `word 1 "stayed"`},
		{name: "other case", text: "Nine", words: []string{"nine"}, says: `word 0 "nine"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			al, err := m.ExtractFeaturesAlignedToWords(t.Context(), c.text, c.words)
			if c.says != "" {
				if !errors.Is(err, ErrAlign) || !strings.Contains(err.Error(), c.says) {
					t.Fatalf("error %v, want ErrAlign that names %s", err, c.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			C := m.Config().Dim
			if want := (Shape{1 + len(c.words) + c.rest, C}); !slices.Equal(al.Features.Shape(), want) {
				t.Fatalf("shape %v, want %v", al.Features.Shape(), want)
			}
			x := must[*States](t)(m.ExtractFeatures(t.Context(), m.Encode(c.text)))
			for i := range C {
				var got, want float64
				for r := i; r < len(floats(al.Features)); r += C {
					got += float64(floats(al.Features)[r])
				}
				for r := i; r < len(floats(x)); r += C {
					want += float64(floats(x)[r])
				}
				if math.Abs(got-want) > 1e-4 {
					t.Errorf("channel %d adds up to %v, the features to %v", i, got, want)
				}
			}
		})
	}
}

// TestAlignCutCharacters: byte-level BPE cuts characters, and leaves a space
// before them a token of its own; both still align.
func TestAlignCutCharacters(t *testing.T) {
	m := openGolden(t, golden(t, "fulldict", "model.pt"))
	for _, c := range []struct {
		text  string
		words []string
	}{
		{"é 中", []string{"é", "中"}}, {"a 中文 b", []string{"a", "中", "文", "b"}}, {"👍 yes", []string{"👍", "yes"}}, {"x 👍👍", []string{"x", "👍", "👍"}},
	} {
		a, err := m.ExtractFeaturesAlignedToWords(t.Context(), c.text, c.words)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		// The rows add up to the features: no token is lost or counted twice.
		x, err := m.ExtractFeatures(t.Context(), m.Encode(c.text))
		if err != nil {
			t.Fatal(err)
		}
		C := m.Config().Dim
		for i := range C {
			var rows, tokens float64
			for r := i; r < len(floats(a.Features)); r += C {
				rows += float64(floats(a.Features)[r])
			}
			for r := i; r < len(floats(x)); r += C {
				tokens += float64(floats(x)[r])
			}
			if math.Abs(rows-tokens) > 1e-4 {
				t.Fatalf("%q, alignment %v: channel %d adds up to %v, the features to %v", c.text, a.Tokens, i, rows, tokens)
			}
		}
	}
}

// TestAlignPieces aligns words with what tokenizers of several kinds say of their tokens.
func TestAlignPieces(t *testing.T) {
	span := func(at ...int) (s []tokenizer.Span) {
		for i := 0; i < len(at); i += 2 {
			s = append(s, tokenizer.Span{Start: at[i], End: at[i+1]})
		}
		return s
	}
	for _, c := range []struct {
		name, text string
		spans      []tokenizer.Span // between <s> and </s>
		words      []string
		want       [][]int
		says       string
	}{
		{"a character in four tokens, all with its whole range", "x 👍👍", span(0, 1, 1, 6, 2, 6, 2, 6, 6, 10, 6, 10), []string{"x", "👍", "👍"},
			[][]int{{1}, {2, 3, 4}, {5, 6}}, ""},
		{"the last token of a character has it", "a ½b", span(0, 1, 2, 2, 2, 2, 1, 4, 4, 5), []string{"a", "½", "b"}, [][]int{{1}, {2, 3, 4}, {5}}, ""},
		{"a space before such a character", "a ½", span(0, 1, 1, 2, 2, 2, 2, 2, 2, 4), []string{"a", "½"}, [][]int{{1}, {2, 3, 4, 5}}, ""},
		{"offsets without spaces", "the cat sat", span(0, 3, 4, 7, 8, 9, 9, 11), []string{"the", "cat", "sat"}, [][]int{{1}, {2}, {3, 4}}, ""},
		{"a space that stands for nothing", "a 中", span(0, 1, 2, 2, 2, 5), []string{"a", "中"}, [][]int{{1}, {2, 3}}, ""},
		{"letters that no token has", "a\u00adb c\u00ad", span(0, 1, 3, 4, 4, 6), []string{"a\u00adb", "c\u00ad"}, [][]int{{1, 2}, {3}}, ""},
		{"an accent that no token has", "cafe\u0301 ca", span(0, 4, 6, 9), []string{"cafe\u0301", "ca"}, [][]int{{1}, {2}}, ""},
		{"a word that no token has", "a \u2581 b", span(0, 1, 5, 7), []string{"a", "\u2581", "b"}, [][]int{{1}, {2}, {2}}, ""},
		{"the end of a character that two words share", "cannotÿ.", span(0, 6, 6, 8, 6, 8, 8, 9), []string{"can", "notÿ", "."}, [][]int{{1}, {1, 2, 3}, {4}}, ""},
		{"two spaces", "a  b", span(0, 1, 1, 2, 2, 4), []string{"a", "b"}, nil, `token 2 " "`},
		{"two spaces before a character in pieces", "a  ½", span(0, 1, 1, 2, 2, 3, 3, 3, 3, 5), []string{"a", "½"}, nil, `token 2 " "`},
		{"the parts of a character after the last word", "a é", span(0, 1, 1, 4, 2, 4), []string{"a", "é"}, [][]int{{1}, {2, 3}}, ""},
	} {
		n := len(c.spans)
		e := &tokenizer.Encoding{IDs: make([]int, n+2), Spans: append(append(span(0, 0), c.spans...), tokenizer.Span{Start: len(c.text), End: len(c.text)}), Sequence: make([]int, n+2)}
		e.Sequence[0], e.Sequence[n+1] = -1, -1
		got, err := align(pieces(c.text, e), c.words)
		switch {
		case c.says != "":
			if !errors.Is(err, ErrAlign) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: error %v, want ErrAlign that names %s", c.name, err, c.says)
			}
		case err != nil:
			t.Errorf("%s: %v", c.name, err)
		case !slices.EqualFunc(got, c.want, slices.Equal):
			t.Errorf("%s: tokens of the words are %v, want %v", c.name, got, c.want)
		}
	}
}
