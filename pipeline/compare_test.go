package pipeline_test

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/metrics"
	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
	"github.com/goroberta/goroberta/weights"
)

// comparedInputs are texts, pairs, tokens, and a text without a token that could be masked.
func comparedInputs(m *roberta.Model) []pipeline.Input {
	return append([]pipeline.Input{pipeline.Text(""), pipeline.Tokens(m.Encode("A ship.")...)}, pipeline.SampleInputs()...)
}

// timeless is a Comparison without what depends on the clock.
func timeless(c *pipeline.Comparison) pipeline.Comparison {
	t := *c
	t.Speedup, t.Timings = 0, 0
	return t
}

// TestCompare compares the figures with what the model's methods give for each input alone.
func TestCompare(t *testing.T) {
	a, b := open(t, "tiny/model.pt"), open(t, "tiny/bf16.pt")
	for _, m := range []*roberta.Model{a, b} {
		setHead(t, m, "spans", roberta.ReadsSpans, 2)
		setHead(t, m, "tags", roberta.ReadsTokens, 3)
	}
	inputs := comparedInputs(a)
	got, err := pipeline.Compare(t.Context(), a, b, slices.Values(inputs), pipeline.WithMasks(2))
	if err != nil {
		t.Fatal(err)
	}
	if got.Texts != len(inputs) || got.Precision != roberta.Float32 || len(got.Notes) != 0 || got.Timings < 5 || !(got.Speedup > 0) {
		t.Errorf("%+v", got)
	}

	both := func(f func(m *roberta.Model) []float32) (x, y []float32) { return f(a), f(b) }
	features := func(tokens []int) func(m *roberta.Model) []float32 {
		return func(m *roberta.Model) []float32 {
			x, err := m.ExtractFeatures(t.Context(), tokens)
			if err != nil {
				t.Fatal(err)
			}
			return x.Float32s()
		}
	}
	cosine := func(x, y []float32) float64 {
		var xy, xx, yy float64
		for i := range x {
			xy, xx, yy = xy+float64(x[i])*float64(y[i]), xx+float64(x[i])*float64(x[i]), yy+float64(y[i])*float64(y[i])
		}
		return xy / math.Sqrt(xx) / math.Sqrt(yy)
	}
	mean := func(x []float32, C int) []float32 {
		out := make([]float32, C)
		for c := range out {
			sum := 0.0
			for i := c; i < len(x); i += C {
				sum += float64(x[i])
			}
			out[c] = float32(sum / float64(len(x)/C))
		}
		return out
	}
	C, tokens := a.Config().Dim, 0
	var tokenCosines, cosines, simA, simB []float64
	var last [2][]float32
	errs := make([][2]float64, a.Config().Layers+1) // Σ d², Σ x² of each layer
	type head struct {
		decisions, flips, n int
		margin, most, sum   float64
		x, xx               float64 // sums of logits and of their squares
	}
	heads := map[string]*head{}
	best := func(x []float32) (int, float64) {
		order := slices.Clone(x)
		slices.Sort(order)
		return slices.Index(x, order[len(order)-1]), float64(order[len(order)-1]) - float64(order[len(order)-2])
	}
	decide := func(h *head, x, y []float32) {
		i, margin := best(x)
		j, _ := best(y)
		if h.decisions++; i != j {
			h.flips, h.margin = h.flips+1, max(h.margin, margin)
		}
	}
	for _, in := range inputs {
		ids := in.Tokens
		if ids == nil {
			ids = a.Encode(in.Texts[0], in.Texts[1:]...)
		}
		tokens += len(ids)
		x, y := both(features(ids))
		for i := 0; i < len(x); i += C {
			tokenCosines = append(tokenCosines, cosine(x[i:i+C], y[i:i+C]))
		}
		hx, err := a.ExtractAllHiddens(t.Context(), ids)
		if err != nil {
			t.Fatal(err)
		}
		hy, err := b.ExtractAllHiddens(t.Context(), ids)
		if err != nil {
			t.Fatal(err)
		}
		for l := range hx {
			for i, v := range hx[l].Float32s() {
				d := float64(hy[l].Float32s()[i]) - float64(v)
				errs[l][0], errs[l][1] = errs[l][0]+d*d, errs[l][1]+float64(v)*float64(v)
			}
		}
		var va, vb [][]float32
		for _, text := range in.Texts {
			x, y := both(features(a.Encode(text)))
			va, vb = append(va, mean(x, C)), append(vb, mean(y, C))
		}
		if in.Tokens != nil {
			va, vb = append(va, mean(x, C)), append(vb, mean(y, C))
		}
		for i := range va {
			cosines = append(cosines, cosine(va[i], vb[i]))
		}
		if len(va) > 1 {
			simA, simB = append(simA, cosine(va[0], va[1])), append(simB, cosine(vb[0], vb[1]))
		} else {
			if last[0] != nil {
				simA, simB = append(simA, cosine(last[0], va[0])), append(simB, cosine(last[1], vb[0]))
			}
			last = [2][]float32{va[0], vb[0]}
		}
		for _, d := range a.Heads() {
			h := heads[d.Name]
			if h == nil {
				h = &head{}
				heads[d.Name] = h
			}
			x, y := both(func(m *roberta.Model) []float32 {
				r, err := m.Compute(t.Context(), roberta.Request{Inputs: roberta.Inputs(ids), Head: d.Name})
				if err != nil {
					t.Fatal(err)
				}
				if r.HeadLogits != nil {
					return r.HeadLogits.Row(0)
				}
				return r.HeadTokenLogits.Float32s()
			})
			switch d.Reads {
			case roberta.ReadsTokens: // of the texts
				tok, _ := a.Tokenizer()
				e, err := tok.Template().Encode(tok, tokenizer.Limit{}, "", "")
				if err != nil {
					t.Fatal(err)
				}
				special := slices.Compact(slices.Sorted(slices.Values(e.IDs)))
				var kept [2][]float32
				for i, id := range ids {
					if in.Tokens == nil && slices.Contains(special, id) {
						continue
					}
					decide(h, x[3*i:3*i+3], y[3*i:3*i+3])
					kept[0], kept[1] = append(kept[0], x[3*i:3*i+3]...), append(kept[1], y[3*i:3*i+3]...)
				}
				x, y = kept[0], kept[1]
			case roberta.ReadsSpans:
				for k := range 2 {
					var u, v []float32
					for i := k; i < len(x); i += 2 {
						u, v = append(u, x[i]), append(v, y[i])
					}
					decide(h, u, v)
				}
			default:
				if d.Function == roberta.Softmax && d.Classes > 1 {
					decide(h, x, y)
				}
			}
			for i := range x {
				diff := math.Abs(float64(x[i]) - float64(y[i]))
				h.n, h.most, h.sum = h.n+1, max(h.most, diff), h.sum+diff
				h.x, h.xx = h.x+float64(x[i]), h.xx+float64(x[i])*float64(x[i])
			}
		}
	}
	equal := func(what string, got, want float64) {
		t.Helper()
		if !(math.Abs(got-want) <= 1e-12*max(1, math.Abs(want))) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	average := func(x []float64) float64 {
		sum := 0.0
		for _, v := range x {
			sum += v
		}
		return sum / float64(len(x))
	}
	if got.Tokens != tokens || got.Vectors != len(cosines) || got.Pairs != len(simA) {
		t.Errorf("%d tokens, %d vectors, %d pairs, want %d, %d, %d", got.Tokens, got.Vectors, got.Pairs, tokens, len(cosines), len(simA))
	}
	equal("CosineMean", got.CosineMean, average(cosines))
	equal("CosineMin", got.CosineMin, slices.Min(cosines))
	equal("TokenCosineMean", got.TokenCosineMean, average(tokenCosines))
	equal("TokenCosineMin", got.TokenCosineMin, slices.Min(tokenCosines))
	equal("Spearman", got.Spearman, metrics.Spearman(simA, simB))
	for l, e := range errs {
		equal("LayerErrors", got.LayerErrors[l], math.Sqrt(e[0]/e[1]))
	}
	if len(got.Heads) != len(heads) {
		t.Errorf("%d heads, want %d", len(got.Heads), len(heads))
	}
	flips := 0
	for _, h := range got.Heads {
		want := heads[h.Head.Name]
		if h.Decisions != want.decisions || h.Flips != want.flips {
			t.Errorf("%s: %d of %d decisions flip, want %d of %d", h.Head.Name, h.Flips, h.Decisions, want.flips, want.decisions)
		}
		flips += h.Flips
		equal(h.Head.Name+" margin", h.FlipMargin, want.margin)
		equal(h.Head.Name+" max", h.LogitMax, want.most)
		equal(h.Head.Name+" mean", h.LogitMean, want.sum/float64(want.n))
		average := want.x / float64(want.n)
		equal(h.Head.Name+" spread", h.LogitSpread*h.LogitSpread, want.xx/float64(want.n)-average*average)
	}
	if flips == 0 || got.CosineMin == 1 {
		t.Error("the models do not differ enough to test anything")
	}

	// Masks: two for each input, but for the empty text, and as likely as the Scorer has them
	// if all tokens are masked.
	if got.Masked == nil || got.Masked.Masks != 2*(len(inputs)-1) {
		t.Fatalf("masks: %+v", got.Masked)
	}
	inputs = inputs[:8]
	all, err := pipeline.Compare(t.Context(), a, b, slices.Values(inputs), pipeline.WithMasks(1000))
	if err != nil {
		t.Fatal(err)
	}
	var logp [2]float64
	n, agreed := 0, 0
	for i, m := range []*roberta.Model{a, b} {
		sc, err := pipeline.NewScorer(m)
		if err != nil {
			t.Fatal(err)
		}
		scores, err := sc.ScoreAll(t.Context(), inputs[1:])
		if err != nil {
			t.Fatal(err)
		}
		n = 0
		for _, s := range scores {
			logp[i] += s.LogLikelihood
			n += len(s.Tokens)
		}
	}
	tok, _ := a.Tokenizer()
	for _, in := range inputs {
		ids := in.Tokens
		if ids == nil {
			ids = a.Encode(in.Texts[0], in.Texts[1:]...)
		}
		for i, id := range ids {
			if tok.Kind(id) == tokenizer.Marker {
				continue
			}
			hidden := slices.Clone(ids)
			hidden[i] = tok.Special().Mask
			x, y := both(func(m *roberta.Model) []float32 {
				logits, err := m.LMLogits(t.Context(), hidden)
				if err != nil {
					t.Fatal(err)
				}
				return logits.Row(0, i)
			})
			p, _ := best(x)
			if q, _ := best(y); p == q {
				agreed++
			}
		}
	}
	if m := all.Masked; m.Masks != n || m.Agreed != agreed || agreed == n {
		t.Errorf("%d of %d masks agree, want %d of %d", m.Agreed, m.Masks, agreed, n)
	}
	equal("Perplexity", all.Masked.Perplexity/math.Exp(-logp[0]/float64(n)), 1)
	equal("Ratio", all.Masked.Ratio, math.Exp((logp[0]-logp[1])/float64(n)))
}

// TestCompareBatches: the figures do not depend on how inputs are put together.
func TestCompareBatches(t *testing.T) {
	a, b := open(t, "tiny/model.pt"), open(t, "tiny/bf16.pt", roberta.WithThreads(1))
	inputs := comparedInputs(a)
	want, err := pipeline.Compare(t.Context(), a, b, slices.Values(inputs))
	if err != nil {
		t.Fatal(err)
	}
	for _, tokens := range []int{1, 100, 1 << 20} {
		c, err := pipeline.NewComparer(a, b, pipeline.WithBatch(tokens))
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(inputs); i += 5 {
			if err := c.Add(t.Context(), inputs[i:min(i+5, len(inputs))]...); err != nil {
				t.Fatal(err)
			}
			// What cannot be compared changes nothing.
			for _, bad := range []pipeline.Input{{}, pipeline.Tokens(1 << 30), pipeline.Words("a")} {
				err := c.Add(t.Context(), inputs[0], inputs[1], bad, inputs[2])
				if e, ok := errors.AsType[*pipeline.InputError](err); !ok || e.Index != 2 {
					t.Fatalf("%v: %v, want an error of input 2", bad, err)
				}
			}
		}
		if got := timeless(c.Comparison()); !reflect.DeepEqual(got, timeless(want)) {
			t.Errorf("batches of %d tokens: %+v, want %+v", tokens, got, timeless(want))
		}
	}
}

// TestCompareSame: a model equals itself, whatever heads it has.
func TestCompareSame(t *testing.T) {
	m := open(t, "tiny/model.pt")
	for name, h := range map[string]roberta.HeadWeights{
		"several": {Function: roberta.Sigmoid, Out: roberta.LinearWeights{Out: 4}}, "value": {Function: roberta.Identity, Out: roberta.LinearWeights{Out: 1}},
		"tokens": {Reads: roberta.ReadsTokens, Out: roberta.LinearWeights{Out: 2}}, "spans": {Reads: roberta.ReadsSpans, Out: roberta.LinearWeights{Out: 2}},
		"choices": {Reads: roberta.ReadsChoices, Out: roberta.LinearWeights{Out: 1}},
	} {
		h.Out.In = m.Config().Dim
		h.Out.W = make([]float32, h.Out.In*h.Out.Out)
		for i := range h.Out.W {
			h.Out.W[i] = float32(i%7 - 3)
		}
		if err := m.SetHead(name, h); err != nil {
			t.Fatal(err)
		}
	}
	c, err := pipeline.Compare(t.Context(), m, m, slices.Values(comparedInputs(m)))
	if err != nil {
		t.Fatal(err)
	}
	if c.CosineMin != 1 || c.CosineMean != 1 || c.TokenCosineMin != 1 || !(c.Spearman > 1-1e-12) || slices.Max(c.LayerErrors) != 0 || len(c.WorstLayers(5)) != 0 {
		t.Errorf("%+v", c)
	}
	if x := c.Masked; x.Top1() != 1 || x.Ratio != 1 || x.ErrorOfRatio != 0 {
		t.Errorf("%+v", x)
	}
	decisions := map[string]int{"several": 4 * c.Texts, "spans": 2 * c.Texts, "value": 0, "choices": 0}
	for _, h := range c.Heads {
		if want, ok := decisions[h.Head.Name]; ok && h.Decisions != want {
			t.Errorf("%s: %d decisions, want %d", h.Head.Name, h.Decisions, want)
		}
		if h.Flips != 0 || h.FlipMargin != 0 || h.LogitMax != 0 || h.LogitMean != 0 {
			t.Errorf("%+v", h)
		}
		if a := h.Agreement(); h.Decisions > 0 && a != 1 || h.Decisions == 0 && !math.IsNaN(a) {
			t.Errorf("%s: agreement %v", h.Head.Name, a)
		}
	}
	for _, p := range []roberta.Precision{roberta.Int8, roberta.BFloat16} {
		if past := c.Past(pipeline.BoundsOf(p)); past != nil {
			t.Errorf("%v: %q", p, past)
		}
	}
}

// TestCompareDecisions: flips and margins of logits that are known, because they do not
// depend on the text.
func TestCompareDecisions(t *testing.T) {
	a, b := open(t, "tiny/model.pt"), open(t, "tiny/model.pt")
	nan := float32(math.NaN())
	for i, test := range []struct {
		function roberta.Function
		reads    roberta.Reads
		x, y     []float32
		flips    int // of each text's decisions
		margin   float64
		largest  float64
	}{
		{x: []float32{1, 3, 2.5}, y: []float32{1, 2, 2.5}, flips: 1, margin: 0.5, largest: 1},
		{x: []float32{1, 3, 2.5}, y: []float32{2, 3, 2.5}, largest: 1},
		{x: []float32{1, 1}, y: []float32{1, 1.5}, flips: 1, largest: 0.5},
		{x: []float32{1, nan}, y: []float32{1, nan}, flips: 1, margin: math.NaN(), largest: math.NaN()},
		{x: []float32{1, 2}, y: []float32{nan, 2}, flips: 1, margin: 1, largest: math.NaN()},
		{x: []float32{1, 2}, y: []float32{1, float32(math.Inf(1))}, largest: math.Inf(1)},
		{function: roberta.Sigmoid, x: []float32{1, -2, 3}, y: []float32{-1, 1, 4}, flips: 2, margin: 2, largest: 3},
		{function: roberta.Sigmoid, x: []float32{nan, -1}, y: []float32{nan, -1}, flips: 1, margin: math.NaN(), largest: math.NaN()},
		{function: roberta.Sigmoid, x: []float32{-1, -1}, y: []float32{nan, -1}, flips: 1, margin: 1, largest: math.NaN()},
		{function: roberta.Identity, x: []float32{nan}, y: []float32{nan}, largest: math.NaN()},
		{x: []float32{1}, y: []float32{2}, largest: 1},
		{reads: roberta.ReadsChoices, x: []float32{1}, y: []float32{-1}, largest: 2},
	} {
		for m, bias := range map[*roberta.Model][]float32{a: test.x, b: test.y} {
			out := roberta.LinearWeights{Out: len(bias), In: m.Config().Dim, W: make([]float32, len(bias)*m.Config().Dim), Bias: bias}
			if err := m.SetHead("h", roberta.HeadWeights{Reads: test.reads, Function: test.function, Out: out}); err != nil {
				t.Fatal(err)
			}
		}
		c, err := pipeline.Compare(t.Context(), a, b, slices.Values([]pipeline.Input{pipeline.Text("A ship."), pipeline.Text("A", "ship")}), pipeline.WithHead("h"))
		if err != nil {
			t.Fatal(err)
		}
		same := func(x, y float64) bool { return x == y || math.IsNaN(x) && math.IsNaN(y) }
		if h := c.Heads[0]; len(c.Heads) != 1 || h.Flips != 2*test.flips || !same(h.FlipMargin, test.margin) || !same(h.LogitMax, test.largest) || math.IsNaN(h.LogitMean) != math.IsNaN(test.largest) {
			t.Errorf("%d: %+v, want %+v", i, h, test)
		}
	}
}

// TestCompareNaN: what is NaN agrees with nothing, also not with itself.
func TestCompareNaN(t *testing.T) {
	a := open(t, "tiny/model.pt")
	b := openPoisoned(t)
	for _, models := range [][2]*roberta.Model{{a, b}, {b, a}, {b, b}} {
		c, err := pipeline.Compare(t.Context(), models[0], models[1], slices.Values(pipeline.SampleInputs()))
		if err != nil {
			t.Fatal(err)
		}
		for what, v := range map[string]float64{
			"CosineMean": c.CosineMean, "CosineMin": c.CosineMin, "TokenCosineMin": c.TokenCosineMin, "TokenCosineMean": c.TokenCosineMean, "Spearman": c.Spearman,
			"LayerErrors": c.LayerErrors[len(c.LayerErrors)-1], "Ratio": c.Masked.Ratio, "LogitMax": c.Heads[0].LogitMax, "LogitMean": c.Heads[0].LogitMean,
		} {
			if !math.IsNaN(v) {
				t.Errorf("%s is %v, want NaN", what, v)
			}
		}
		if c.Masked.Agreed != 0 || c.Heads[0].Flips != c.Heads[0].Decisions || c.Heads[0].Decisions == 0 {
			t.Errorf("%+v, %+v agree", c.Masked, c.Heads[0])
		}
		if past := c.Past(pipeline.BoundsOf(roberta.Int8)); len(past) < 7 {
			t.Errorf("past: %q", past)
		}
		if worst := c.WorstLayers(1); len(worst) != 1 || worst[0] != 1 {
			t.Errorf("the worst layers are %v, want 1", worst)
		}
	}
}

// TestCompareWithout: that the other model lacks the language-model head is said.
func TestCompareWithout(t *testing.T) {
	dir := t.TempDir()
	whole, without := filepath.Join(dir, "whole.safetensors"), filepath.Join(dir, "without.safetensors")
	if err := roberta.Convert(t.Context(), "../testdata/goldens/tiny/model.pt", whole); err != nil {
		t.Fatal(err)
	}
	file, err := weights.Open(whole)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var entries []weights.Entry
	for _, tensor := range file.Tensors() {
		if !strings.Contains(tensor.Name, "lm_head") {
			entries = append(entries, tensor.Entry(tensor.Name))
		}
	}
	if err := weights.WriteFile(without, file.Metadata(), entries); err != nil {
		t.Fatal(err)
	}
	b, err := roberta.Open(without, roberta.WithPrecision(roberta.Int8))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	got, err := pipeline.Compare(t.Context(), open(t, "tiny/model.pt"), b, slices.Values([]pipeline.Input{pipeline.Tokens(0, 5, 6, 2)}))
	if err != nil {
		t.Fatal(err)
	}
	if got.Masked != nil || len(got.Notes) != 1 || !strings.Contains(got.Notes[0], "language-model head") {
		t.Errorf("masks %v, notes %q", got.Masked, got.Notes)
	}
}

// TestCompareErrors: what cannot be compared.
func TestCompareErrors(t *testing.T) {
	a, b := open(t, "tiny/model.pt"), open(t, "fulldict")
	if _, err := pipeline.NewComparer(a, b); !errors.Is(err, pipeline.ErrModels) {
		t.Errorf("other sizes: %v", err)
	}
	c := open(t, "tiny/model.pt")
	setHead(t, a, "own", roberta.ReadsFirst, 2)
	if _, err := pipeline.NewComparer(a, c); !errors.Is(err, pipeline.ErrModels) {
		t.Errorf("other heads: %v", err)
	}
	setHead(t, c, "own", roberta.ReadsTokens, 2)
	if _, err := pipeline.NewComparer(a, c, pipeline.WithHead("own")); !errors.Is(err, pipeline.ErrModels) {
		t.Errorf("heads that read other tokens: %v", err)
	}
	if _, err := pipeline.NewComparer(a, c, pipeline.WithHead("mnli")); err != nil {
		t.Errorf("one head: %v", err)
	}
	if _, err := pipeline.NewComparer(a, a, pipeline.WithHead("none")); !errors.Is(err, roberta.ErrUnknownHead) {
		t.Errorf("an unknown head: %v", err)
	}
	for _, opt := range []pipeline.Option{pipeline.WithMasks(-1), pipeline.WithTopK(1)} {
		if _, err := pipeline.NewComparer(a, a, opt); !errors.Is(err, pipeline.ErrOption) {
			t.Errorf("an option: %v", err)
		}
	}
	if _, err := pipeline.NewClassifier(a, pipeline.WithMasks(1)); !errors.Is(err, pipeline.ErrOption) {
		t.Errorf("WithMasks for a Classifier: %v", err)
	}

	// The error names the input among all, beyond those that are read at a time.
	inputs := slices.Repeat([]pipeline.Input{pipeline.Text("a")}, 100)
	inputs[90] = pipeline.Tokens(1 << 30)
	_, err := pipeline.Compare(t.Context(), a, a, slices.Values(inputs))
	if e, ok := errors.AsType[*pipeline.InputError](err); !ok || e.Index != 90 || !errors.Is(err, roberta.ErrToken) {
		t.Errorf("a bad token: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := pipeline.Compare(ctx, a, a, slices.Values(inputs[:1])); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
	if r, err := pipeline.Compare(t.Context(), a, a, slices.Values(inputs[:0])); err != nil || r.Texts != 0 || !math.IsNaN(r.CosineMean) || !math.IsNaN(r.Speedup) || !math.IsNaN(r.Masked.Top1()) || !math.IsNaN(r.LayerErrors[0]) || r.Past(pipeline.BoundsOf(roberta.Int8)) != nil {
		t.Errorf("no inputs: %+v, %v", r, err)
	}
	c.Close()
	comparer, err := pipeline.NewComparer(a, c, pipeline.WithHead("mnli"))
	if err != nil {
		t.Fatal(err)
	}
	if err := comparer.Add(t.Context(), inputs[0]); !errors.Is(err, roberta.ErrClosed) {
		t.Errorf("a closed model: %v", err)
	}
}

// TestCompareHeadless: what a model has not is left out.
func TestCompareHeadless(t *testing.T) {
	m := open(t, "hf/tiny-mnli")
	inputs := []pipeline.Input{pipeline.Tokens(0, 5, 6, 2), pipeline.Tokens(0, 7, 2)}
	c, err := pipeline.Compare(t.Context(), m, m, slices.Values(inputs))
	if err != nil {
		t.Fatal(err)
	}
	if c.Masked != nil || c.Texts != 2 || c.Tokens != 7 || c.Vectors != 2 || c.CosineMin != 1 {
		t.Errorf("%+v", c)
	}
}
