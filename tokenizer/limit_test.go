package tokenizer_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/tokenizer"
)

// inputs encodes texts under a limit, in windows or truncated.
func inputs(limit tokenizer.Limit, windows bool, text string, more ...string) ([]*tokenizer.Encoding, error) {
	template := letters{}.Template()
	if !windows {
		e, err := template.Encode(letters{}, limit, text, more...)
		return []*tokenizer.Encoding{e}, err
	}
	all, err := template.Windows(letters{}, limit, text, more...)
	if err != nil {
		return nil, err
	}
	return slices.Collect(all), nil
}

// TestGoldenLimits: truncation and windows are Hugging Face's (testdata/README.md).
func TestGoldenLimits(t *testing.T) {
	b, err := os.ReadFile("testdata/limits.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	type ranges [][2]int // by text: the range of its tokens
	n := 0
	for line := range bytes.Lines(b) {
		var c struct {
			Texts            []int
			Length           int
			Truncation, Side string
			Stride           *int
			Inputs           []ranges
			Error            bool
		}
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		n++
		limit := tokenizer.Limit{Length: c.Length, Left: c.Side == "left"}
		for limit.Truncation.String() != c.Truncation {
			limit.Truncation++
		}
		if c.Stride != nil {
			limit.Stride = *c.Stride
		}
		var texts []string
		for _, n := range c.Texts {
			texts = append(texts, strings.Repeat("x", n))
		}
		encodings, err := inputs(limit, c.Stride != nil, texts[0], texts[1:]...)
		if (err != nil) != c.Error {
			t.Errorf("%s%v", line, err)
			continue
		}
		if err != nil {
			continue
		}
		var got []ranges
		for _, e := range encodings {
			r := make(ranges, len(texts))
			for k, i := range e.Sequence {
				if i >= 0 {
					if r[i][1] == 0 {
						r[i][0] = e.Spans[k].Start
					}
					r[i][1] = e.Spans[k].End
				}
			}
			got = append(got, r)
		}
		if !reflect.DeepEqual(got, c.Inputs) {
			t.Errorf("%sgot %v", line, got)
		}
	}
	if n == 0 {
		t.Fatal("no lines")
	}
}

func TestLimits(t *testing.T) {
	const (
		none   = tokenizer.NoTruncation
		first  = tokenizer.OnlyFirst
		second = tokenizer.OnlySecond
		long   = tokenizer.LongestFirst
	)
	for _, test := range []struct {
		name    string
		limit   tokenizer.Limit
		windows bool
		texts   []string
		want    []string // nil: an error
		reason  string
	}{
		{"no limit", tokenizer.Limit{}, false, []string{"abc"}, []string{"<s>abc</s>"}, ""},
		{"fits", tokenizer.Limit{Length: 5}, false, []string{"abc"}, []string{"<s>abc</s>"}, ""},
		{"nothing is cut unasked", tokenizer.Limit{Length: 4}, false, []string{"abc"}, nil, "truncation is off"},
		{"right", tokenizer.Limit{Length: 4, Truncation: long}, false, []string{"abc"}, []string{"<s>ab</s>"}, ""},
		{"left", tokenizer.Limit{Length: 4, Truncation: first, Left: true}, false, []string{"abc"}, []string{"<s>bc</s>"}, ""},
		{"no room", tokenizer.Limit{Length: 2, Truncation: long}, false, []string{"abc"}, nil, "no room"},
		{"no room, but no text", tokenizer.Limit{Length: 2, Truncation: long}, false, []string{""}, []string{"<s></s>"}, ""},
		{"special tokens alone are too long", tokenizer.Limit{Length: 1, Truncation: long}, false, []string{""}, nil, "no room"},
		{"negative length", tokenizer.Limit{Length: -3, Truncation: long}, false, []string{"abc"}, nil, "no room"},
		{"no second text", tokenizer.Limit{Length: 4, Truncation: second}, false, []string{"abc"}, nil, "no second text"},
		{"second too short", tokenizer.Limit{Length: 7, Truncation: second}, false, []string{"abc", "de"}, nil, "text 1 has 2 tokens, too few to cut 2"},
		{"unknown truncation", tokenizer.Limit{Length: 4, Truncation: 9}, false, []string{"abc"}, nil, "Truncation(9)"},
		{"three texts", tokenizer.Limit{Length: 14, Truncation: long}, false, []string{"a", "bbbbbb", "cccccc"}, []string{"<s>a</s></s>bbb</s></s>cccc</s>"}, ""},

		{"windows without a limit", tokenizer.Limit{Stride: 3}, true, []string{"abc"}, []string{"<s>abc</s>"}, ""},
		{"windows side by side", tokenizer.Limit{Length: 4}, true, []string{"abcde"}, []string{"<s>ab</s>", "<s>cd</s>", "<s>e</s>"}, ""},
		{"windows that overlap", tokenizer.Limit{Length: 5, Stride: 2}, true, []string{"abcde"}, []string{"<s>abc</s>", "<s>bcd</s>", "<s>cde</s>"}, ""},
		{"windows from the end", tokenizer.Limit{Length: 5, Stride: 1, Left: true}, true, []string{"abcdef"}, []string{"<s>def</s>", "<s>bcd</s>", "<s>ab</s>"}, ""},
		{"the first text whole in each", tokenizer.Limit{Length: 8, Truncation: second}, true, []string{"ab", "cdef"}, []string{"<s>ab</s></s>cd</s>", "<s>ab</s></s>ef</s>"}, ""},
		{"all combinations", tokenizer.Limit{Length: 6}, true, []string{"ab", "cde"},
			[]string{"<s>a</s></s>c</s>", "<s>a</s></s>d</s>", "<s>a</s></s>e</s>", "<s>b</s></s>c</s>", "<s>b</s></s>d</s>", "<s>b</s></s>e</s>"}, ""},
		{"a text without a window", tokenizer.Limit{Length: 5}, true, []string{"ab", "cde"}, nil, "stride 0 of windows of 0 tokens"},
		{"stride too large", tokenizer.Limit{Length: 5, Stride: 3}, true, []string{"abcde"}, nil, "stride 3 of windows of 3 tokens"},
		{"negative stride", tokenizer.Limit{Length: 5, Stride: -1}, true, []string{"abcde"}, nil, "stride -1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			encodings, err := inputs(test.limit, test.windows, test.texts[0], test.texts[1:]...)
			if test.want == nil {
				limitErr, ok := errors.AsType[*tokenizer.LimitError](err)
				if !ok || !errors.Is(err, tokenizer.ErrTooLong) || limitErr.Limit != test.limit || !strings.Contains(err.Error(), test.reason) {
					t.Fatalf("error %v, want a *LimitError with %q", err, test.reason)
				}
				if want := len(tokenizer.Encode(letters{}, test.texts[0], test.texts[1:]...)); limitErr.Tokens != want {
					t.Errorf("error names %d tokens, want %d", limitErr.Tokens, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range encodings {
				got = append(got, spell(e.IDs))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestWindowsLazy: the windows of two long texts are a hundred million; one can
// stop after three, and begin again.
func TestWindowsLazy(t *testing.T) {
	text := strings.Repeat("x", 10_000)
	all, err := letters{}.Template().Windows(letters{}, tokenizer.Limit{Length: 6}, text, text)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		var starts []int
		for e := range all {
			if starts = append(starts, e.Spans[4].Start); len(starts) == 3 {
				break
			}
		}
		if !slices.Equal(starts, []int{0, 1, 2}) {
			t.Errorf("windows of the second text begin at %v", starts)
		}
	}
}
