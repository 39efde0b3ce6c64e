package roberta

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/goroberta/goroberta/tokenizer"
)

// TestFillMaskSpaces: a space before <mask> goes with it, other white space
// stays, and an answer's text and token agree.
func TestFillMaskSpaces(t *testing.T) {
	m := openGolden(t, golden(t, "fulldict", "model.pt"))
	for _, c := range []struct{ text, before, after string }{
		{"My cup is <mask>.", "My cup is", "."},
		{"My cup is<mask>.", "My cup is", "."},
		{"My cup is  <mask>  .", "My cup is ", "  ."},
		{"My cup is\t<mask>\n.", "My cup is\t", "\n."},
		{"My cup is\u00a0<mask> .", "My cup is\u00a0", " ."},
		{"<mask> cup is mine.", "", " cup is mine."},
		{" <mask> cup", "", " cup"},
		{"I<mask>  it", "I", "  it"},
		{"<mask>", "", ""},
		{"the end is <mask>", "the end is", ""},
		{"é👍 <mask> 中", "é👍", " 中"},
		{"a </s> <mask> <unk>", "a </s>", " <unk>"},
		{"<MASK> <mask>", "<MASK>", ""},
	} {
		t.Run(c.text, func(t *testing.T) {
			fills := must[[]Fill](t)(m.FillMask(t.Context(), c.text, 20))
			if len(fills) != 20 {
				t.Fatalf("%d answers, want 20", len(fills))
			}
			seen := map[int]bool{}
			for i, f := range fills {
				if want := c.before + f.Token + c.after; f.Text != want {
					t.Errorf("text %q, want %q", f.Text, want)
				}
				if i > 0 && f.Score > fills[i-1].Score || !(f.Score > 0 && f.Score < 1) || seen[f.ID] {
					t.Errorf("answer %d is %+v after %+v", i, f, fills[max(0, i-1)])
				}
				if got := tokenizer.TokenText(m.tok, f.ID); got != f.Token {
					t.Errorf("token %d is %q, the answer says %q", f.ID, got, f.Token)
				}
				seen[f.ID] = true
			}
			if again := must[[]Fill](t)(m.FillMask(t.Context(), c.text, 20)); !slices.Equal(again, fills) {
				t.Error("a second call gives other answers")
			}
			if batch := must[[][]Fill](t)(m.FillMasks(t.Context(), []string{"A <mask> and more text.", c.text}, 20)); !slices.Equal(batch[1], fills) {
				t.Error("the text in a batch gives other answers")
			}
		})
	}
	// The model sees no space at the end of a part, but sees one at its beginning.
	score := func(text string) float32 { return must[[]Fill](t)(m.FillMask(t.Context(), text, 1))[0].Score }
	if a, b := score("My cup is <mask>."), score("My cup is \t<mask>."); a != b {
		t.Errorf("white space before the mask changes the best score from %v to %v", a, b)
	}
	if a, b := score("My cup is <mask>."), score(" My cup is <mask>."); a == b {
		t.Error("a space in front of the text changes nothing")
	}
}

// TestFillMaskCounts asks for as many answers as there are, and for too many.
func TestFillMaskCounts(t *testing.T) {
	m := openGolden(t, golden(t, "tiny", "model.pt"))
	V := m.Config().VocabSize
	all := must[[]Fill](t)(m.FillMask(t.Context(), "The <mask>", V))
	sum := 0.0
	for i, f := range all {
		sum += float64(f.Score)
		if i > 0 && (f.Score > all[i-1].Score || f.Score == all[i-1].Score && f.ID < all[i-1].ID) {
			t.Errorf("answer %d, %+v, comes after %+v", i, f, all[i-1])
		}
	}
	// <s>, <pad> and </s> are no answers; the scores stay those of the whole vocabulary.
	if n := 3; len(all) != V-n || sum > 1+1e-5 || sum < 0.9 {
		t.Errorf("%d answers with scores that add up to %v, want %d and almost 1", len(all), sum, V-n)
	}
	if few := must[[]Fill](t)(m.FillMask(t.Context(), "The <mask>", 7)); !slices.Equal(few, all[:7]) {
		t.Errorf("the best 7 are %v, want %v", few, all[:7])
	}
	for _, k := range []int{0, -1, V + 1, math.MaxInt, math.MinInt} {
		_, err := m.FillMask(t.Context(), "The <mask>", k)
		if top, ok := errors.AsType[*TopKError](err); !ok || top.K != k || top.Max != V {
			t.Errorf("k = %d: %v, want a *TopKError with the limit %d", k, err, V)
		}
	}
}

// TestFillMaskSpecialTokens raises the LM bias of special tokens, so that they
// come out best. <unk> and <mask> are answers as in fairseq; <s>, </s> and
// <pad> are passed over, where fairseq mixes up scores or fails.
func TestFillMaskSpecialTokens(t *testing.T) {
	type special struct {
		goldenFill
		Best string `json:"best"`
		At   []int  `json:"lm_head_bias_plus_40_at"`
	}
	for _, c := range readJSON[[]special](t, golden(t, "tiny", "expected_special.json")) {
		m := openGolden(t, golden(t, "tiny", "model.pt"))
		plain, err := m.FillMask(context.Background(), c.Input, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range c.At {
			m.lm.Bias[id] += 40
		}
		if c.Best == "<unk>" || c.Best == "<mask>" || c.Best == "<unk> and <mask>" {
			checkFill(t, m, c.goldenFill)
			continue
		}
		got, err := m.FillMask(context.Background(), c.Input, c.TopK)
		if err != nil {
			t.Fatalf("%s best: %v", c.Best, err)
		}
		if len(got) != c.TopK {
			t.Errorf("%s best: %d answers, want %d", c.Best, len(got), c.TopK)
		}
		for i, f := range got {
			if f.Token != plain[i].Token || f.Text != plain[i].Text || f.Score >= plain[i].Score {
				t.Errorf("%s best: answer %d is %v, want %q with a lower score than %v", c.Best, i, f, plain[i].Token, plain[i].Score)
			}
		}
	}
}

func TestBest(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		scores := make([]float32, 1+rng.IntN(60))
		for i := range scores {
			scores[i] = float32(rng.IntN(20))
		}
		all := make([]int, len(scores))
		for i := range all {
			all[i] = i
		}
		slices.SortStableFunc(all, func(a, b int) int { return int(scores[b] - scores[a]) })
		want := slices.DeleteFunc(all, func(i int) bool { return i == 3 })
		k := 1 + rng.IntN(len(scores))
		want = want[:min(k, len(want))]
		if got := best(scores, k, func(i int) bool { return i != 3 }); !slices.Equal(got, want) {
			t.Fatalf("best(%v, %d) = %v, want %v", scores, k, got, want)
		}
	}
}
