package hf

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// TestKnownSplits: what is found without a regular expression is what it matches.
func TestKnownSplits(t *testing.T) {
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
	slices.Sort(texts)
	texts = slices.Compact(texts)
	parts := []string{"'s", "'S", "'T", "'re", "'RE", "'rE", "'ve", "'ll", "'lL", "'d", "'m", "'", "''", "'x", "'\u017f", "'\u212a", "a", "É", "\u0301", "日", "1", "²", "٣", "\U00010d40", "\U00010d50", "\u1c89",
		" ", "  ", "\t", "\n", "\r", "\r\n", "\u00a0", "\u3000", "\u0085", "\u2028", "\u200b", "\u180e", "\x1c", ".", "!?", "_", "😀", "\ufffd", "\xff", "\xe2\x82", "\x00"}
	for _, source := range []string{gpt2Split, cl100kSplit, qwenSplit} {
		x, err := newExpression(source)
		if err != nil {
			t.Fatal(err)
		}
		x.re.MatchTimeout = time.Hour // the machine may be busy
		f := known(x)
		if isExpression(f) {
			t.Fatalf("%s is not known", source)
		}
		check := func(text string) {
			t.Helper()
			if got, want := f.find(nil, text), x.find(nil, text); !slices.Equal(got, want) {
				t.Fatalf("%s in %q: %v, want %v", source, text, got, want)
			}
		}
		// Every character, among others.
		for c := rune(0); c <= utf8.MaxRune; c += 64 {
			var b strings.Builder
			for d := c; d < c+64; d++ {
				b.WriteString("a")
				b.WriteRune(d)
				b.WriteString("1 ")
				b.WriteRune(d)
			}
			if c < 0x3000 || c&0xFC0 == 0 || c >= 0x10000 && c < 0x20000 || source == cl100kSplit && c < 0x20000 {
				check(b.String())
			}
		}
		for _, text := range texts[:min(len(texts), 2000)] {
			check(text)
		}
		r := rand.New(rand.NewPCG(1, 2))
		for range 20000 {
			var b strings.Builder
			for range 1 + r.IntN(9) {
				b.WriteString(parts[r.IntN(len(parts))])
			}
			check(b.String())
		}
	}
}
