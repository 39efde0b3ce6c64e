package roberta

import (
	"errors"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/tokenizer"
)

// FuzzMaskText: the masks of a text are its tokens of that id, the text comes back while
// nothing is filled, and an answer changes only what stands in its mask's place, whichever
// way the tokenizer reads masks and however the text is cut.
func FuzzMaskText(f *testing.F) {
	var models []*Model
	for _, mode := range []string{"fairseq", "reads", "reads and trims"} {
		m, err := Open(golden(f, "tiny", "model.pt"))
		if err != nil {
			f.Fatal(err)
		}
		f.Cleanup(func() { m.Close() })
		if mode != "fairseq" {
			m.tok = maskReader{m.tok, "<mask>", true, m.tok.Special().Mask, mode == "reads and trims"}
		}
		models = append(models, m)
	}
	for i, text := range []string{"The <mask> sat.", "<mask>", " <mask> <mask>\t<mask>\n", "é\xff<mask>\xe4\xb8 ", "a b c d e f g h <mask> i j k l", "<mask", ""} {
		f.Add(text, i+3, i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, text string, length int, left bool) {
		if len(text) > 1000 {
			return
		}
		for _, m := range models {
			for _, limit := range []tokenizer.Limit{{}, {Length: max(length%64, 1), Truncation: tokenizer.LongestFirst, Left: left}} {
				x, err := m.MaskText(text, limit)
				if err != nil {
					if !errors.Is(err, ErrMask) && !errors.Is(err, tokenizer.ErrTooLong) && !errors.Is(err, ErrTooLong) {
						t.Fatalf("%q: %v", text, err)
					}
					continue
				}
				n := 0
				for i, id := range x.Tokens {
					if id == m.tok.Special().Mask {
						if n >= len(x.Masks) || x.Masks[n] != i {
							t.Fatalf("%q: masks at %v of %v", text, x.Masks, x.Tokens)
						}
						n++
					}
				}
				whole := x.Text()
				if limit.Length == 0 && whole != text || !strings.Contains(text, whole) || limit.Length > 0 && len(x.Tokens) > limit.Length {
					t.Fatalf("%q, limit %+v: %q, %d tokens", text, limit, whole, len(x.Tokens))
				}
				fill := make([][]int, len(x.Masks))
				for i := range fill {
					fill[i] = []int{9}
					if got, want := strings.Count(x.Text(fill...), "<mask>"), strings.Count(whole, "<mask>")-i-1; got != want {
						t.Fatalf("%q with %d masks filled: %q", whole, i+1, x.Text(fill...))
					}
				}
				spaceless := func(s string) string { return strings.Join(strings.Fields(s), "") }
				answer := spaceless(tokenizer.TokenText(m.tok, 9))
				if got, want := spaceless(x.Text(fill...)), spaceless(strings.ReplaceAll(whole, "<mask>", answer)); got != want {
					t.Fatalf("%q filled: %q, want %q", whole, got, want)
				}
			}
		}
	})
}
