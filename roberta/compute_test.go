package roberta

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/goroberta/goroberta/internal/nn"
)

// parts lists all that a result holds, by name.
func (r *Result) parts() map[string][]float32 {
	all := map[string][]float32{}
	states := func(name string, s *States) {
		if s != nil {
			all[name] = s.values
		}
	}
	matrix := func(name string, m *Matrix) {
		if m != nil {
			all[name] = m.values
		}
	}
	states("features", r.Features)
	states("logits", r.Logits)
	states("head's tokens", r.HeadTokenLogits)
	matrix("pooler", r.Pooler)
	matrix("start", r.First)
	matrix("head", r.HeadLogits)
	for l, h := range r.Hidden {
		states(fmt.Sprintf("hidden %d", l), h)
	}
	for l, a := range r.Attentions {
		all[fmt.Sprintf("attentions %d", l)] = a.values
	}
	return all
}

// withHeads opens a model and gives it a pooler and a head of each kind.
func withHeads(t *testing.T, path ...string) *Model {
	t.Helper()
	m := openGolden(t, golden(t, path...))
	C := m.cfg.Dim
	weights := func(n int) []float32 {
		w := make([]float32, n)
		for i := range w {
			w[i] = float32(math.Sin(float64(i)))
		}
		return w
	}
	l := nn.NewLinear(weights(C*C), C, C, weights(C))
	m.pooler, m.hasPooler = &l, true
	for name, w := range map[string]HeadWeights{
		"first": {Out: LinearWeights{Out: 3, In: C, W: weights(3 * C)}}, "tokens": {Reads: ReadsTokens, Out: LinearWeights{Out: 5, In: C, W: weights(5 * C)}},
		"spans": {Reads: ReadsSpans, Out: LinearWeights{Out: 2, In: C, W: weights(2 * C)}}, "choices": {Reads: ReadsChoices, Out: LinearWeights{Out: 1, In: C, W: weights(C)}},
		"several": {Function: Sigmoid, Out: LinearWeights{Out: 4, In: C, W: weights(4 * C)}}, "value": {Function: Identity, Out: LinearWeights{Out: 1, In: C, W: weights(C)}},
	} {
		if err := m.SetHead(name, w); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// TestRequests asks for everything together and for each combination: it gives what was
// asked for, in the same bits, and nothing else.
func TestRequests(t *testing.T) {
	m := withHeads(t, "variants", "prenorm", "model.pt")
	inputs := Inputs(batchOf(5, m.cfg.VocabSize, 7, 1, 12)...)
	inputs[2].Tokens[3] = m.cfg.PadID
	whole := map[string][]float32{}
	for _, head := range []string{"first", "tokens"} {
		r := must[*Result](t)(m.Compute(t.Context(), Request{Inputs: inputs, Want: 0xff, Head: head}))
		for name, v := range r.parts() {
			whole[name] = v
		}
	}
	of := map[Want]string{WantFeatures: "features", WantHiddens: "hidden", WantLogits: "logits", WantAttentions: "attentions", WantPooler: "pooler", WantFirst: "start"}
	for s := range inputs { // a row of the features
		if first := whole["start"][s*m.cfg.Dim:][:m.cfg.Dim]; !sameBits(first, whole["features"][[]int{0, 7, 8}[s]*m.cfg.Dim:][:m.cfg.Dim]) {
			t.Errorf("the first token of sequence %d has other bits than in the features", s)
		}
	}
	for want := range Want(1 << 6) {
		for _, head := range []string{"", "first", "tokens"} {
			got := must[*Result](t)(m.Compute(t.Context(), Request{Inputs: inputs, Want: want, Head: head})).parts()
			asked := map[string]bool{"head": head == "first", "head's tokens": head == "tokens"}
			for w, name := range of {
				asked[name] = want&w != 0
			}
			for name, v := range whole {
				kind := strings.TrimRight(name, " 0123456789")
				if _, ok := got[name]; ok != asked[kind] {
					t.Errorf("want %06b and head %q: %s is there: %v", want, head, name, ok)
				} else if ok && !sameBits(got[name], v) {
					t.Errorf("want %06b and head %q: %s differs from what is computed with all else", want, head, name)
				}
			}
		}
	}
}

// TestPieces holds logits that come in pieces to those in one matrix, in batches of
// which some are computed in parts.
func TestPieces(t *testing.T) {
	for _, threads := range []int{1, 3} {
		m := openGolden(t, golden(t, "tiny", "model.pt"), WithThreads(threads))
		inputs := Inputs(batchOf(5, m.cfg.VocabSize, append([]int{7, 1, 12}, slices.Repeat([]int{40, 33, 5}, 15)...)...)...)
		inputs[2].Tokens[3] = m.cfg.PadID
		want := must[*Result](t)(m.Compute(t.Context(), Request{Inputs: inputs, Want: WantLogits})).Logits
		V := m.cfg.VocabSize
		got, last := make([]float32, len(want.values)), make([]atomic.Int64, V)
		r := must[*Result](t)(m.Compute(t.Context(), Request{Inputs: inputs, Want: WantLogits, EachLogits: func(s, token, first int, logits []float32) {
			row := want.layout.row(s, token)
			if last[first].Swap(int64(row+1)) != int64(row) {
				t.Errorf("logits %d… of row %d come out of order", first, row)
			}
			copy(got[row*V+first:], logits)
		}}))
		if r.Logits != nil || !sameBits(got, want.values) {
			t.Errorf("%d threads: logits in pieces differ, or come twice", threads)
		}
	}
}

// TestTokenTypes holds types in a batch, beside sequences without and around pads, to
// sequences alone.
func TestTokenTypes(t *testing.T) {
	m := openGolden(t, golden(t, "tiny", "model.pt"), WithThreads(2))
	C := m.cfg.Dim
	types := make([]float32, 3*C)
	for i := range types {
		types[i] = float32(math.Cos(float64(i)))
	}
	m.enc.Types, m.cfg.TokenTypes = &nn.Table{Rows: 3, Cols: C, F32: types}, 3
	tokens := batchOf(9, m.cfg.VocabSize, 6, 9, 4, 30)
	in := Inputs(tokens...)
	in[1].Types = []int{0, 0, 1, 1, 1, 2, 2, 0, 1}
	in[3].Types = slices.Repeat([]int{2, 1, 0}, 10)
	for range 20 { // enough for parts
		in = append(in, in[:4]...)
	}
	all := must[*Result](t)(m.Compute(t.Context(), Request{Inputs: in, Want: WantFeatures}))
	seen := map[string]bool{}
	for s := range in {
		alone := must[*Result](t)(m.Compute(t.Context(), Request{Inputs: in[s : s+1], Want: WantFeatures}))
		if !sameBits(sequence(all.Features, s, len(in[s].Tokens)), floats(alone.Features)) {
			t.Errorf("sequence %d with types %v differs in a batch", s, in[s].Types)
		}
		seen[fmt.Sprint(floats(alone.Features)[:4])] = true
	}
	if len(seen) != 4 {
		t.Errorf("%d different results, want 4", len(seen))
	}
	features := func(in Input) []float32 {
		return floats(must[*Result](t)(m.Compute(t.Context(), Request{Inputs: []Input{in}, Want: WantFeatures})).Features)
	}
	plain := features(in[0])
	if !sameBits(features(Input{Tokens: in[0].Tokens, Types: make([]int, 6)}), plain) {
		t.Error("types of 0 differ from no types")
	}
	if sameBits(features(Input{Tokens: in[0].Tokens, Types: []int{1, 0, 0, 0, 0, 0}}), plain) {
		t.Error("a type of 1 changes nothing")
	}
	padded := Input{Tokens: slices.Insert(slices.Clone(in[1].Tokens), 3, padID, padID), Types: slices.Insert(slices.Clone(in[1].Types), 3, 2, 2)}
	x := must[*Result](t)(m.Compute(t.Context(), Request{Inputs: []Input{padded}, Want: WantFeatures})).Features
	if !sameBits(x.values, features(in[1])) {
		t.Error("pads move the types")
	}
}

// TestTypeErrors: a type that the model does not have is never taken for another.
func TestTypeErrors(t *testing.T) {
	m := openGolden(t, golden(t, "tiny", "model.pt"))
	for _, c := range []struct {
		have  int
		types []int
		want  *TypeError
		says  string
	}{
		{0, []int{0, 0, 0}, nil, ""},
		{0, nil, nil, ""},
		{0, []int{0, 1, 0}, &TypeError{1, 1, 1, 3, 3, 0}, "sequence 1: token type 1 at position 1, but the model has no types other than 0"},
		{1, []int{0, 0, 1}, &TypeError{1, 2, 1, 3, 3, 1}, "no types other than 0"},
		{2, []int{0, 2, 0}, &TypeError{1, 1, 2, 3, 3, 2}, "the model's types are 0 to 1"},
		{2, []int{-1, 1, 0}, &TypeError{1, 0, -1, 3, 3, 2}, "token type -1"},
		{2, []int{0, math.MaxInt, 0}, &TypeError{1, 1, math.MaxInt, 3, 3, 2}, "at position 1"},
		{2, []int{0, 1}, &TypeError{1, -1, 0, 2, 3, 2}, "sequence 1: 2 token types for 3 tokens"},
		{2, []int{}, &TypeError{1, -1, 0, 0, 3, 2}, "0 token types for 3 tokens"},
		{2, []int{0, 1, 1, 0}, &TypeError{1, -1, 0, 4, 3, 2}, "4 token types for 3 tokens"},
	} {
		m.enc.Types, m.cfg.TokenTypes = nil, c.have
		if c.have > 0 {
			m.enc.Types = &nn.Table{Rows: c.have, Cols: m.cfg.Dim, F32: make([]float32, c.have*m.cfg.Dim)}
		}
		_, err := m.Compute(t.Context(), Request{Inputs: []Input{{Tokens: []int{0, 2}}, {Tokens: []int{0, 9, 2}, Types: c.types}}, Want: WantFeatures})
		if c.want == nil {
			if err != nil {
				t.Errorf("types %v of %d: %v", c.types, c.have, err)
			}
			continue
		}
		got, ok := errors.AsType[*TypeError](err)
		if !ok || *got != *c.want || !errors.Is(err, ErrTokenType) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("types %v of %d: error %v, want %v that says %q", c.types, c.have, err, c.want, c.says)
		}
	}
}

// TestAttentionPads puts pads into a sequence: they have no row, and no weight.
func TestAttentionPads(t *testing.T) {
	m := openGolden(t, golden(t, "tiny", "model.pt"))
	tokens := batchOf(3, m.cfg.VocabSize, 5)[0]
	padded := slices.Concat([]int{padID}, tokens[:2], []int{padID, padID}, tokens[2:], []int{padID})
	a := must[*Result](t)(m.Extract(t.Context(), WantAttentions, tokens)).Attentions
	b := must[*Result](t)(m.Extract(t.Context(), WantAttentions, tokens, padded)).Attentions
	at := map[int]int{1: 0, 2: 1, 5: 2, 6: 3, 7: 4} // token → token without pads
	n, H := len(padded), m.cfg.Heads
	for l := range a {
		if want := (Shape{H, n, n}); !slices.Equal(b[l].Shape(1), want) {
			t.Fatalf("shape %v, want %v", b[l].Shape(1), want)
		}
		all := b[l].Float32s(1)
		for h := range H {
			for q := range n {
				row, isToken := b[l].Row(1, h, q), false
				if _, isToken = at[q]; isToken != (row != nil) || isToken && !sameBits(row, a[l].Row(0, h, at[q])) {
					t.Fatalf("layer %d, head %d: row of token %d is %v", l, h, q, row)
				}
				for k := range n {
					want := float32(0)
					if _, ok := at[k]; ok && isToken {
						want = row[at[k]]
					}
					if got := all[(h*n+q)*n+k]; got != want {
						t.Fatalf("layer %d, head %d: token %d attends to %d with %v, want %v", l, h, q, k, got, want)
					}
				}
			}
		}
	}
	for _, f := range []func(){func() { a[0].Row(0, H, 0) }, func() { a[0].Row(0, -1, 0) }, func() { a[0].Row(0, 0, 5) }, func() { a[0].Row(1, 0, 0) }} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("a place outside the weights gave a row")
				}
			}()
			f()
		}()
	}
}

// TestComputeErrors: what a checkpoint does not have is an error before anything is
// computed.
func TestComputeErrors(t *testing.T) {
	ctx := t.Context()
	m := openGolden(t, golden(t, "tiny", "model.pt"))
	in := Inputs([]int{0, 9, 2})
	if m.HasPooler() {
		t.Error("a model of fairseq's has a pooler")
	}
	if _, err := m.Compute(ctx, Request{Inputs: in, Want: WantPooler}); !errors.Is(err, ErrNoPooler) {
		t.Errorf("pooler: %v", err)
	}
	if _, err := m.Compute(ctx, Request{Inputs: in, Head: "nope"}); !errors.Is(err, ErrUnknownHead) {
		t.Errorf("head: %v", err)
	}
	if _, err := m.Compute(ctx, Request{Want: WantFeatures}); !errors.Is(err, ErrEmpty) {
		t.Errorf("no inputs: %v", err)
	}
	many := &nn.Batch{Offsets: []int{0, 1 << 17}, Tokens: make([]int, 1<<17)}
	err := m.checkAttentions(many)
	if !errors.Is(err, ErrAttentions) || !strings.Contains(err.Error(), "131072 tokens in 1 sequences") {
		t.Errorf("attention weights of 131072 tokens: %v", err)
	}
	if err := m.checkAttentions(&nn.Batch{Offsets: []int{0, 512}}); err != nil {
		t.Errorf("attention weights of 512 tokens: %v", err)
	}
	m.lm = nil
	if _, err := m.Compute(ctx, Request{Inputs: in, Want: WantLogits}); !errors.Is(err, ErrNoLMHead) {
		t.Errorf("LM logits: %v", err)
	}
	m.Close()
	if _, err := m.Compute(ctx, Request{Inputs: in}); !errors.Is(err, ErrClosed) {
		t.Errorf("closed model: %v", err)
	}
}

// TestPredictKinds: Predict follows a head's function, and says for other kinds of heads
// what they read and which method serves them.
func TestPredictKinds(t *testing.T) {
	ctx := t.Context()
	m := withHeads(t, "tiny", "model.pt")
	tokens := batchOf(3, m.cfg.VocabSize, 5, 8)
	for _, c := range []struct {
		head, method string
		is           error
		says         []string
	}{
		{"tokens", "Predict", ErrHeadReads, []string{`"tokens" reads each token`, "PredictTokens"}},
		{"tokens", "PredictLogits", ErrHeadReads, []string{"reads each token", "PredictTokens"}},
		{"spans", "Predict", ErrHeadReads, []string{`"spans" reads spans`, "PredictTokens"}},
		{"choices", "Predict", ErrHeadReads, []string{`"choices" compares choices`, "PredictLogits"}},
		{"value", "Predict", ErrRegression, []string{"regression", `"value"`, "PredictLogits"}},
		{"first", "PredictTokens", ErrHeadReads, []string{`"first" reads the first token`, "PredictLogits"}},
		{"choices", "PredictTokens", ErrHeadReads, []string{"first token", "PredictLogits"}},
		{"value", "PredictLogits", nil, nil}, {"choices", "PredictLogits", nil, nil}, {"first", "Predict", nil, nil}, {"several", "Predict", nil, nil},
		{"tokens", "PredictTokens", nil, nil}, {"spans", "PredictTokens", nil, nil},
	} {
		var err error
		switch c.method {
		case "Predict":
			_, err = m.Predict(ctx, c.head, tokens...)
		case "PredictLogits":
			_, err = m.PredictLogits(ctx, c.head, tokens...)
		default:
			_, err = m.PredictTokens(ctx, c.head, tokens...)
		}
		if !errors.Is(err, c.is) {
			t.Errorf("%s of %q: error %v, want %v", c.method, c.head, err, c.is)
		}
		for _, s := range c.says {
			if err != nil && !strings.Contains(err.Error(), s) {
				t.Errorf("%s of %q: error %q does not say %q", c.method, c.head, err, s)
			}
		}
	}
	for head, f := range map[string]func(x []float32, i int) float64{
		"first": func(x []float32, i int) float64 {
			sum := 0.0
			for _, v := range x {
				sum += math.Exp(float64(v))
			}
			return float64(x[i]) - math.Log(sum)
		},
		"several": func(x []float32, i int) float64 { return -math.Log1p(math.Exp(-float64(x[i]))) },
	} {
		logits := must[*Matrix](t)(m.PredictLogits(ctx, head, tokens...))
		logp := must[*Matrix](t)(m.Predict(ctx, head, tokens...))
		for r := range tokens {
			for i, got := range logp.Row(r) {
				if want := f(logits.Row(r), i); math.Abs(float64(got)-want) > 1e-6*max(1, math.Abs(want)) {
					t.Errorf("%q: log-probability %d of sequence %d is %v, want %v", head, i, r, got, want)
				}
			}
		}
	}
	for _, f := range []Function{Identity, "unheard of"} {
		if err := f.LogProbs(make([]float32, 1), []float32{3}); !errors.Is(err, ErrRegression) {
			t.Errorf("LogProbs of %q: %v", f, err)
		}
	}
}
