//go:build !race && !purego

package hf

import (
	"strings"
	"testing"
)

// The race detector empties pools at random, and without package unsafe a text is copied
// where it becomes a string.

// Texts cost no allocation but the result, also where they change and with spans.
func TestAllocations(t *testing.T) {
	for _, name := range []string{"bytelevel", "bytelevel_digits", "xlmr_hub", "camembert_tf4", "unigram_first", "spm_bpe_tf4"} {
		tok := parseGolden(t, name)
		text := strings.Repeat("the cat and  the ﬁne dog, ½ of 12 cats ", 20)
		ids, spans := tok.AppendSpans(nil, nil, text)
		if n := testing.AllocsPerRun(50, func() { ids = tok.Append(ids[:0], text) }); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
		if n := testing.AllocsPerRun(50, func() { ids, spans = tok.AppendSpans(ids[:0], spans[:0], text) }); n > 0 {
			t.Errorf("%s: %v allocations with spans", name, n)
		}
	}
}
