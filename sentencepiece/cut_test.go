package sentencepiece

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/goroberta/goroberta/tokenizer"
)

// TestCut cuts golden texts with every model: what is left keeps to the limit when it is
// encoded again, and cuts no character.
func TestCut(t *testing.T) {
	all := texts(t)
	for _, name := range models(t) {
		tok := loadGolden(t, "spm", name+".model").Tokenizer()
		for i, text := range all {
			if i%7 != 0 || len(text) > 500 {
				continue
			}
			whole := len(tok.Append(nil, text))
			for n := 0; n <= whole+1; n += 1 + n/4 {
				begin, err1 := tokenizer.Cut(tok, text, n)
				end, err2 := tokenizer.CutLeft(tok, text, n)
				if err1 != nil || err2 != nil || !strings.HasPrefix(text, begin) || !strings.HasSuffix(text, end) || utf8.ValidString(text) && !utf8.ValidString(begin+end) {
					t.Errorf("%s: %q cut to %d tokens: %q, %q, %v, %v", name, text, n, begin, end, err1, err2)
				}
				for _, part := range []string{begin, end} {
					if k := len(tok.Append(nil, part)); k > n || part != text && whole <= n {
						t.Errorf("%s: %q cut to %d tokens is %q, which has %d of %d", name, text, n, part, k, whole)
					}
				}
			}
		}
	}
}
