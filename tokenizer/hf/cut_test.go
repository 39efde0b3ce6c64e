package hf

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/goroberta/goroberta/tokenizer"
)

// TestCut cuts the golden texts with every tokenizer: what is left keeps to the limit when
// it is encoded again, and cuts no character.
func TestCut(t *testing.T) {
	all, err := goldens()
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range all {
		tok, err := Parse(g.json, "tokenizer.json")
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range g.Rows {
			text := row.Texts[0]
			whole := len(tok.Append(nil, text))
			for n := 0; n <= whole+1; n += 1 + n/4 {
				begin, err1 := tokenizer.Cut(tok, text, n)
				end, err2 := tokenizer.CutLeft(tok, text, n)
				if err1 != nil || err2 != nil || !strings.HasPrefix(text, begin) || !strings.HasSuffix(text, end) || utf8.ValidString(text) && !utf8.ValidString(begin+end) {
					t.Errorf("%s: %q cut to %d tokens: %q, %q, %v, %v", g.Name, text, n, begin, end, err1, err2)
				}
				for _, part := range []string{begin, end} {
					if k := len(tok.Append(nil, part)); k > n || part != text && whole <= n {
						t.Errorf("%s: %q cut to %d tokens is %q, which has %d of %d", g.Name, text, n, part, k, whole)
					}
				}
			}
		}
	}
}
