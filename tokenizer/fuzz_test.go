package tokenizer_test

import (
	"slices"
	"testing"

	"github.com/goroberta/goroberta/bpe"
	"github.com/goroberta/goroberta/tokenizer"
)

// FuzzWindows holds inputs to what the package promises, for any texts and any
// limit: the text comes back from its ids, spans lie in their texts, inputs keep
// to the limit, windows show every token and overlap as the stride says, and
// truncation leaves what the first window shows.
func FuzzWindows(f *testing.F) {
	f.Add("Hello world! It's 2026.", "", 5, 1, uint8(1), false)
	f.Add("naïve 中文字 \xff\xfe 👨‍🚀", "a b c d e f g", 9, 0, uint8(1), true)
	f.Add("The first text.", "The second text, which is longer.", 12, 3, uint8(3), false)
	f.Add("a", "bb", 4, -1, uint8(2), true)
	f.Fuzz(func(t *testing.T, first, second string, length, stride int, truncation uint8, left bool) {
		if len(first)*len(second) > 4000 || len(first)+len(second) > 1000 {
			return // all combinations of their windows are too many
		}
		texts := []string{first}
		if second != "" {
			texts = append(texts, second)
		}
		limit := tokenizer.Limit{Length: length, Stride: stride, Truncation: tokenizer.Truncation(truncation % 4), Left: left}
		for _, tok := range []tokenizer.Tokenizer{bpe.DefaultTokenizer(), letters{}} {
			checkWindows(t, tok, limit, texts)
		}
	})
}

func checkWindows(t *testing.T, tok tokenizer.Tokenizer, limit tokenizer.Limit, texts []string) {
	template := tok.Template()
	ids := template.IDs(tok, texts[0], texts[1:]...)
	for i, document := range tokenizer.DecodeDocuments(tok, ids) {
		if want := tokenizer.ToValidUTF8([]byte(texts[i])); document != want {
			t.Fatalf("text %q comes back as %q", want, document)
		}
	}
	whole, err := template.Encode(tok, tokenizer.Limit{}, texts[0], texts[1:]...)
	if err != nil || !slices.Equal(whole.IDs, ids) {
		t.Fatalf("Encode = %v, %v, want ids %v", whole, err, ids)
	}
	tokens := make([][]int, len(texts))  // of each text
	covered := make([][]int, len(texts)) // by token: how often a window of its text begins or goes on there
	for i, text := range texts {
		tokens[i] = tok.Append(nil, text)
		covered[i] = make([]int, len(tokens[i]))
	}
	check := func(e *tokenizer.Encoding) (ranges [][2]int) {
		if limit.Length != 0 && len(e.IDs) > limit.Length {
			t.Fatalf("%d tokens, limit %+v", len(e.IDs), limit)
		}
		if len(e.Spans) != len(e.IDs) || len(e.Sequence) != len(e.IDs) {
			t.Fatalf("%d ids, %d spans, %d sequences", len(e.IDs), len(e.Spans), len(e.Sequence))
		}
		ranges = make([][2]int, len(texts))
		last := 0
		for k, i := range e.Sequence {
			if i < 0 {
				last = 0
				continue
			}
			s := e.Spans[k]
			if s.Start < 0 || s.End < s.Start || s.End > len(texts[i]) || s.End < last {
				t.Fatalf("span %v after byte %d of %q", s, last, texts[i])
			}
			last = s.End
			ranges[i][1]++
		}
		// The tokens of each text are a stretch of all of its tokens. Both
		// tokenizers here cover a text without gaps, so spans say which.
		at := 0
		for i := range texts {
			for at < len(e.Sequence) && e.Sequence[at] != i && ranges[i][1] > 0 {
				at++
			}
			if ranges[i][1] == 0 {
				continue
			}
			lo := 0
			for n := 0; n < e.Spans[at].Start; lo++ {
				n += len(tok.Bytes(tokens[i][lo]))
			}
			ranges[i] = [2]int{lo, lo + ranges[i][1]}
			if !slices.Equal(e.IDs[at:at+ranges[i][1]-lo], tokens[i][lo:ranges[i][1]]) {
				t.Fatalf("ids %v are not those of text %d from token %d", e.IDs, i, lo)
			}
		}
		return ranges
	}
	var before [][2]int
	var firstRanges [][2]int
	all, err := template.Windows(tok, limit, texts[0], texts[1:]...)
	if err == nil {
		for e := range all {
			ranges := check(e)
			for i, r := range ranges {
				for k := r[0]; k < r[1]; k++ {
					covered[i][k]++
				}
			}
			// The last text's windows change fastest.
			i := len(texts) - 1
			if before == nil {
				firstRanges = ranges
			} else if n, p := ranges[i], before[i]; n != p && !(len(texts) > 1 && n == firstRanges[i]) {
				shared := min(p[1], n[1]) - max(p[0], n[0])
				if shared != limit.Stride || (n[0] > p[0]) == limit.Left {
					t.Fatalf("window %v after %v, limit %+v", n, p, limit)
				}
			}
			before = ranges
		}
		for i := range covered {
			if k := slices.Index(covered[i], 0); k >= 0 {
				t.Fatalf("no window shows token %d of text %d, limit %+v", k, i, limit)
			}
		}
	}
	cut, cutErr := template.Encode(tok, limit, texts[0], texts[1:]...)
	if cutErr != nil {
		return
	}
	if ranges := check(cut); err == nil && !slices.Equal(ranges, firstRanges) {
		t.Fatalf("truncation leaves %v, the first window shows %v, limit %+v", ranges, firstRanges, limit)
	}
}
