package tokenizer_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/goroberta/goroberta/bpe"
	"github.com/goroberta/goroberta/tokenizer"
)

// borders are the places between two characters of a text, and its ends.
func borders(text string) []int {
	all := []int{0}
	for i := 0; i < len(text); {
		_, size := utf8.DecodeRuneInString(text[i:])
		i += size
		all = append(all, i)
	}
	return all
}

// checkCut holds Cut and CutLeft to what they promise. With longest no other place leaves
// more.
func checkCut(t *testing.T, tok tokenizer.Tokenizer, text string, n int, longest bool) {
	t.Helper()
	count := func(s string) int { return len(tok.Append(nil, s)) }
	all := borders(text)
	begin, err1 := tokenizer.Cut(tok, text, n)
	end, err2 := tokenizer.CutLeft(tok, text, n)
	if err1 != nil || err2 != nil {
		t.Fatalf("%q, %d tokens: %v, %v", text, n, err1, err2)
	}
	for _, c := range []struct {
		part string
		ok   bool
		at   int
	}{
		{begin, strings.HasPrefix(text, begin), len(begin)},
		{end, strings.HasSuffix(text, end), len(text) - len(end)},
	} {
		if !c.ok || !slices.Contains(all, c.at) {
			t.Errorf("%q cut to %d tokens is %q", text, n, c.part)
		}
		if k := count(c.part); k > max(n, 0) || c.part != text && count(text) <= n {
			t.Errorf("%q cut to %d tokens is %q, which has %d; the whole has %d", text, n, c.part, k, count(text))
		}
	}
	if !longest {
		return
	}
	for _, i := range all {
		if i > len(begin) && count(text[:i]) <= n {
			t.Errorf("%q cut to %d tokens is %q, but %q has no more", text, n, begin, text[:i])
		}
		if i < len(text)-len(end) && count(text[i:]) <= n {
			t.Errorf("the end of %q with %d tokens is %q, but %q has no more", text, n, end, text[i:])
		}
	}
}

var cutTexts = []string{
	"", "a", "Hello world! It's 2026.", "An unbelievableness of straightforwardness, isn't it?", "naïve  東京タワー \n\n 🙂👨‍👩‍👧 é\u0301 x",
	"\xff\xfe ill-formed \xe4\xb8 bytes\x80\x80", "   ", "a   b\t\tc   ", strings.Repeat("antidisestablishmentarianism", 3) + " and more",
}

func TestCut(t *testing.T) {
	for _, tok := range []tokenizer.Tokenizer{bpe.DefaultTokenizer(), letters{}} {
		for _, text := range cutTexts {
			for n := -1; n <= len(tok.Append(nil, text))+1; n++ {
				checkCut(t, tok, text, n, true)
			}
		}
	}
	long := strings.Repeat("one long text ", 20000)
	for _, n := range []int{1, 1000, 59999} {
		checkCut(t, bpe.DefaultTokenizer(), long, n, false)
		if got, err := tokenizer.Cut(bpe.DefaultTokenizer(), long, n); err != nil || len(bpe.DefaultTokenizer().Append(nil, got)) != n {
			t.Errorf("a long text cut to %d tokens has %d bytes, %v", n, len(got), err)
		}
	}
	word := strings.Repeat("x", 100_000) // takes the same few encodings
	for _, n := range []int{1, 777, 20_000} {
		checkCut(t, bpe.DefaultTokenizer(), word, n, false)
	}
	if got, err := tokenizer.Cut(noDigits{bpe.DefaultTokenizer()}, "a 1", 1); got != "" || !errors.Is(err, errDigit) {
		t.Errorf("a text that has no ids: %q, %v", got, err)
	}
	if got, err := tokenizer.CutLeft(noDigits{bpe.DefaultTokenizer()}, "a 1", 1); got != "" || !errors.Is(err, errDigit) {
		t.Errorf("a text that has no ids, from the left: %q, %v", got, err)
	}
}

// FuzzCut: what is left begins or ends the text, cuts no character and keeps to the limit.
func FuzzCut(f *testing.F) {
	for i, text := range cutTexts {
		f.Add(text, i)
	}
	f.Fuzz(func(t *testing.T, text string, n int) {
		if len(text) > 3000 {
			return
		}
		checkCut(t, bpe.DefaultTokenizer(), text, n, false)
		checkCut(t, letters{}, text, n, len(text) < 100)
	})
}
