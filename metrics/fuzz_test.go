package metrics_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/metrics"
)

// FuzzEntities holds that entities lie in the sentence, one after the other, that labels of
// IOB2 as the entities would be written are read as the same ones either way, and that what
// is strict in IOB2 is an entity to lenient readers too.
func FuzzEntities(f *testing.F) {
	for _, labels := range []string{"B-PER I-PER O B-LOC", "I-A I-B E-A S-A O", "U-A B-A L-A PER PER O ORG", "B B I O-x -", "B-A B-A L-A B-A"} {
		f.Add(labels)
	}
	f.Fuzz(func(t *testing.T, text string) {
		labels := strings.Fields(text)
		found := metrics.Entities(labels)
		written := make([]string, len(labels))
		for i := range written {
			written[i] = "O"
		}
		next := 0
		for _, e := range found {
			if e.First < next || e.Last < e.First || e.Last >= len(labels) || e.Type == "" {
				t.Fatalf("%q: entities %v", labels, found)
			}
			next = e.Last + 1
			for i := e.First; i <= e.Last; i++ {
				written[i] = "I-" + e.Type
			}
			written[e.First] = "B-" + e.Type
		}
		again := metrics.Entities(written)
		strict, err := metrics.StrictEntities(written, metrics.IOB2)
		if err != nil || !slices.Equal(again, found) || !slices.Equal(strict, found) {
			t.Errorf("%q: entities %v; written as %q %v, strictly %v, %v", labels, found, written, again, strict, err)
		}
		if strict, err := metrics.StrictEntities(labels, metrics.IOB2); err == nil {
			for _, e := range strict {
				if !slices.Contains(found, e) {
					t.Errorf("%q: %v is an entity of IOB2, and none of %v", labels, e, found)
				}
			}
		}
		scores, err := metrics.ScoreEntities([][]string{labels}, [][]string{written})
		if err != nil || len(found) > 0 && scores.Micro.F1 != 1 {
			t.Errorf("%q, written as %q: scores %+v, %v", labels, written, scores, err)
		}
	})
}

// FuzzAnswers holds that an answer is its own answer, and that scores are from 0 to 1, the
// same either way around, and 1 if the match is exact.
func FuzzAnswers(f *testing.F) {
	f.Add("The a theatre ﬁn", "\n cat's —")
	f.Add("ΣΑΣ İ the_end", "σας i̇ theend")
	f.Fuzz(func(t *testing.T, a, b string) {
		if metrics.ExactMatch(a, a) != 1 || metrics.AnswerF1(a, a) != 1 {
			t.Errorf("%q is not its own answer", a)
		}
		f1 := metrics.AnswerF1(a, b)
		if f1 < 0 || f1 > 1 || f1 != metrics.AnswerF1(b, a) || metrics.ExactMatch(a, b) == 1 && f1 != 1 {
			t.Errorf("F1 of %q and %q is %v, of %q and %q %v", a, b, f1, b, a, metrics.AnswerF1(b, a))
		}
	})
}
