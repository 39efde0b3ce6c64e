package roberta

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"gorgonia.org/tensor"

	"github.com/goroberta/goroberta/internal/simd"
)

// batchOf makes token sequences of the given lengths, <s> and </s> included.
func batchOf(seed uint64, vocab int, lengths ...int) [][]int {
	rng := rand.New(rand.NewPCG(seed, 1))
	var rows [][]int
	for _, n := range lengths {
		row := []int{0}
		for len(row) < n-1 {
			row = append(row, 4+rng.IntN(vocab-5))
		}
		rows = append(rows, append(row, 2)[:n])
	}
	return rows
}

// sequence returns sequence s of features (B, T, C), without padding.
func sequence(d *tensor.Dense, s, n int) []float32 {
	T, C := d.Shape()[1], d.Shape()[2]
	return floats(d)[s*T*C:][:n*C]
}

func sameBits(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) })
}

// TestOneResult holds a batch to its sequences one by one, threads to one
// another and every level of instructions to the portable one, bit for bit.
func TestOneResult(t *testing.T) {
	ctx := context.Background()
	for _, path := range [][]string{{"tiny", "model.pt"}, {"tiny", "fp16.pt"}, {"variants", "prenorm", "model.pt"}, {"variants", "head_dim_5", "model.pt"}, {"variants", "one_head_ffn_odd", "model.pt"}} {
		t.Run(strings.Join(path[:len(path)-1], "/"), func(t *testing.T) {
			one := openGolden(t, golden(t, path...), WithThreads(1))
			rows := batchOf(7, one.Config().VocabSize, 5, 1, 40, 17, 2, 31)
			rows[3] = append([]int{padID, padID}, rows[3]...)
			for i := range rows { // the variants have fewer positions
				rows[i] = rows[i][:min(len(rows[i]), one.Config().MaxPositions)]
			}
			want, err := one.ExtractFeatures(ctx, rows...)
			if err != nil {
				t.Fatal(err)
			}
			logp, err := one.Predict(ctx, "mnli", rows...)
			if err != nil {
				t.Fatal(err)
			}
			logits, err := one.LMLogits(ctx, rows...)
			if err != nil {
				t.Fatal(err)
			}
			for s, row := range rows {
				x, err := one.ExtractFeatures(ctx, row)
				if err != nil {
					t.Fatal(err)
				}
				if !sameBits(floats(x), sequence(want, s, len(row))) {
					t.Errorf("sequence %d alone differs from the same in a batch", s)
				}
				p, err := one.Predict(ctx, "mnli", row)
				if err != nil {
					t.Fatal(err)
				}
				if !sameBits(floats(p), floats(logp)[3*s:][:3]) {
					t.Errorf("prediction for sequence %d alone differs from the same in a batch", s)
				}
			}
			for _, threads := range []int{2, 7} {
				m := openGolden(t, golden(t, path...), WithThreads(threads))
				for _, f := range []struct {
					name string
					run  func() (*tensor.Dense, error)
					want *tensor.Dense
				}{
					{"features", func() (*tensor.Dense, error) { return m.ExtractFeatures(ctx, rows...) }, want},
					{"predictions", func() (*tensor.Dense, error) { return m.Predict(ctx, "mnli", rows...) }, logp},
					{"LM logits", func() (*tensor.Dense, error) { return m.LMLogits(ctx, rows...) }, logits},
				} {
					got, err := f.run()
					if err != nil {
						t.Fatal(err)
					}
					if !sameBits(floats(got), floats(f.want)) {
						t.Errorf("%s on %d threads differ from those on one", f.name, threads)
					}
				}
			}
			for _, level := range simd.Supported() {
				restore, err := simd.Use(level)
				if err != nil {
					t.Fatal(err)
				}
				got, err := one.ExtractFeatures(ctx, rows...)
				if err == nil && !sameBits(floats(got), floats(want)) {
					t.Errorf("level %v differs from level %v", level, simd.Active())
				}
				p, err2 := one.Predict(ctx, "mnli", rows...)
				if err2 == nil && !sameBits(floats(p), floats(logp)) {
					t.Errorf("predictions at level %v differ", level)
				}
				l, err3 := one.LMLogits(ctx, rows...)
				if err3 == nil && !sameBits(floats(l), floats(logits)) {
					t.Errorf("LM logits at level %v differ", level)
				}
				restore()
				if err := errors.Join(err, err2, err3); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestMaskedRowsOnly holds the computation of the asked rows alone to the full one.
func TestMaskedRowsOnly(t *testing.T) {
	for _, name := range []string{"prenorm", "untied"} {
		m := openGolden(t, golden(t, "variants", name, "model.pt"))
		rows := batchOf(3, m.Config().VocabSize, 9, 20, 4)
		at := [][]int{{0, 8}, {7}, {}}
		full, err := m.LMLogits(context.Background(), rows...)
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.maskLogits(context.Background(), rows, func(s int) []int { return at[s] })
		if err != nil {
			t.Fatal(err)
		}
		V, T := m.Config().VocabSize, full.Shape()[1]
		n := 0
		for s := range rows {
			for _, i := range at[s] {
				if !sameBits(got[n*V:][:V], floats(full)[(s*T+i)*V:][:V]) {
					t.Errorf("%s: logits of position %d of sequence %d alone differ from the full computation", name, i, s)
				}
				n++
			}
		}
	}
}

// TestConcurrentUse lets 100 goroutines call everything at once and compares
// each result with that of one goroutine.
func TestConcurrentUse(t *testing.T) {
	ctx := context.Background()
	m := openGolden(t, golden(t, "tiny", "model.pt"), WithThreads(3))
	rows := batchOf(5, m.Config().VocabSize, 12, 3, 25)
	calls := []func() ([]float32, error){
		func() ([]float32, error) { d, err := m.ExtractFeatures(ctx, rows...); return values(d), err },
		func() ([]float32, error) { d, err := m.LMLogits(ctx, rows[1]); return values(d), err },
		func() ([]float32, error) { d, err := m.Predict(ctx, "topics", rows...); return values(d), err },
		func() ([]float32, error) {
			hs, err := m.ExtractAllHiddens(ctx, rows[0])
			var all []float32
			for _, h := range hs {
				all = append(all, floats(h)...)
			}
			return all, err
		},
		func() ([]float32, error) {
			fills, err := m.FillMask(ctx, "The first <mask> of the year.", 4)
			var all []float32
			for _, f := range fills {
				all = append(all, f.Score, float32(f.ID))
			}
			return all, err
		},
		func() ([]float32, error) {
			var all []float32
			for _, id := range m.Encode("The people said it was the first time.", m.Decode(rows[0])) {
				all = append(all, float32(id))
			}
			return all, nil
		},
		func() ([]float32, error) {
			name := "again"
			if err := m.RegisterClassificationHead(name, 4, WithSeed(9)); err != nil {
				return nil, err
			}
			d, err := m.Predict(ctx, name, rows...)
			return values(d), err
		},
	}
	var want [][]float32
	for _, call := range calls {
		v, err := call()
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, v)
	}
	var wg sync.WaitGroup
	for g := range 100 {
		wg.Go(func() {
			for i := range calls {
				i = (i + g) % len(calls)
				got, err := calls[i]()
				if err != nil || !sameBits(got, want[i]) {
					t.Errorf("call %d in goroutine %d: other bits than alone (error %v)", i, g, err)
				}
			}
		})
	}
	wg.Wait()
}

func values(d *tensor.Dense) []float32 {
	if d == nil {
		return nil
	}
	return floats(d)
}

func TestCloseWhileInUse(t *testing.T) {
	m, err := Open(golden(t, "tiny", "model.pt"))
	if err != nil {
		t.Fatal(err)
	}
	rows := batchOf(5, m.Config().VocabSize, 30, 30, 30)
	var wg sync.WaitGroup
	started := make(chan struct{}, 8)
	for range 8 {
		wg.Go(func() {
			for i := 0; ; i++ {
				_, err := m.ExtractFeatures(context.Background(), rows...)
				if i == 0 {
					started <- struct{}{}
				}
				if errors.Is(err, ErrClosed) {
					return
				}
				if err != nil {
					t.Errorf("a call beside Close: %v", err)
					return
				}
			}
		})
	}
	<-started
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if err := m.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if _, err := m.FillMask(context.Background(), "<mask>", 1); !errors.Is(err, ErrClosed) {
		t.Errorf("FillMask after Close: %v, want ErrClosed", err)
	}
	if err := m.RegisterClassificationHead("x", 2); !errors.Is(err, ErrClosed) {
		t.Errorf("RegisterClassificationHead after Close: %v, want ErrClosed", err)
	}
}

func TestInputErrors(t *testing.T) {
	ctx := context.Background()
	m := openGolden(t, golden(t, "tiny", "model.pt"))
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	long := batchOf(1, 1005, 41)[0]
	for _, c := range []struct {
		name string
		err  func() error
		want error
		says string // what the message must name
	}{
		{"no sequences", func() error { _, err := m.ExtractFeatures(ctx); return err }, ErrEmpty, ""},
		{"an empty sequence", func() error { _, err := m.ExtractFeatures(ctx, []int{0, 2}, nil); return err }, ErrEmpty, ""},
		{"pads alone", func() error { _, err := m.Predict(ctx, "mnli", []int{1, 1}); return err }, ErrEmpty, ""},
		{"too many tokens", func() error { _, err := m.ExtractFeatures(ctx, []int{0, 2}, long); return err }, ErrTooLong, "sequence 1: 41 tokens exceed the maximum length of 40"},
		{"an id above the vocabulary", func() error { _, err := m.LMLogits(ctx, []int{0, 1005, 2}); return err }, ErrToken, "1005"},
		{"a negative id", func() error { _, err := m.ExtractAllHiddens(ctx, []int{0, -1, 2}); return err }, ErrToken, "-1"},
		{"an unknown head", func() error { _, err := m.Predict(ctx, "nope", []int{0, 2}); return err }, ErrUnknownHead, "mnli, score, topics"},
		{"no mask", func() error { _, err := m.FillMask(ctx, "hello", 1); return err }, ErrMask, "0 <mask>"},
		{"two masks", func() error { _, err := m.FillMask(ctx, "<mask> <mask>", 1); return err }, ErrMask, "2 <mask>"},
		{"a mask in a text too long", func() error { _, err := m.FillMask(ctx, strings.Repeat(" the", 50)+"<mask>", 1); return err }, ErrTooLong, "53"},
		{"top-k of 0", func() error { _, err := m.FillMask(ctx, "<mask>", 0); return err }, ErrTopK, "0"},
		{"top-k above the vocabulary", func() error { _, err := m.FillMask(ctx, "<mask>", 1006); return err }, ErrTopK, "1005"},
		{"a cancelled context", func() error { _, err := m.ExtractFeatures(cancelled, []int{0, 2}); return err }, context.Canceled, ""},
		{"a head without a name", func() error { return m.RegisterClassificationHead("", 2) }, ErrHead, ""},
		{"a head's name with a dot", func() error { return m.RegisterClassificationHead("a.b", 2) }, ErrHead, "a.b"},
		{"a head without classes", func() error { return m.RegisterClassificationHead("a", 0) }, ErrHead, "0 classes"},
		{"a head's inner dimension", func() error { return m.RegisterClassificationHead("a", 1, WithInnerDim(-3)) }, ErrHead, "-3"},
		{"labels that are too few", func() error { return m.RegisterClassificationHead("a", 3, WithLabels("x")) }, ErrHead, "1 labels"},
		{"no pronoun", func() error { _, err := m.DisambiguatePronoun(ctx, "a b", []string{"a"}); return err }, ErrPronounMark, ""},
		{"two pronouns", func() error { _, err := m.DisambiguatePronoun(ctx, "a [b] [c]", []string{"a"}); return err }, ErrPronounMark, ""},
		{"one underscore", func() error { _, err := m.DisambiguatePronoun(ctx, "a _b [c]", []string{"a"}); return err }, ErrPronounMark, "1 underscores"},
		{"a pronoun first", func() error { _, err := m.DisambiguatePronoun(ctx, "[It] is", []string{"a"}); return err }, ErrPronounFirst, ""},
		{"a pronoun inside a word", func() error { _, err := m.DisambiguatePronoun(ctx, "a b[it]c", []string{"a"}); return err }, ErrPronounMisaligned, ""},
		{"no candidates", func() error { _, err := m.DisambiguatePronoun(ctx, "a [it] c", nil); return err }, ErrNoCandidate, ""},
		{"the query alone as candidate", func() error {
			_, err := m.DisambiguatePronoun(ctx, "The _man_ saw [it].", []string{"the Man"})
			return err
		}, ErrNoCandidate, ""},
		{"words of another text", func() error {
			_, err := m.ExtractFeaturesAlignedToWords(ctx, "the first", []string{"the", "last"})
			return err
		}, ErrAlign, "last"},
		{"words that end early", func() error { _, err := m.ExtractFeaturesAlignedToWords(ctx, "the first", []string{"the"}); return err }, ErrAlign, "first"},
		{"no words", func() error { _, err := m.ExtractFeaturesAlignedToWords(ctx, "the first", nil); return err }, ErrAlign, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.err()
			if !errors.Is(err, c.want) {
				t.Fatalf("error %v, want %v", err, c.want)
			}
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %q does not name %q", err, c.says)
			}
		})
	}
	var length *LengthError
	if _, err := m.Predict(ctx, "mnli", long); !errors.As(err, &length) || length.Tokens != 41 || length.Max != 40 {
		t.Errorf("errors.As of a length error gives %+v", length)
	}
	if _, err := m.ExtractFeatures(ctx, append([]int{1, 1, 1}, long[:40]...)); err != nil {
		t.Errorf("40 tokens and 3 pads: %v, want none: pads do not count", err)
	}
}

func TestOptions(t *testing.T) {
	for _, n := range []int{0, -1, 1 << 20} {
		if _, err := Open(golden(t, "tiny", "model.pt"), WithThreads(n)); err == nil {
			t.Errorf("WithThreads(%d) gives no error", n)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "nothing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Open of nothing: %v, want os.ErrNotExist", err)
	}
}

func TestOpenFSAndLoad(t *testing.T) {
	path := golden(t, "tiny", "model.pt")
	want := openGolden(t, path)
	rows := batchOf(5, 1005, 12)
	features, err := want.ExtractFeatures(context.Background(), rows...)
	if err != nil {
		t.Fatal(err)
	}
	fromFS, err := OpenFS(os.DirFS(filepath.Dir(path)), filepath.Base(path))
	if err != nil {
		t.Fatal(err)
	}
	defer fromFS.Close()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	defer loaded.Close()
	for name, m := range map[string]*Model{"OpenFS": fromFS, "Load": loaded} {
		got, err := m.ExtractFeatures(context.Background(), rows...)
		if err != nil {
			t.Fatal(err)
		}
		if !sameBits(floats(got), floats(features)) {
			t.Errorf("%s: other features than from Open", name)
		}
	}
	if got := fromFS.Encode("Hello world!"); !slices.Equal(got, want.Encode("Hello world!")) {
		t.Errorf("OpenFS: Encode gives %v", got)
	}
	// Only a stream: no dict.txt beside it, and 1005 tokens are not GPT-2's.
	if got := loaded.Encode("Hello world!"); got != nil {
		t.Errorf("Load: Encode without a vocabulary gives %v, want nil", got)
	}
	if _, err := loaded.ExtractFeatures(context.Background(), loaded.Encode("Hello")); !errors.Is(err, ErrNoVocabulary) {
		t.Errorf("features of what Encode gives without a vocabulary: %v, want ErrNoVocabulary", err)
	}
	if _, err := loaded.FillMask(context.Background(), "<mask>", 1); !errors.Is(err, ErrNoVocabulary) {
		t.Errorf("FillMask without a vocabulary: %v, want ErrNoVocabulary", err)
	}
}

func TestRegisterClassificationHead(t *testing.T) {
	ctx := context.Background()
	var log bytes.Buffer
	m := openGolden(t, golden(t, "tiny", "model.pt"), WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	tokens := m.Encode("The first time.")
	predict := func() []float32 {
		t.Helper()
		d, err := m.Predict(ctx, "new_task", tokens)
		if err != nil {
			t.Fatal(err)
		}
		return floats(d)
	}
	log.Reset()
	if err := m.RegisterClassificationHead("new_task", 3, WithSeed(1), WithLabels("a", "b", "c")); err != nil {
		t.Fatal(err)
	}
	if log.Len() > 0 {
		t.Errorf("a first registration logs %q", &log)
	}
	first := predict()
	sum := 0.0
	for _, p := range first {
		sum += math.Exp(float64(p))
	}
	if len(first) != 3 || math.Abs(sum-1) > 1e-6 {
		t.Errorf("probabilities of a new head add up to %v", sum)
	}
	if h, err := m.Head("new_task"); err != nil || h.InnerDim != 64 || !slices.Equal(h.Labels, []string{"a", "b", "c"}) {
		t.Errorf("Head = %+v, %v", h, err)
	}
	if err := m.RegisterClassificationHead("new_task", 3, WithSeed(1)); err != nil {
		t.Fatalf("registering again: %v, want a warning only", err)
	}
	if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "new_task") {
		t.Errorf("registering again logs %q, want a warning that names the head", &log)
	}
	if got := predict(); !sameBits(got, first) {
		t.Errorf("equal seeds give %v and %v", got, first)
	}
	if err := m.RegisterClassificationHead("new_task", 3); err != nil {
		t.Fatal(err)
	}
	if got := predict(); sameBits(got, first) {
		t.Error("a head without a seed repeats the weights of one with")
	}
	if err := m.RegisterClassificationHead("new_task", 5, WithInnerDim(7)); err != nil {
		t.Fatal(err)
	}
	if got := predict(); len(got) != 5 {
		t.Errorf("%d classes after registering 5", len(got))
	}

	// torch's default: uniform in ±1/√inputs.
	h := (*m.heads.Load())["new_task"]
	lo, hi, n := 0.0, 0.0, 0
	for _, w := range h.dense.w.F32 {
		lo, hi = min(lo, float64(w)), max(hi, float64(w))
		if w != 0 {
			n++
		}
	}
	if bound := 1.0 / 8; lo < -bound || hi > bound || lo > -0.9*bound || hi < 0.9*bound || n < 7*60 {
		t.Errorf("weights from %v to %v, want ±1/√64", lo, hi)
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
			m.lm.bias[id] += 40
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

func TestTokensFromDense(t *testing.T) {
	want := [][]int{{0, 5, 2, 1}, {0, 6, 7, 2}}
	i32 := tensor.New(tensor.WithShape(2, 4), tensor.WithBacking([]int32{0, 5, 2, 1, 0, 6, 7, 2}))
	i64 := tensor.New(tensor.WithShape(2, 4), tensor.WithBacking([]int64{0, 5, 2, 1, 0, 6, 7, 2}))
	ints := tensor.New(tensor.WithShape(4), tensor.WithBacking([]int{0, 5, 2, 1}))
	turned := tensor.New(tensor.WithShape(4, 2), tensor.WithBacking([]int{0, 0, 5, 6, 2, 7, 1, 2}))
	if err := turned.T(); err != nil {
		t.Fatal(err)
	}
	col, err := i64.Slice(nil, tensor.S(0, 3))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		in   *tensor.Dense
		want [][]int
	}{
		{"int32", i32, want}, {"int64", i64, want}, {"int, one row", ints, want[:1]}, {"transposed", turned, want},
		{"a view", col.(*tensor.Dense), [][]int{{0, 5, 2}, {0, 6, 7}}},
	} {
		got, err := TokensFromDense(c.in)
		if err != nil || !slices.EqualFunc(got, c.want, slices.Equal[[]int]) {
			t.Errorf("%s: %v, %v, want %v", c.name, got, err, c.want)
		}
	}
	masked := tensor.New(tensor.WithShape(2), tensor.WithBacking([]int{0, 2}), tensor.WithMask([]bool{true, false}))
	for name, in := range map[string]*tensor.Dense{
		"nil": nil, "floats": tensor.New(tensor.WithShape(2), tensor.WithBacking([]float32{0, 2})), "masked": masked,
		"three dimensions": tensor.New(tensor.WithShape(1, 1, 2), tensor.WithBacking([]int{0, 2})), "a scalar": tensor.New(tensor.FromScalar(3)),
	} {
		if got, err := TokensFromDense(in); !errors.Is(err, ErrTokens) {
			t.Errorf("%s: %v, %v, want ErrTokens", name, got, err)
		}
	}
}

// TestAlignCutCharacters: byte-level BPE cuts characters, and leaves a space
// before them a token of its own; both still align.
func TestAlignCutCharacters(t *testing.T) {
	m := openGolden(t, golden(t, "fulldict", "model.pt"))
	for _, c := range []struct {
		text  string
		words []string
	}{
		{"é 中", []string{"é", "中"}}, {"a 中文 b", []string{"a", "中", "文", "b"}}, {"👍 yes", []string{"👍", "yes"}}, {"x 👍👍", []string{"x", "👍", "👍"}},
	} {
		a, err := m.ExtractFeaturesAlignedToWords(t.Context(), c.text, c.words)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		// The rows add up to the features: no token is lost or counted twice.
		x, err := m.ExtractFeatures(t.Context(), m.Encode(c.text))
		if err != nil {
			t.Fatal(err)
		}
		C := m.Config().Dim
		for i := range C {
			var rows, tokens float64
			for r := i; r < len(floats(a.Features)); r += C {
				rows += float64(floats(a.Features)[r])
			}
			for r := i; r < len(floats(x)); r += C {
				tokens += float64(floats(x)[r])
			}
			if math.Abs(rows-tokens) > 1e-4 {
				t.Fatalf("%q, alignment %v: channel %d adds up to %v, the features to %v", c.text, a.Tokens, i, rows, tokens)
			}
		}
	}
}

func TestDetokenize(t *testing.T) {
	for in, want := range map[string]string{
		"":                      "",
		"Hello , world !":       "Hello, world!",
		"( a ) and [ b ] $ 5":   "(a) and [b] $5",
		"the Jones ' house":     "the Jones' house",
		`he said " yes " twice`: `he said "yes" twice`,
		"I 'm it 's":            "I'm it's",
		"rock &amp; roll":       "rock & roll",
		"co @-@ operate":        "co-operate",
		"日本 語 x":                "日本語 x",
	} {
		if got := detokenize(strings.Split(in, " ")); got != want {
			t.Errorf("detokenize(%q) = %q, want %q", in, got, want)
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
