package bpe

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/goroberta/goroberta/tokenizer"
)

// TestReported encodes texts that other implementations were reported to get
// wrong.
func TestReported(t *testing.T) {
	tests := []struct {
		name, text string
		want       []int
	}{
		{"special tokens spelled out", "Yes.</s></s>No.", []int{0, 9904, 49803, 29, 49526, 29, 15698, 3084, 4, 2}},
		{"end of text spelled out", "end <|endoftext|> start", []int{0, 1397, 28696, 15483, 1397, 1116, 29015, 15483, 15698, 386, 2}},
		{"mask spelled out", "The <mask> is red.", []int{0, 133, 28696, 43776, 15698, 16, 1275, 4, 2}},
		{"CRLF", "one\r\ntwo", []int{0, 1264, 50121, 50118, 7109, 2}},
		{"CRLF at the end", "## Title\r\n", []int{0, 48342, 13497, 50121, 50118, 2}},
		{"dotted capital I", "İSTANBUL 2030 赛车", []int{0, 649, 7487, 4014, 1889, 387, 6597, 12060, 47897, 8906, 3726, 36484, 10809, 18164, 2}},
		{"composed accent", "na\u00efve", []int{0, 2133, 48350, 2}},
		{"decomposed accent", "nai\u0308ve", []int{0, 39089, 44025, 23133, 548, 2}},
		{"empty", "", []int{0, 2}},
	}
	tok := DefaultTokenizer()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := tokenizer.Encode(tok, test.text)
			if !slices.Equal(got, test.want) {
				t.Errorf("Encode(%q) = %v, want %v", test.text, got, test.want)
			}
			if back := tokenizer.Decode(tok, got); back != test.text {
				t.Errorf("Decode(%v) = %q, want %q", got, back, test.text)
			}
		})
	}
}

// TestMonotonous encodes long runs of one character: the counts are fairseq's. If time
// grew with the square of the length, a million characters would take hours, and go
// test would end them.
func TestMonotonous(t *testing.T) {
	e := Default()
	for _, test := range []struct {
		text    string
		n, want int
	}{
		{"a", 100_000, 25_000},
		{"^", 1_000_000, 250_000},
		{"=", 100_000, 1_563},
		{" ", 100_000, 100_000},
	} {
		s := strings.Repeat(test.text, test.n)
		ids := e.Encode(s)
		if len(ids) != test.want {
			t.Errorf("%d × %q: %d ids, want %d", test.n, test.text, len(ids), test.want)
		}
		if b, err := e.DecodeBytes(nil, ids); string(b) != s || err != nil {
			t.Errorf("%d × %q does not come back: %v", test.n, test.text, err)
		}
	}
}

func checkRoundTrip(t *testing.T, e *Encoder, s string) {
	t.Helper()
	ids := e.Encode(s)
	if b, err := e.DecodeBytes(nil, ids); string(b) != s || err != nil {
		t.Errorf("DecodeBytes(Encode(%q)) = %q, %v", s, b, err)
	}
	prefix := []int{-7}
	if got := e.Append(prefix, s); got[0] != -7 || !slices.Equal(got[1:], ids) {
		t.Errorf("Append(%v, %q) = %v, want %v after it", prefix, s, got, ids)
	}
	if got, err := e.Decode(ids); err != nil || utf8.ValidString(s) && got != s || !utf8.ValidString(got) {
		t.Errorf("Decode(Encode(%q)) = %q, %v", s, got, err)
	}
	offsetIDs, spans := e.AppendSpans(nil, nil, s)
	if !slices.Equal(offsetIDs, ids) || len(spans) != len(ids) {
		t.Fatalf("AppendSpans(%q) = %v, %v, want ids %v", s, offsetIDs, spans, ids)
	}
	at := 0
	for i, span := range spans {
		b, ok := e.TokenBytes(ids[i])
		if !ok || span.Start != at || span.End <= at || s[span.Start:span.End] != string(b) {
			t.Fatalf("AppendSpans(%q): span %d is %v after byte %d, token %q", s, i, span, at, b)
		}
		at = span.End
	}
	if at != len(s) {
		t.Errorf("AppendSpans(%q) ends at byte %d of %d", s, at, len(s))
	}
}

func TestRoundTrip(t *testing.T) {
	e := Default()
	rng := rand.New(rand.NewPCG(7, 8))
	for _, s := range []string{"", "\xff", "\xe4\xb8", "a\xc0\x80b", "\xed\xa0\x80", "She said it’s fine, I’d go.", " lemon", "👨‍🚀 ok", "\x00"} {
		checkRoundTrip(t, e, s)
	}
	for range 2000 {
		b := make([]byte, rng.IntN(60))
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		checkRoundTrip(t, e, string(b))
	}
}

// FuzzEncode holds Encode to the textbook method on the scanner's pieces, and
// to its own promises: exact bytes back, spans without gaps, Append as Encode.
func FuzzEncode(f *testing.F) {
	e := Default()
	ranks := newReference(e.vocabulary)
	f.Add("Hello world! It's 2026.", uint8(1))
	f.Add("naïve 中文字 \xff\xfe 👨‍🚀", uint8(1))
	f.Add("aB", uint8(60))
	f.Fuzz(func(t *testing.T, s string, n uint8) {
		if len(s) > 2000 {
			return
		}
		s = strings.Repeat(s, max(1, min(int(n), 2000/max(1, len(s)))))
		checkRoundTrip(t, e, s)
		var got, want []string
		for _, id := range e.Encode(s) {
			b, _ := e.TokenBytes(id)
			got = append(got, string(b))
		}
		for _, piece := range split(s) {
			want = append(want, ranks.merge(piece)...)
		}
		if !slices.Equal(got, want) {
			t.Errorf("Encode(%q) = %q, want %q", s, got, want)
		}
	})
}

// TestConcurrent encodes from many goroutines through one word cache.
func TestConcurrent(t *testing.T) {
	tok := NewTokenizer(&Encoder{vocabulary: Default().vocabulary, words: new(words)}, DefaultDictionary())
	text := string(readTestdata(t, "prose.txt"))[:20_000]
	lines := strings.SplitAfter(text, "\n")
	var want [][]int
	for _, line := range lines {
		want = append(want, tokenizer.Encode(DefaultTokenizer(), line, "x"))
	}
	var wg sync.WaitGroup
	for g := range 64 {
		wg.Go(func() {
			for i := range lines {
				i = (i + g*7) % len(lines)
				if got := tokenizer.Encode(tok, lines[i], "x"); !slices.Equal(got, want[i]) {
					t.Errorf("Encode(%q) = %v, want %v", lines[i], got, want[i])
				}
				if e, err := tok.Template().Encode(tok, tokenizer.Limit{}, lines[i], "x"); err != nil || !slices.Equal(e.IDs, want[i]) {
					t.Errorf("Template.Encode(%q) = %v, %v, want %v", lines[i], e, err, want[i])
				}
				if got := tokenizer.EncodeNoSeparator(tok, lines[i], "x"); len(got) != len(want[i])-1 {
					t.Errorf("EncodeNoSeparator(%q) has %d ids, want %d", lines[i], len(got), len(want[i])-1)
				}
			}
		})
	}
	wg.Wait()
}

// TestAppendAllocs: words in the cache cost no memory, and a steady text ends
// up there.
func TestAppendAllocs(t *testing.T) {
	tok := DefaultTokenizer()
	text := "It is a truth universally acknowledged, that 1 man in 10 — naïve, 中文 — can't."
	ids := tok.Append(nil, text)
	if n := testing.AllocsPerRun(100, func() { ids = tok.Append(ids[:0], text) }); n != 0 {
		t.Errorf("Append of cached words: %v allocations, want 0", n)
	}
}

// TestWordCache fills the cache many times over and checks that results stay
// the same.
func TestWordCache(t *testing.T) {
	e := &Encoder{vocabulary: Default().vocabulary, words: new(words)}
	rng := rand.New(rand.NewPCG(9, 10))
	for range 100_000 {
		b := make([]byte, 1+rng.IntN(longestWord+2))
		for i := range b {
			b[i] = "abc\x00"[rng.IntN(4)]
		}
		s := string(b)
		first, again := e.Encode(s), e.Encode(s+"") // the second from the cache
		if !slices.Equal(first, again) {
			t.Fatalf("Encode(%q) = %v, then %v", s, first, again)
		}
		if got, _ := e.DecodeBytes(nil, again); string(got) != s {
			t.Fatalf("DecodeBytes(Encode(%q)) = %q", s, got)
		}
		// The same piece with text after it takes the other way to its key.
		long := e.Encode(s + "                 ")
		if s[len(s)-1] != 0 && !slices.Equal(long[:len(first)], first) {
			t.Fatalf("Encode(%q…) = %v, want %v first", s, long, first)
		}
	}
}

func TestDecodeUnknownID(t *testing.T) {
	e := Default()
	for _, id := range []int{-1, 50257, math.MaxInt32} {
		_, err := e.Decode([]int{464, id})
		if e, ok := errors.AsType[*tokenizer.IDError](err); !ok || e.ID != id || e.Index != 1 || !errors.Is(err, tokenizer.ErrID) {
			t.Errorf("Decode of id %d: error %v, want a *tokenizer.IDError at 1", id, err)
		}
		if b, ok := e.TokenBytes(id); ok {
			t.Errorf("TokenBytes(%d) = %q, want none", id, b)
		}
	}
	if e.Len() != 50257 {
		t.Errorf("Len() = %d, want 50257", e.Len())
	}
	b, ok := e.TokenBytes(50256)
	if string(b) != "<|endoftext|>" || !ok {
		t.Errorf("TokenBytes(50256) = %q, %t", b, ok)
	}
}
