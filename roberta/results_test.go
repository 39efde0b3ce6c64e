package roberta

import (
	"math"
	"slices"
	"testing"
)

// TestResultsAreTheCallers writes over whatever a model hands out; nothing that
// it gives later may change.
func TestResultsAreTheCallers(t *testing.T) {
	ctx := t.Context()
	m := openGolden(t, golden(t, "tiny", "model.pt"))
	if err := m.RegisterClassificationHead("labelled", 2, WithLabels("no", "yes")); err != nil {
		t.Fatal(err)
	}
	rows := batchOf(2, m.Config().VocabSize, 6, 13)
	want := must[[]float32](t)(everything(ctx, m, rows))

	overwrite := func(ds ...result) {
		for _, d := range ds {
			for i := range floats(d) {
				floats(d)[i] = float32(math.NaN())
			}
		}
	}
	features := must[*States](t)(m.ExtractFeatures(ctx, rows...))
	overwrite(features)
	hidden := must[[]*States](t)(m.ExtractAllHiddens(ctx, rows...))
	kept := slices.Clone(floats(hidden[1]))
	overwrite(hidden[0], hidden[len(hidden)-1])
	if !sameBits(floats(hidden[1]), kept) {
		t.Error("two hidden states share memory")
	}
	for _, a := range must[*Result](t)(m.Extract(ctx, WantAttentions, rows...)).Attentions {
		for i := range a.Row(1, 0, 2) {
			a.Row(1, 0, 2)[i] = float32(math.NaN())
			a.Float32s(1)[i] = float32(math.NaN())
		}
	}
	overwrite(must[*States](t)(m.LMLogits(ctx, rows...)), must[*States](t)(m.LMLogits(ctx, rows[0])),
		must[*Matrix](t)(m.Predict(ctx, "mnli", rows...)), must[*Matrix](t)(m.PredictLogits(ctx, "score", rows...)))
	given := []string{"the", "first", "time"}
	al := must[*Alignment](t)(m.ExtractFeaturesAlignedToWords(ctx, "the first time", given))
	overwrite(al.Features)
	al.Words[0] = "changed"
	if given[0] != "the" {
		t.Error("an Alignment holds the caller's own slice of words")
	}
	heads := m.Heads()
	for i := range heads {
		heads[i].Name = "changed"
		for j := range heads[i].Labels {
			heads[i].Labels[j] = "changed"
		}
	}
	one := must[Head](t)(m.Head("labelled"))
	one.Labels[1] = "changed"
	if one = must[Head](t)(m.Head("labelled")); !slices.Equal(one.Labels, []string{"no", "yes"}) {
		t.Errorf("labels are %q after a change to a copy", one.Labels)
	}
	tokens := m.Encode("The first time.")
	encoded := slices.Clone(tokens)
	for i := range tokens {
		tokens[i] = -1
	}
	if again := m.Encode("The first time."); !slices.Equal(again, encoded) {
		t.Errorf("Encode gives %v, and %v after a change to its result", encoded, again)
	}
	if got := must[[]float32](t)(everything(ctx, m, rows)); !sameBits(got, want) {
		t.Error("numbers changed after results were written over")
	}
}
