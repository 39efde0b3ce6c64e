package roberta

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestLongestInput holds every method to the published 512 tokens: one more is
// refused before anything is computed, which a context that ended long ago shows.
func TestLongestInput(t *testing.T) {
	m := openGolden(t, golden(t, "fulldict", "model.pt"))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	const limit = 512
	words := func(n int) string { return "a" + strings.Repeat(" a", n-3) } // n tokens with <s> and </s>
	if n := len(m.Encode(words(limit))); n != limit {
		t.Fatalf("the text has %d tokens, want %d", n, limit)
	}
	short := m.Encode("a")
	for _, c := range []struct {
		name string
		f    func(ctx context.Context, n int) error
		seq  int // index of the sequence at fault
	}{
		{"features", func(ctx context.Context, n int) error {
			_, err := m.ExtractFeatures(ctx, short, m.Encode(words(n)), short)
			return err
		}, 1},
		{"all hiddens", func(ctx context.Context, n int) error {
			_, err := m.ExtractAllHiddens(ctx, m.Encode(words(n)))
			return err
		}, 0},
		{"LM logits", func(ctx context.Context, n int) error {
			_, err := m.LMLogits(ctx, m.Encode(words(n))[:n])
			return err
		}, 0},
		{"predict", func(ctx context.Context, n int) error {
			_, err := m.Predict(ctx, "mnli", short, short, m.Encode(words(n)))
			return err
		}, 2},
		{"a pair", func(ctx context.Context, n int) error { // <s> a </s></s> b </s>
			_, err := m.Predict(ctx, "mnli", m.Encode(words(300), words(n-300)))
			return err
		}, 0},
		{"fill-mask", func(ctx context.Context, n int) error {
			_, err := m.FillMasks(ctx, []string{"<mask>", words(n-1) + " <mask>"}, 1)
			return err
		}, 1},
		{"words", func(ctx context.Context, n int) error {
			_, err := m.ExtractFeaturesAlignedToWords(ctx, words(n), strings.Fields(words(n)))
			return err
		}, 0},
		{"pronoun", func(ctx context.Context, n int) error { // no <s> here: n-1 and </s>
			_, err := m.DisambiguatePronoun(ctx, words(n)+" [it]", []string{"a"})
			return err
		}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.name != "LM logits" || !testing.Short() && !raceDetector { // 100 MB of them
				if err := c.f(t.Context(), limit); err != nil {
					t.Errorf("%d tokens: %v", limit, err)
				}
			}
			err := c.f(ended, limit+1)
			length, ok := errors.AsType[*LengthError](err)
			if !ok || !errors.Is(err, ErrTooLong) {
				t.Fatalf("%d tokens: error %v, want ErrTooLong", limit+1, err)
			}
			if want := (LengthError{Sequence: c.seq, Tokens: limit + 1, Max: limit}); *length != want {
				t.Errorf("%d tokens: %+v, want %+v", limit+1, *length, want)
			}
		})
	}
}

// TestErrorsNameTheInput: one bad input among many is named by its index.
func TestErrorsNameTheInput(t *testing.T) {
	ctx := t.Context()
	m := openGolden(t, golden(t, "tiny", "model.pt"))
	ok := []int{0, 5, 2}
	for _, c := range []struct {
		name string
		err  func() error
		want error
		says string
	}{
		{"empty", func() error { _, err := m.ExtractFeatures(ctx, ok, ok, []int{}); return err }, ErrEmpty, "sequence 2"},
		{"pads alone", func() error { _, err := m.Predict(ctx, "mnli", ok, []int{1, 1}); return err }, ErrEmpty, "sequence 1"},
		{"a token", func() error { _, err := m.LMLogits(ctx, ok, ok, ok, []int{0, 1005}); return err }, ErrToken, "sequence 3: token 1005 at position 1"},
		{"a mask", func() error { _, err := m.FillMasks(ctx, []string{"<mask>", "<mask><mask>"}, 1); return err }, ErrMask, "text 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := c.err(); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, want %v that names %s", err, c.want, c.says)
			}
		})
	}
}

// TestRegisterSizes: sizes that would exhaust memory are an error.
func TestRegisterSizes(t *testing.T) {
	m := openGolden(t, golden(t, "tiny", "model.pt"))
	for _, c := range []struct{ classes, inner int }{
		{1 << 20, 1 << 20}, {math.MaxInt, 1}, {2, math.MaxInt}, {math.MinInt, 4},
	} {
		if err := m.RegisterClassificationHead("big", c.classes, WithInnerDim(c.inner)); !errors.Is(err, ErrHead) {
			t.Errorf("%d classes, inner dimension %d: %v, want ErrHead", c.classes, c.inner, err)
		}
	}
	if _, err := m.Head("big"); !errors.Is(err, ErrUnknownHead) {
		t.Errorf("a head that was refused is there: %v", err)
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

// TestVeryLongText gives texts of 20 MB to the methods that encode a text more than once
// or along with its offsets: only their beginnings are encoded.
func TestVeryLongText(t *testing.T) {
	m := openGolden(t, golden(t, "wsc", "model.pt"))
	long := strings.Repeat("the people said it was ", 20<<20/23)
	for name, f := range map[string]func() error{
		"words": func() error {
			_, err := m.ExtractFeaturesAlignedToWords(t.Context(), long, []string{"the"})
			return err
		},
		"pronoun": func() error {
			_, err := m.DisambiguatePronoun(t.Context(), "A dog saw [it] and "+long, []string{"a", "b"})
			return err
		},
		"candidate": func() error {
			_, err := m.DisambiguatePronoun(t.Context(), "A dog saw [it].", []string{"a", long})
			return err
		},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := f()
		runtime.ReadMemStats(&after)
		var e *LengthError
		if !errors.As(err, &e) || !e.More || e.Tokens <= e.Max || !errors.Is(err, ErrTooLong) {
			t.Errorf("%s: %v, want ErrTooLong", name, err)
		}
		// The test itself joins the text once. Its tokens would take twice its size and more.
		if n := after.TotalAlloc - before.TotalAlloc; n > 25<<20 {
			t.Errorf("%s: %d MB allocated for a text of 20 MB", name, n>>20)
		}
	}
}
