package roberta

import (
	"errors"
	"strings"
	"testing"
)

// TestPronounErrors: each mistake has an error of its own.
func TestPronounErrors(t *testing.T) {
	m := openGolden(t, golden(t, "wsc", "model.pt"))
	kinds := []error{ErrPronounMark, ErrPronounFirst, ErrPronounMisaligned, ErrNoCandidate}
	for _, c := range []struct {
		name, text string
		candidates []string
		want       error
	}{
		{"no pronoun marked", "The cup broke because it fell.", []string{"The cup"}, ErrPronounMark},
		{"two pronouns marked", "The cup broke because [it] saw [it].", []string{"The cup"}, ErrPronounMark},
		{"a bracket left open", "The cup broke because [it fell.", []string{"The cup"}, ErrPronounMark},
		{"brackets the wrong way round", "The cup broke ]it[ fell.", []string{"The cup"}, ErrPronounMark},
		{"an empty query", "The __ cup broke because [it] fell.", []string{"The cup"}, ErrPronounMark},
		{"the pronoun first", "[It] fell.", []string{"The cup"}, ErrPronounFirst},
		{"the pronoun first, in a query", "_[It]_ fell.", []string{"The cup"}, ErrPronounFirst},
		{"a pronoun inside a word", "The cup broke un[it]ed.", []string{"The cup"}, ErrPronounMisaligned},
		{"no candidates", "The cup broke because [it] fell.", nil, ErrNoCandidate},
		{"blank candidates", "The cup broke because [it] fell.", []string{"", " \t"}, ErrNoCandidate},
		{"the query as the only candidate", "The _cup_ broke because [it] fell.", []string{"The cup"}, ErrNoCandidate},
		{"an empty text", "", []string{"The cup"}, ErrPronounMark},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer, err := m.DisambiguatePronoun(t.Context(), c.text, c.candidates)
			if !errors.Is(err, ErrPronoun) {
				t.Fatalf("%+v, error %v, want ErrPronoun", answer, err)
			}
			for _, kind := range kinds {
				if errors.Is(err, kind) != (kind == c.want) {
					t.Errorf("error %q is %q: %v", err, kind, kind != c.want)
				}
			}
		})
	}
}

func TestDetokenize(t *testing.T) {
	for in, want := range map[string]string{
		"":                      "",
		"Hello , world !":       "Hello, world!",
		"( a ) and [ b ] $ 5":   "(a) and [b] $5",
		"the Jones ' house":     "the Jones' house",
		`he said " yes " twice`: `he said "yes" twice`,
		"I 'm it 's":            "I'm it's",
		"rock &amp; roll":       "rock & roll",
		"co @-@ operate":        "co-operate",
		"日本 語 x":                "日本語 x",
	} {
		if got := detokenize(strings.Split(in, " ")); got != want {
			t.Errorf("detokenize(%q) = %q, want %q", in, got, want)
		}
	}
}
