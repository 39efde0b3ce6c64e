package roberta

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
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
