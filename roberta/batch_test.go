package roberta

import (
	"slices"
	"testing"
)

// A padded holds the values of states (B, T, C), with zeros for pads.
type padded struct {
	values []float32
	shape  Shape
}

func pad(x *States) padded { return padded{x.Float32s(), x.Shape()} }

// row returns position i of sequence s.
func (x padded) row(s, i int) []float32 {
	T, C := x.shape[1], x.shape[2]
	return x.values[(s*T+i)*C:][:C]
}

// must fails the test for an error.
func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// TestBatchShapes holds batches of odd shapes to their sequences one by one.
func TestBatchShapes(t *testing.T) {
	ctx := t.Context()
	m := openGolden(t, golden(t, "tiny", "model.pt"))
	C, V := m.Config().Dim, m.Config().VocabSize
	mixed := make([]int, 64)
	for i := range mixed {
		mixed[i] = 1 + i*7%40
	}
	for _, c := range []struct {
		name    string
		lengths []int
	}{
		{"one token", []int{1}},
		{"sequences of one token", []int{1, 1, 1}},
		{"one token beside the longest", []int{1, 40, 1}},
		{"the longest alone", []int{40}},
		{"the longest, many times", slices.Repeat([]int{40}, 9)},
		{"64 lengths", mixed},
		{"1000 short ones", slices.Repeat([]int{3, 5, 2, 1}, 250)},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows := batchOf(11, V, c.lengths...)
			B, T := len(rows), slices.Max(c.lengths)
			features := must[*States](t)(m.ExtractFeatures(ctx, rows...))
			hidden := must[[]*States](t)(m.ExtractAllHiddens(ctx, rows...))
			logits := must[*States](t)(m.LMLogits(ctx, rows...))
			logp := must[*Matrix](t)(m.Predict(ctx, "topics", rows...))
			for _, s := range []struct {
				name string
				got  result
				want Shape
			}{
				{"features", features, Shape{B, T, C}}, {"embedding layer", hidden[0], Shape{B, T, C}},
				{"LM logits", logits, Shape{B, T, V}}, {"predictions", logp, Shape{B, 7}},
			} {
				if !slices.Equal(s.got.Shape(), s.want) {
					t.Fatalf("%s have shape %v, want %v", s.name, s.got.Shape(), s.want)
				}
			}
			if !sameBits(floats(hidden[len(hidden)-1]), floats(features)) {
				t.Error("the last hidden states are not the features")
			}
			allFeatures, allLogits := pad(features), pad(logits)
			step := max(1, B/40)
			for s := 0; s < B; s += step {
				alone := must[*States](t)(m.ExtractFeatures(ctx, rows[s]))
				if n := len(rows[s]); !sameBits(floats(alone), sequence(features, s, n)) {
					t.Errorf("features of sequence %d alone differ", s)
				}
				for i := len(rows[s]); i < T; i++ {
					if slices.ContainsFunc(allFeatures.row(s, i), nonZero) || slices.ContainsFunc(allLogits.row(s, i), nonZero) {
						t.Fatalf("row %d of sequence %d, past its end, is not zero", i, s)
					}
				}
				one := must[*Matrix](t)(m.Predict(ctx, "topics", rows[s]))
				if !sameBits(floats(one), floats(logp)[7*s:][:7]) {
					t.Errorf("prediction for sequence %d alone differs", s)
				}
			}
		})
	}
}

func nonZero(x float32) bool { return x != 0 }

// TestPadsAnywhere pads one sequence at the left, at the right and inside.
func TestPadsAnywhere(t *testing.T) {
	ctx := t.Context()
	m := openGolden(t, golden(t, "tiny", "model.pt"))
	tokens := m.Encode("The people said it was the first time.")
	features := pad(must[*States](t)(m.ExtractFeatures(ctx, tokens)))
	logits := pad(must[*States](t)(m.LMLogits(ctx, tokens)))
	logp := must[*Matrix](t)(m.Predict(ctx, "mnli", tokens))
	pads := slices.Repeat([]int{padID}, 50) // more than the model has positions
	inside := slices.Concat(tokens[:2], pads[:3], tokens[2:4], pads[:1], tokens[4:])
	for name, row := range map[string][]int{
		"right": slices.Concat(tokens, pads),
		"left":  slices.Concat(pads, tokens),
		"both":  slices.Concat(pads[:4], tokens, pads[:2]),
		"in":    inside,
	} {
		t.Run(name, func(t *testing.T) {
			x := pad(must[*States](t)(m.ExtractFeatures(ctx, row, tokens)))
			y := pad(must[*States](t)(m.LMLogits(ctx, row, tokens)))
			p := must[*Matrix](t)(m.Predict(ctx, "mnli", row, tokens))
			if want := (Shape{2, len(row), 64}); !slices.Equal(x.shape, want) {
				t.Fatalf("shape %v, want %v: pads count for the shape", x.shape, want)
			}
			n := 0
			for i, id := range row {
				if id == padID {
					if slices.ContainsFunc(x.row(0, i), nonZero) || slices.ContainsFunc(y.row(0, i), nonZero) {
						t.Errorf("the pad at position %d has values", i)
					}
					continue
				}
				if !sameBits(x.row(0, i), features.row(0, n)) {
					t.Errorf("features of token %d differ from those without pads", n)
				}
				if !sameBits(y.row(0, i), logits.row(0, n)) {
					t.Errorf("LM logits of token %d differ from those without pads", n)
				}
				n++
			}
			if !sameBits(floats(p)[:3], floats(logp)) || !sameBits(floats(p)[3:], floats(logp)) {
				t.Errorf("predictions %v differ from %v without pads", floats(p), floats(logp))
			}
		})
	}
}

// TestInputsStay gives tokens with room behind them, which a stray append
// would write to, and looks at all of it afterwards.
func TestInputsStay(t *testing.T) {
	m := openGolden(t, golden(t, "tiny", "model.pt"))
	rows := batchOf(4, m.Config().VocabSize, 5, 9)
	for i, row := range rows {
		rows[i] = append(make([]int, 0, 64), row...)
		for j := range rows[i][len(row):64] {
			rows[i][len(row):64][j] = 7000 + j
		}
	}
	before := slices.Concat(rows[0][:64], rows[1][:64])
	if _, err := everything(t.Context(), m, rows); err != nil {
		t.Fatal(err)
	}
	if after := slices.Concat(rows[0][:64], rows[1][:64]); !slices.Equal(after, before) {
		t.Errorf("tokens were %v and are %v", before, after)
	}
	candidates := append(make([]string, 0, 4), "The time", "first")
	if _, err := m.DisambiguatePronoun(t.Context(), "The _man_ was first because [it] was.", candidates); err != nil {
		t.Fatal(err)
	}
	if got := candidates[:3]; !slices.Equal(got, []string{"The time", "first", ""}) {
		t.Errorf("candidates and what lies behind them are %q", got)
	}
}

// padID is the padding token of fairseq's models.
const padID = 1
