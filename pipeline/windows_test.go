package pipeline_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// wholeStates are the hidden states of a long text: of <s> and </s> in the windows at its
// ends, of each token in the window in which it is farthest from a border, by looking
// through all windows for each.
func wholeStates(t *testing.T, m *roberta.Model, text string, limit tokenizer.Limit) [][]float32 {
	t.Helper()
	tok, err := m.Tokenizer()
	if err != nil {
		t.Fatal(err)
	}
	all, err := tok.Template().Windows(tok, limit, text)
	if err != nil {
		t.Fatal(err)
	}
	windows := slices.Collect(all)
	total := len(tok.Append(nil, text))
	var starts []int
	step := len(windows[0].IDs) - 2 - limit.Stride
	var states []*roberta.States
	for w, e := range windows {
		lo := w * step
		if limit.Left {
			lo = total - w*step - (len(e.IDs) - 2)
		}
		starts = append(starts, lo)
		s, err := m.ExtractFeatures(t.Context(), e.IDs)
		if err != nil {
			t.Fatal(err)
		}
		states = append(states, s)
	}
	first, last := slices.Index(starts, slices.Min(starts)), slices.Index(starts, slices.Max(starts))
	rows := [][]float32{states[first].Row(0, 0)}
	for k := range total {
		best, most := -1, -1
		order := make([]int, len(windows))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int { return starts[a] - starts[b] })
		for _, w := range order {
			n := len(windows[w].IDs) - 2
			if k < starts[w] || k >= starts[w]+n {
				continue
			}
			before, after := k-starts[w], starts[w]+n-1-k
			if starts[w] == 0 {
				before = math.MaxInt
			}
			if starts[w]+n == total {
				after = math.MaxInt
			}
			if c := min(before, after); c > most {
				best, most = w, c
			}
		}
		rows = append(rows, states[best].Row(0, 1+k-starts[best]))
	}
	return append(rows, states[last].Row(0, states[last].Len(0)-1))
}

// TestEmbedWindows compares vectors of long texts with poolings of the states of all
// their tokens, for windows from either end, and batches of any size.
func TestEmbedWindows(t *testing.T) {
	m := open(t, "fulldict")
	all := []pipeline.Pooling{pipeline.CLS, pipeline.MaxTokens, pipeline.Mean, pipeline.MeanSqrtLen, pipeline.WeightedMean, pipeline.LastToken}
	for _, text := range []string{"", "short", strings.Repeat("A longer text about nothing. ", 6), strings.Repeat("x y ", 9)} {
		for _, stride := range []int{0, 1, 4, 9} {
			for _, left := range []bool{false, true} {
				limit := tokenizer.Limit{Length: 13, Stride: stride, Left: left}
				h := wholeStates(t, m, text, limit)
				var want []float64
				for _, p := range all {
					for i := range h[0] {
						want = append(want, pooled[p](h, i, 0))
					}
				}
				what := fmt.Sprintf("%q, stride %d, left %v", text, stride, left)
				limit.Stride = 0
				got := embed(t, m, text, pipeline.WithPooling(all...), pipeline.WithLimit(limit), pipeline.WithWindows(stride))
				compare(t, what, got, want)
				small := embed(t, m, text, pipeline.WithPooling(all...), pipeline.WithLimit(limit), pipeline.WithWindows(stride), pipeline.WithBatch(1))
				if !slices.Equal(got, small) {
					t.Errorf("%s: other bits in small batches", what)
				}
				first := embed(t, m, text, pipeline.WithPooling(pipeline.CLS), pipeline.WithLimit(limit), pipeline.WithWindows(stride))
				if !slices.Equal(first, got[:len(first)]) {
					t.Errorf("%s: the first token alone has other bits", what)
				}
			}
		}
	}
	plain := embed(t, m, "A text that fits.", pipeline.WithPooling(all...))
	if windows := embed(t, m, "A text that fits.", pipeline.WithPooling(all...), pipeline.WithWindows(3)); !slices.Equal(windows, plain) {
		t.Error("windows change the vector of a text that fits")
	}
	e, err := pipeline.NewEmbedder(m, pipeline.WithLimit(tokenizer.Limit{Length: 12}), pipeline.WithWindows(2))
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("a b ", 20)
	if _, err := e.EmbedAll(t.Context(), []pipeline.Input{pipeline.Text(long, "pair")}); !errors.Is(err, pipeline.ErrInput) {
		t.Errorf("a pair that is too long: error %v, want ErrInput", err)
	}
	e, err = pipeline.NewEmbedder(m, pipeline.WithLimit(tokenizer.Limit{Length: 12}), pipeline.WithWindows(10))
	if err != nil {
		t.Fatal(err)
	}
	_, err = e.Embed(t.Context(), []string{long})
	if _, ok := errors.AsType[*tokenizer.LimitError](err); !ok {
		t.Errorf("stride as large as windows: error %v, want a LimitError", err)
	}
}

// TestWindowsPrompt leaves out the prompt's tokens, also where they fill windows.
func TestWindowsPrompt(t *testing.T) {
	const config = `{"pooling_mode":["mean","weightedmean","cls"],"include_prompt":false}`
	m := openWith(t, sentenceFiles(transformer+","+pooling, config, nil))
	long := strings.Repeat("the a of ", 5)
	for _, prompt := range []string{"the ", strings.Repeat("a ", 9)} {
		h := wholeStates(t, m, prompt+long, tokenizer.Limit{Length: 8, Stride: 2})
		skip := len(m.Encode(prompt)) - 1
		var want []float64
		for _, p := range []pipeline.Pooling{pipeline.Mean, pipeline.WeightedMean, pipeline.CLS} {
			for i := range h[0] {
				want = append(want, pooled[p](h, i, skip))
			}
		}
		got := embed(t, m, long, pipeline.WithPrompt(prompt), pipeline.WithLimit(tokenizer.Limit{Length: 8}), pipeline.WithWindows(2))
		compare(t, prompt, got, want)
	}
}

// TestClassifyWindows joins the scores of windows.
func TestClassifyWindows(t *testing.T) {
	m := open(t, "fulldict")
	const length, stride = 14, 3
	text := strings.Repeat("A longer text about nothing. ", 6)
	tok, err := m.Tokenizer()
	if err != nil {
		t.Fatal(err)
	}
	windows, err := tok.Template().Windows(tok, tokenizer.Limit{Length: length, Stride: stride}, text)
	if err != nil {
		t.Fatal(err)
	}
	alone, err := pipeline.NewClassifier(m)
	if err != nil {
		t.Fatal(err)
	}
	mean, most, n := map[string]float64{}, map[string]float64{}, 0.0
	for e := range windows {
		labels, err := alone.ClassifyAll(t.Context(), []pipeline.Input{pipeline.Tokens(e.IDs...)})
		if err != nil {
			t.Fatal(err)
		}
		n++
		for _, l := range labels[0] {
			mean[l.Name] += float64(l.Score)
			most[l.Name] = max(most[l.Name], float64(l.Score))
		}
	}
	if n < 3 {
		t.Fatalf("%v windows, want several", n)
	}
	for name := range mean {
		mean[name] /= n
	}
	for join, want := range map[pipeline.Join]map[string]float64{pipeline.JoinMean: mean, pipeline.JoinMax: most} {
		c, err := pipeline.NewClassifier(m, pipeline.WithWindows(stride), pipeline.WithJoin(join), pipeline.WithLimit(tokenizer.Limit{Length: length}))
		if err != nil {
			t.Fatal(err)
		}
		labels, err := c.Classify(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		for i, l := range labels {
			if l.Score != float32(want[l.Name]) || i > 0 && l.Score > labels[i-1].Score {
				t.Errorf("%s: labels %v, want %v", join, labels, want)
			}
		}
		short, err1 := c.Classify(t.Context(), "short")
		plain, err2 := alone.Classify(t.Context(), "short")
		if err := errors.Join(err1, err2); err != nil || !slices.Equal(short, plain) {
			t.Errorf("%s: windows change the labels of a text that fits: %v, %v, error %v", join, short, plain, err)
		}
	}
}
