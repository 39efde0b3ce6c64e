package bpe

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// withPattern returns GPT-2's Encoder with another pattern.
func withPattern(t testing.TB, expr string) *Encoder {
	t.Helper()
	p, err := compilePattern(expr)
	if err != nil {
		t.Fatal(err)
	}
	return &Encoder{vocabulary: Default().vocabulary, pattern: p, words: new(words)}
}

func TestPatternGolden(t *testing.T) {
	e := withPattern(t, gpt2Pattern)
	goldens(t, "encode.jsonl", func(t *testing.T, l struct {
		Text string
		BPE  []int
	}) {
		if got, err := e.TryAppend(nil, l.Text); !slices.Equal(got, l.BPE) || err != nil {
			t.Errorf("TryAppend(%q) = %v, %v, want %v", l.Text, got, err, l.BPE)
		}
	})
}

func TestPatternSplit(t *testing.T) {
	for _, test := range []struct {
		name, expr, text string
		want             []string
	}{
		{"gaps are pieces", `\p{L}+`, "ab, cd!", []string{"ab", ", ", "cd", "!"}},
		{"empty matches are passed over", `x*`, "axxb", []string{"a", "xx", "b"}},
		{"no match", `\d`, "abc", []string{"abc"}},
		{"look-ahead", `\s+(?!\S)|\s+`, "a  b", []string{"a", " ", " ", "b"}},
		{"inline option", `(?i:'s|'t)`, "it'S", []string{"it", "'S"}},
		{"possessive", `\p{L}++`, "ab1", []string{"ab", "1"}},
		{"bytes that are not UTF-8", `[a-z]+`, "a\xff\xfeb", []string{"a", "\xff\xfe", "b"}},
		{"U+FFFD matches them", `\uFFFD`, "a\xff\xfeb", []string{"a", "\xff", "\xfe", "b"}},
		{"characters of several bytes", `.`, "é中👍", []string{"é", "中", "👍"}},
		{"look-behind", `(?<=a)b`, "abb", []string{"a", "b", "b"}},
		{"empty text", `.`, "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := compilePattern(test.expr)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			err = p.split(test.text, func(start, end int) { got = append(got, test.text[start:end]) })
			if !slices.Equal(got, test.want) || err != nil {
				t.Errorf("split(%q) = %q, %v, want %q", test.text, got, err, test.want)
			}
		})
	}
}

func TestPatternErrors(t *testing.T) {
	for _, expr := range []string{`(`, `[a`, `*`, `(?<n`, `\`, `a{2,1}`} {
		_, err := New(strings.NewReader(""), strings.NewReader(""), WithPattern(expr))
		var patternErr *PatternError
		if !errors.As(err, &patternErr) || patternErr.Pattern != expr {
			t.Errorf("WithPattern(%q): error %v, want a *PatternError", expr, err)
		}
	}
}

func TestPatternTooLong(t *testing.T) {
	// Nested as deep as the limit allows is no trouble.
	deep := strings.Repeat("(", maxPattern/2-1) + "a" + strings.Repeat(")", maxPattern/2-1)
	if _, err := compilePattern(deep); err != nil {
		t.Error(err)
	}
	if _, err := compilePattern(strings.Repeat("(", 1_000_000) + strings.Repeat(")", 1_000_000)); !errors.Is(err, ErrTooLarge) || len(err.Error()) > 200 {
		t.Errorf("a million groups: error %v, want %v in a few words", err, ErrTooLarge)
	}
}

// TestPatternTimeout: a pattern that backtracks without end stops, says where,
// and loses no text. The time is long enough for the match before, even on a busy
// machine.
func TestPatternTimeout(t *testing.T) {
	e := withPattern(t, `b|(a|aa)+\d`)
	e.pattern.re.MatchTimeout = 500 * time.Millisecond
	s := "b" + strings.Repeat("a", 60) + "!1"
	ids, err := e.TryAppend(nil, s)
	var patternErr *PatternError
	if !errors.As(err, &patternErr) || patternErr.Offset != 1 || !errors.Is(err, ErrTimeout) {
		t.Errorf("error %v, want a *PatternError after byte 1, %v", err, ErrTimeout)
	}
	if b, _ := e.DecodeBytes(nil, ids); string(b) != s {
		t.Errorf("decoded %q, want %q", b, s)
	}
	if got := e.Encode(s); !slices.Equal(got, ids) {
		t.Errorf("Encode = %v, TryAppend = %v", got, ids)
	}
}

// FuzzPattern: whatever a pattern matches, its pieces are the text.
func FuzzPattern(f *testing.F) {
	f.Add(gpt2Pattern, "Hello, it's  me")
	f.Add(`(?<=a)b|x*`, "abxx\xff")
	f.Add(`(?r)\w+`, "ab cd")
	f.Fuzz(func(t *testing.T, expr, s string) {
		if len(expr) > 100 || len(s) > 200 {
			return
		}
		p, err := compilePattern(expr)
		if err != nil {
			return
		}
		p.re.MatchTimeout = 20 * time.Millisecond
		at := 0
		p.split(s, func(start, end int) {
			if start != at || end <= start {
				t.Fatalf("pattern %q on %q: piece [%d, %d) after byte %d", expr, s, start, end, at)
			}
			at = end
		})
		if at != len(s) {
			t.Errorf("pattern %q on %q: pieces end at byte %d", expr, s, at)
		}
	})
}
