package fastbpe

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// mergeNaively cuts a word into pieces as transformers does: again and again the pair of
// lowest rank, all its occurrences from left to right.
func mergeNaively(ranks map[[2]string]int, word string) []string {
	var parts []string
	for i := 0; i < len(word); {
		_, size := utf8.DecodeRuneInString(word[i:])
		parts = append(parts, word[i:i+size])
		i += size
	}
	parts[len(parts)-1] += endOfWord
	for {
		best, pair := 0, [2]string{}
		for i := range len(parts) - 1 {
			p := [2]string{parts[i], parts[i+1]}
			if r := ranks[p]; r > 0 && (best == 0 || r < best) {
				best, pair = r, p
			}
		}
		if best == 0 {
			parts[len(parts)-1] = strings.TrimSuffix(parts[len(parts)-1], endOfWord)
			return parts
		}
		var merged []string
		for i := 0; i < len(parts); i++ {
			if i+1 < len(parts) && [2]string{parts[i], parts[i+1]} == pair {
				merged = append(merged, parts[i]+parts[i+1])
				i++
			} else {
				merged = append(merged, parts[i])
			}
		}
		parts = merged
	}
}

// FuzzParseCodes: words are cut by the queue as by the plain loop.
func FuzzParseCodes(f *testing.F) {
	f.Add("a a 1\naa a</w> 1\nb b</w> 2\na b 3\n", "aaaaabab")
	f.Add("l o 9\nlo w</w> 8\ne r</w> 7\nlo w 6\n", "lowerlow")
	f.Add("< / 1\n</ w 1\n</w >\n", "</w></w>")
	f.Add("é a 1\néa é</w> 1\n\nb 2", "éaé\xff\n")
	f.Fuzz(func(t *testing.T, file, word string) {
		c, err := ParseCodes([]byte(file), "bpe.codes")
		if err != nil || word == "" || len(word) > 200 {
			return
		}
		ranks := map[[2]string]int{}
		for number, line := range strings.Split(newlines([]byte(file)), "\n") {
			if f := strings.FieldsFunc(line, isSpace); len(f) == 3 && number < strings.Count(newlines([]byte(file)), "\n") {
				ranks[[2]string{f[0], f[1]}] = number + 1
			}
		}
		var got []string
		c.split(word, func(start, end int) { got = append(got, word[start:end]) })
		if want := mergeNaively(ranks, word); !slices.Equal(got, want) {
			t.Errorf("%q with %q: %q, want %q", word, file, got, want)
		}
	})
}

// FuzzParseVocabulary: each piece is found again under the id of its line.
func FuzzParseVocabulary(f *testing.F) {
	f.Add([]byte("a 1\nb@@ 2\n"))
	f.Add([]byte("\ufeffa b 1\r\n<s> 2\ra 3"))
	f.Add([]byte("a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		words, err := ParseVocabulary(data, "vocab.txt")
		if err != nil {
			return
		}
		tok, err := New(Spec{Words: words, Codes: &Codes{}})
		if err != nil {
			t.Fatal(err)
		}
		if tok.Len() > len(words)+5 {
			t.Fatalf("%d tokens of %d words", tok.Len(), len(words))
		}
		for _, w := range words {
			id, ok := tok.index[w]
			if !ok || int(id) >= tok.Len() {
				t.Fatalf("word %q has id %d of %d", w, id, tok.Len())
			}
		}
	})
}

// FuzzTweet: words and spans lie in the text, in order, and nothing but white space is
// outside words.
func FuzzTweet(f *testing.F) {
	for _, s := range []string{"see http://a.b/(c(d)e), @me &amp; #tag-x it's 5 p . m .", "(((((a.b.c.d/@ x@y.z.w", "<a <b> :-) +1 555-1234 . . .\n", "\xff…’!!!!!&#x41;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at := 0
		(&tweet{text: text}).words(func(lo, hi int) {
			if lo < at || hi <= lo || hi > len(text) || strings.TrimFunc(text[at:lo], isWhite) != "" {
				t.Fatalf("%q: word %d to %d after %d", text, lo, hi, at)
			}
			at = hi
		})
		if strings.TrimFunc(text[at:], isWhite) != "" {
			t.Fatalf("%q: no words from %d on", text, at)
		}
		a, err := normalize(text, 0, len(text), true)
		if err != nil {
			return
		}
		end := 0
		if len(a.spans) != len(a.text) {
			t.Fatalf("%q: %d spans of %d bytes", text, len(a.spans), len(a.text))
		}
		for _, s := range a.spans {
			if s.Start < 0 || s.Start > s.End || s.End > len(text) || s.End < end {
				t.Fatalf("%q: spans %v", text, a.spans)
			}
			end = s.End
		}
		b, err := normalize(text, 0, len(text), false)
		if err != nil || string(a.text) != string(b.text) {
			t.Fatalf("%q: %q with spans, %q without", text, a.text, b.text)
		}
	})
}
