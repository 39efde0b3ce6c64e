package hf

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestChunks compares texts encoded in chunks, or word by word, with texts encoded as a whole.
func TestChunks(t *testing.T) {
	all, err := goldens()
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, g := range all {
		for _, w := range g.Rows {
			texts = append(texts, w.Texts...)
		}
	}
	separators := []string{" ", " ", " ", "  ", "   ", "\n", " \n", "\u3000", "", " <mask> ", "\u0301 ", " \u0301", "\x01", " \x01 "}
	for _, name := range []string{"xlmr_hub", "camembert_tf4", "spm_bpe_tf4", "unigram_embedder"} {
		t.Run(name, func(t *testing.T) {
			tok := parseGolden(t, name)
			if tok.chunks == nil && !tok.prefixes {
				t.Fatal("the tokenizer does not encode in chunks or words")
			}
			whole := *tok
			whole.chunks, whole.prefixes = nil, false
			rng := rand.New(rand.NewPCG(1, 2))
			for range 2000 {
				var b strings.Builder
				for range 1 + rng.IntN(4) {
					b.WriteString(texts[rng.IntN(len(texts))])
					b.WriteString(separators[rng.IntN(len(separators))])
				}
				text := b.String()
				want := whole.Append(nil, text)
				if got := tok.Append(nil, text); !slices.Equal(got, want) {
					t.Fatalf("Append(%q) = %v, want %v", text, got, want)
				}
				if got, _ := tok.AppendSpans(nil, nil, text); !slices.Equal(got, want) {
					t.Fatalf("AppendSpans(%q) = %v, want %v", text, got, want)
				}
			}
		})
	}
}

// TestLoose compares texts encoded with places and without.
func TestLoose(t *testing.T) {
	all, err := goldens()
	if err != nil {
		t.Fatal(err)
	}
	begins := []string{"", " ", "½", "½ ", "\x01", "\u0301", "İ", "▁", "ﬁ", "\xff", "<mask>"}
	for _, g := range all {
		tok := parseGolden(t, g.Name)
		rng := rand.New(rand.NewPCG(1, 2))
		for _, w := range g.Rows {
			text := begins[rng.IntN(len(begins))] + strings.Join(w.Texts, begins[rng.IntN(len(begins))])
			ids, _ := tok.AppendSpans(nil, nil, text)
			if got := tok.Append(nil, text); !slices.Equal(got, ids) {
				t.Errorf("%s: Append(%q) = %v, with spans %v", g.Name, text, got, ids)
			}
		}
	}
}
