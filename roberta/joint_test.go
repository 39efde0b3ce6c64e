package roberta

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/internal/simd"
	"github.com/goroberta/goroberta/tokenizer"
)

// logProbsAt are the log-probabilities of all tokens at a place, by the whole LM head.
func logProbsAt(t *testing.T, m *Model, in Input, at int) []float32 {
	t.Helper()
	r := must[*Result](t)(m.Compute(t.Context(), Request{Inputs: []Input{in}, Want: WantLogits}))
	p := slices.Clone(r.Logits.Row(0, at))
	simd.LogSoftmax(p, p)
	return p
}

// fillNaively is FillJointly in plain loops: one pass for each probability, all
// candidates sorted.
func fillNaively(t *testing.T, m *Model, in Input, masks []int, k, width int, targets []Target) []string {
	type filled struct {
		in   Input
		at   []int
		ids  [][]int
		logp float64
	}
	mask := maskTokenOf(m.tok, m.cfg.PadID)
	if targets == nil {
		for id := range m.cfg.VocabSize {
			if mask.isAnswer(id) {
				targets = append(targets, Target{IDs: []int{id}})
			}
		}
	}
	hypotheses := []filled{{in: in, at: masks}}
	for left := len(masks); left > 0; left-- {
		var next []filled
		for _, h := range hypotheses {
			logp := logProbsAt(t, m, h.in, h.at[0])
			for _, target := range targets {
				n := len(target.IDs)
				sum := 0.0
				x := Input{Tokens: slices.Clone(h.in.Tokens)}
				x.Tokens = slices.Replace(x.Tokens, h.at[0], h.at[0]+1, slices.Repeat([]int{mask.id}, n)...)
				for i, id := range target.IDs {
					if n > 1 {
						logp = logProbsAt(t, m, x, h.at[0]+i)
					}
					sum += float64(logp[id])
					x.Tokens[h.at[0]+i] = id
				}
				f := filled{x, nil, append(slices.Clone(h.ids), target.IDs), h.logp + sum}
				for _, at := range h.at[1:] {
					f.at = append(f.at, at+n-1)
				}
				if n > 1 { // the others ask the hypothesis itself
					logp = logProbsAt(t, m, h.in, h.at[0])
				}
				next = append(next, f)
			}
		}
		slices.SortStableFunc(next, func(a, b filled) int { return cmp.Compare(b.logp, a.logp) })
		keep := width
		if left == 1 {
			keep = k
		}
		hypotheses = next[:min(keep, len(next))]
	}
	var out []string
	for _, h := range hypotheses {
		out = append(out, fmt.Sprint(h.ids, h.logp))
	}
	return out
}

// TestFillJointly compares beams with plain loops, alone and in a batch, to the bit.
func TestFillJointly(t *testing.T) {
	m := openGolden(t, golden(t, "tiny", "model.pt"))
	mask := m.tok.Special().Mask
	rows := [][]int{{0, 9, mask, 11, mask, 2}, {0, mask, mask, mask, 2}, {0, 21, 22, 23, mask, 2}}
	words := func(lists ...[]int) (targets []Target) {
		for _, ids := range lists {
			targets = append(targets, Target{fmt.Sprint(ids), ids})
		}
		return targets
	}
	for _, c := range []struct {
		k, width int
		targets  []Target
	}{
		{1, 1, nil}, {3, 3, nil}, {7, 2, nil}, {2, 7, nil},
		{5, 3, words([]int{30}, []int{31}, []int{32, 33}, []int{32, 34}, []int{32, 33, 35}, []int{40, 41, 42})},
		{100, 100, words([]int{30}, []int{31, 32})},
		{1, 2, words([]int{30, 31})},
	} {
		var masked []*Masked
		for _, in := range Inputs(rows...) {
			masked = append(masked, must[*Masked](t)(m.MaskTokens(in)))
		}
		all := must[[][]JointFill](t)(m.FillJointly(t.Context(), c.k, c.width, c.targets, masked...))
		for i, x := range masked {
			want := fillNaively(t, m, x.Input, x.Masks, c.k, c.width, c.targets)
			var got []string
			for _, f := range all[i] {
				got = append(got, fmt.Sprint(f.IDs, f.LogProb))
				if f.Text != x.Text(f.IDs...) || f.Score != math.Exp(f.LogProb) || len(f.Tokens) != len(x.Masks) {
					t.Errorf("answer %+v", f)
				}
				if n := strings.Count(f.Text, "<mask>"); n > 0 && !strings.Contains(strings.Join(f.Tokens, ""), "<mask>") {
					t.Errorf("%q has masks left", f.Text)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%v, best %d of a beam of %d, targets %v:\n%s\nwant\n%s", rows[i], c.k, c.width, c.targets, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			alone := must[[][]JointFill](t)(m.FillJointly(t.Context(), c.k, c.width, c.targets, x))
			if fmt.Sprint(alone[0]) != fmt.Sprint(all[i]) {
				t.Errorf("%v alone: %v, in a batch %v", rows[i], alone[0], all[i])
			}
		}
	}
	// One mask filled jointly is one mask filled.
	x := must[*Masked](t)(m.MaskTokens(Input{Tokens: rows[2]}))
	joint := must[[][]JointFill](t)(m.FillJointly(t.Context(), 9, 1, nil, x))[0]
	for i, f := range must[[][][]Fill](t)(m.FillEach(t.Context(), 9, nil, x))[0][0] {
		if joint[i].IDs[0][0] != f.ID || math.Abs(joint[i].Score-float64(f.Score)) > 1e-6*float64(f.Score) {
			t.Errorf("answer %d is %+v jointly, %+v by itself", i, joint[i], f)
		}
	}
}

// TestTargets looks up words, and takes each once.
func TestTargets(t *testing.T) {
	m := openGolden(t, golden(t, "fulldict", "model.pt"))
	targets := must[[]Target](t)(m.Targets(" river", "river", " river", " unbelievableness", "ing", "é"))
	for i, want := range []Target{{" river", m.tok.Append(nil, " river")}, {"river", m.tok.Append(nil, "river")}, {" unbelievableness", m.tok.Append(nil, " unbelievableness")}, {"ing", m.tok.Append(nil, "ing")}, {"é", m.tok.Append(nil, "é")}} {
		if i >= len(targets) || targets[i].Text != want.Text || !slices.Equal(targets[i].IDs, want.IDs) {
			t.Fatalf("target %d of %v is not %v", i, targets, want)
		}
	}
	if len(targets) != 5 {
		t.Errorf("%d targets, want 5", len(targets))
	}
	x := must[*Masked](t)(m.MaskText("A <mask> here.", tokenizer.Limit{}))
	_, err := m.FillEach(t.Context(), 5, targets, x)
	if e, ok := errors.AsType[*TargetError](err); !ok || e.Text != " unbelievableness" || e.Tokens != 3 || !errors.Is(err, ErrTarget) {
		t.Errorf("a target of several tokens: %v", err)
	}
	// Scores are those among the whole vocabulary, as many as there are targets.
	p := logProbsAt(t, m, x.Input, x.Masks[0])
	fills := must[[][][]Fill](t)(m.FillEach(t.Context(), 5, targets[:2], x))[0][0]
	if len(fills) != 2 || fills[0].Score < fills[1].Score {
		t.Errorf("answers %+v", fills)
	}
	for _, f := range fills {
		if want := math.Exp(float64(p[f.ID])); math.Abs(float64(f.Score)-want) > 1e-5*want || f.Text != "A"+f.Token+" here." && f.Text != "A river here." {
			t.Errorf("answer %+v, want score %v", f, want)
		}
	}
	for _, word := range []string{"", strings.Repeat("x", 5000)} {
		_, err := m.Targets(word)
		if word != "" {
			_, err = m.FillEach(t.Context(), 1, must[[]Target](t)(m.Targets(word)), x)
		}
		if !errors.Is(err, ErrTarget) || len(err.Error()) > 400 {
			t.Errorf("target %.20q: %v", word, err)
		}
	}
	for _, bad := range []Target{{"none", nil}, {"negative", []int{-1}}, {"large", []int{math.MaxInt}}} {
		_, err1 := m.FillEach(t.Context(), 1, []Target{bad}, x)
		_, err2 := m.FillJointly(t.Context(), 1, 1, []Target{bad}, x)
		if !errors.Is(err1, ErrTarget) || !errors.Is(err2, ErrTarget) {
			t.Errorf("target %v: %v, %v", bad, err1, err2)
		}
	}
}

// TestTargetOutsideText: a word that the tokenizer cuts is looked up among the tokens, and
// one that it does not know is an error.
func TestTargetOutsideText(t *testing.T) {
	m := openGolden(t, golden(t, "fulldict", "model.pt"))
	m.tok = cutter{m.tok}
	got := must[[]Target](t)(m.Targets(" river"))
	if id := got[0].IDs; len(id) != 1 || tokenizer.TokenText(m.tok, id[0]) != " river" {
		t.Errorf("targets %v", got)
	}
	m.tok = maskReader{m.tok, "<unk>", false, m.tok.Special().Unk, false}
	if got := must[[]Target](t)(m.Targets("<unk>")); len(got) != 1 || !slices.Equal(got[0].IDs, []int{3}) {
		t.Errorf("the token <unk> by its name: %v", got)
	}
	m.tok = cutter{m.tok.(maskReader).Tokenizer.(cutter).Tokenizer}
	if _, err := m.Targets(" river?"); !errors.Is(err, ErrTarget) || !strings.Contains(err.Error(), "not in the vocabulary") {
		t.Errorf("a word with <unk>: %v", err)
	}
}

// A cutter makes a token of each character, and <unk> of others than small letters.
type cutter struct{ tokenizer.Tokenizer }

func (c cutter) Append(ids []int, text string) []int {
	for _, r := range text {
		if r == '?' {
			ids = append(ids, c.Special().Unk)
			continue
		}
		ids = c.Tokenizer.Append(ids, string(r))
	}
	return ids
}

// TestFillJointlyErrors: what cannot be filled is an error before anything is computed.
func TestFillJointlyErrors(t *testing.T) {
	ctx := t.Context()
	m := openGolden(t, golden(t, "tiny", "model.pt"))
	V, mask := m.cfg.VocabSize, m.tok.Special().Mask
	x := must[*Masked](t)(m.MaskTokens(Input{Tokens: []int{0, mask, 2}}))
	full := must[*Masked](t)(m.MaskTokens(Input{Tokens: append(batchOf(1, 1005, m.cfg.MaxPositions-2)[0], mask)}))
	wrong := must[*Masked](t)(m.MaskTokens(Input{Tokens: []int{0, mask, V}}))
	joint := func(k, width int, targets []Target, x ...*Masked) error {
		_, err := m.FillJointly(ctx, k, width, targets, x...)
		return err
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	for name, c := range map[string]struct{ err, want error }{
		"k":            {joint(0, 1, nil, x), ErrTopK},
		"narrow":       {joint(1, 0, nil, x), ErrBeam},
		"wide":         {joint(1, V+1, nil, x), ErrBeam},
		"token":        {joint(1, 1, nil, x, wrong), ErrToken},
		"none":         {joint(1, 1, nil), ErrEmpty},
		"long targets": {joint(1, 1, []Target{{"", slices.Repeat([]int{9}, 4)}}, x, full), ErrTooLong},
		"context":      {func() error { _, err := m.FillJointly(ended, 1, 1, nil, x); return err }(), context.Canceled},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, want %v", name, c.err, c.want)
		}
	}
	if e, ok := errors.AsType[*LengthError](joint(1, 1, []Target{{"", slices.Repeat([]int{9}, 4)}}, x, full)); !ok || e.Sequence != 1 {
		t.Errorf("the sequence at fault is %+v", e)
	}
	if got := must[[][]JointFill](t)(m.FillJointly(ctx, 1, 1, []Target{}, x)); len(got) != 1 || len(got[0]) != 0 {
		t.Errorf("no targets: %v", got)
	}
}

// TestMaskTextLimit: of a text that is cut, what is left counts, in the answer too.
func TestMaskTextLimit(t *testing.T) {
	fairseq := openGolden(t, golden(t, "fulldict", "model.pt"))
	for name, m := range map[string]*Model{"reads": readingMasks(t, "<mask>", true), "fairseq": fairseq} {
		text := " It was a <mask> day in the city. "
		whole := must[*Masked](t)(m.MaskText(text, tokenizer.Limit{}))
		for _, left := range []bool{false, true} {
			for n := 3; n <= len(whole.Tokens); n++ {
				limit := tokenizer.Limit{Length: n, Truncation: tokenizer.LongestFirst, Left: left}
				x, err := m.MaskText(text, limit)
				if err != nil {
					if at := whole.Masks[0]; !errors.Is(err, ErrMask) || !left && at < n-1 || left && len(whole.Tokens)-at < n {
						t.Errorf("%s, %d tokens: %v", name, n, err)
					}
					continue
				}
				if len(x.Tokens) != n || x.Tokens[x.Masks[0]] != m.tok.Special().Mask {
					t.Errorf("%s, %d tokens: %v", name, n, x.Tokens)
				}
				got := x.Text()
				if n == len(whole.Tokens) && got != text || !strings.Contains(text, got) || !strings.Contains(got, "<mask>") {
					t.Errorf("%s, %d tokens: text %q", name, n, got)
				}
				if inner := m.Encode(x.Text(m.tok.Append(nil, " fine"))); n < len(whole.Tokens) && len(inner) > n+1 {
					t.Errorf("%s, %d tokens: the answer's text has %d", name, n, len(inner))
				}
			}
		}
		if _, err := m.MaskText(text, tokenizer.Limit{Length: 4}); !errors.Is(err, tokenizer.ErrTooLong) {
			t.Errorf("%s: too long and not to be cut: %v", name, err)
		}
	}
}

// TestFillSeveralFairseq: a text for fairseq may have several masks jointly.
func TestFillSeveralFairseq(t *testing.T) {
	m := openGolden(t, golden(t, "fulldict", "model.pt"))
	x := must[*Masked](t)(m.MaskText("Go is  <mask>\t<mask>, <mask>", tokenizer.Limit{}))
	mask := m.tok.Special().Mask
	want := append(append([]int{0}, m.tok.Append(nil, "Go is")...), mask, mask)
	want = append(append(want, m.tok.Append(nil, ",")...), mask, 2)
	if !slices.Equal(x.Tokens, want) {
		t.Errorf("tokens %v, want %v", x.Tokens, want)
	}
	f := must[[][]JointFill](t)(m.FillJointly(t.Context(), 1, 2, nil, x))[0][0]
	if want := "Go is " + f.Tokens[0] + "\t" + f.Tokens[1] + "," + f.Tokens[2]; f.Text != want {
		t.Errorf("text %q, want %q", f.Text, want)
	}
	if _, err := m.FillEach(t.Context(), 1, nil, x); !errors.Is(err, ErrMask) {
		t.Errorf("each of several: %v", err)
	}
}

// TestClozeLogProbs compares hidden tokens with the whole LM head, one by one.
func TestClozeLogProbs(t *testing.T) {
	m := openGolden(t, golden(t, "tiny", "model.pt"))
	mask := m.tok.Special().Mask
	inputs := Inputs(batchOf(3, 1005, 40, 9, 17)...)
	inputs[1].Tokens = append([]int{padID}, inputs[1].Tokens...)
	var clozes [][]Cloze
	for _, in := range inputs {
		var own []Cloze
		for i := range in.Tokens {
			for _, n := range []int{1, 3} {
				if in.Tokens[i] != padID && i+n <= len(in.Tokens) {
					own = append(own, Cloze{i, i + n})
				}
			}
		}
		clozes = append(clozes, own)
	}
	got := must[[][]float32](t)(m.ClozeLogProbs(t.Context(), inputs, clozes))
	predictions := must[[][]ClozePrediction](t)(m.ClozePredictions(t.Context(), inputs, clozes))
	for s, in := range inputs {
		for n, c := range clozes[s] {
			hidden := Input{Tokens: slices.Clone(in.Tokens)}
			for i := c.At; i < c.End; i++ {
				hidden.Tokens[i] = mask
			}
			logp := logProbsAt(t, m, hidden, c.At)
			want := ClozePrediction{logp[in.Tokens[c.At]], slices.Index(logp, slices.Max(logp))}
			if got[s][n] != want.LogProb || predictions[s][n] != want {
				t.Errorf("input %d, %+v: %v and %+v, want %+v", s, c, got[s][n], predictions[s][n], want)
			}
		}
	}
	for _, c := range []Cloze{{-1, 1}, {0, 0}, {2, 1}, {0, 99}, {0, 1}} {
		if _, err := m.ClozeLogProbs(t.Context(), inputs[1:2], [][]Cloze{{c}}); !errors.Is(err, ErrCloze) {
			t.Errorf("%+v: %v", c, err) // the last one is of a pad
		}
	}
	if _, err := m.ClozeLogProbs(t.Context(), inputs, nil); !errors.Is(err, ErrCloze) {
		t.Errorf("no lists: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.ClozeLogProbs(ctx, inputs, clozes); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
}
