package bpe

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/tokenizer"
)

// texts are the inputs of the benchmarks, each about a megabyte.
var texts = []struct {
	name string
	text func(b *testing.B) string
}{
	{"prose", func(b *testing.B) string { return repeated(string(readTestdata(b, "prose.txt"))) }},
	{"code", func(b *testing.B) string {
		var s strings.Builder
		for _, name := range []string{"encoder.go", "merge.go", "dictionary.go", "tokenizer.go", "files.go"} {
			source, err := os.ReadFile(name)
			if err != nil {
				b.Fatal(err)
			}
			s.Write(source)
		}
		return repeated(s.String())
	}},
	{"russian", func(*testing.B) string {
		return repeated("Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему. Всё смешалось в доме Облонских.\n")
	}},
	{"chinese", func(*testing.B) string {
		return repeated("天下大勢,分久必合,合久必分。周末七國分爭,并入於秦;及秦滅之後,楚漢分爭,又并入於漢。漢朝自高祖斬白蛇而起義,一統天下。\n")
	}},
	{"chinese-unseen", func(*testing.B) string { return randomRunes(0x4E00, 0x9FA5, 12) }},
	{"words-unseen", func(*testing.B) string { return randomRunes('a', 'z', 8) }},
	{"digits", func(*testing.B) string { return randomRunes('0', '9', 10) }},
	{"one-word", func(*testing.B) string { return randomRunes('a', 'z', 1<<20) }},
	{"letter-a", func(*testing.B) string { return strings.Repeat("a", 1<<20) }},
	{"spaces", func(*testing.B) string { return strings.Repeat(" ", 1<<20) }},
	{"carets", func(*testing.B) string { return strings.Repeat("^", 1<<20) }},
}

// repeated returns about a megabyte of s.
func repeated(s string) string { return strings.Repeat(s, 1<<20/len(s)+1) }

// randomRunes returns about a megabyte of words of n runes from lo to hi.
func randomRunes(lo, hi rune, n int) string {
	rng := rand.New(rand.NewPCG(1, 2))
	var s strings.Builder
	for s.Len() < 1<<20 {
		for range n {
			s.WriteRune(lo + rng.Int32N(hi-lo+1))
		}
		s.WriteByte(' ')
	}
	return s.String()
}

func BenchmarkAppend(b *testing.B) {
	e := Default()
	for _, in := range texts {
		b.Run("text="+in.name, func(b *testing.B) {
			s := in.text(b)
			ids := make([]int, 0, len(s))
			b.SetBytes(int64(len(s)))
			b.ReportAllocs()
			for b.Loop() {
				ids = e.Append(ids[:0], s)
			}
		})
	}
}

// BenchmarkAppendLines encodes prose a line at a time.
func BenchmarkAppendLines(b *testing.B) {
	e := Default()
	text := repeated(string(readTestdata(b, "prose.txt")))
	lines := strings.SplitAfter(text, "\n")
	ids := make([]int, 0, len(text))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		for _, line := range lines {
			ids = e.Append(ids[:0], line)
		}
	}
}

// BenchmarkAppendParallel encodes prose on all processors at once.
func BenchmarkAppendParallel(b *testing.B) {
	e := Default()
	text := repeated(string(readTestdata(b, "prose.txt")))
	b.SetBytes(int64(len(text)))
	b.RunParallel(func(pb *testing.PB) {
		ids := make([]int, 0, len(text))
		for pb.Next() {
			ids = e.Append(ids[:0], text)
		}
	})
}

// BenchmarkPattern encodes prose with GPT-2's pattern on regexp2.
func BenchmarkPattern(b *testing.B) {
	e := withPattern(b, gpt2Pattern)
	text := string(readTestdata(b, "prose.txt"))
	ids := make([]int, 0, len(text))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		ids = e.Append(ids[:0], text)
	}
}

// BenchmarkAppendCold encodes prose with an empty word cache each time.
func BenchmarkAppendCold(b *testing.B) {
	text := string(readTestdata(b, "prose.txt"))
	ids := make([]int, 0, len(text))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		e := &Encoder{vocabulary: Default().vocabulary, words: new(words)}
		ids = e.Append(ids[:0], text)
	}
}

func BenchmarkTokenizerEncode(b *testing.B) {
	t := DefaultTokenizer()
	text := repeated(string(readTestdata(b, "prose.txt")))
	for _, n := range []int{16, 256, 4096, len(text)} {
		b.Run(fmt.Sprintf("bytes=%d", n), func(b *testing.B) {
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for b.Loop() {
				tokenizer.Encode(t, text[:n])
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	t := DefaultTokenizer()
	text := repeated(string(readTestdata(b, "prose.txt")))
	ids := tokenizer.Encode(t, text)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		tokenizer.Decode(t, ids)
	}
}

func BenchmarkScanner(b *testing.B) {
	for _, in := range texts {
		b.Run("text="+in.name, func(b *testing.B) {
			s := in.text(b)
			b.SetBytes(int64(len(s)))
			for b.Loop() {
				for i := 0; i < len(s); {
					i = nextPiece(s, i, newest)
				}
			}
		})
	}
}

// BenchmarkDefault unpacks the embedded vocabulary and dictionary.
func BenchmarkDefault(b *testing.B) {
	for b.Loop() {
		newDefaults()
	}
}

// BenchmarkNew reads GPT-2's own files.
func BenchmarkNew(b *testing.B) {
	encoderJSON, vocabBPE := string(readTestdata(b, "gpt2/encoder.json")), string(readTestdata(b, "gpt2/vocab.bpe"))
	for b.Loop() {
		if _, err := New(strings.NewReader(encoderJSON), strings.NewReader(vocabBPE)); err != nil {
			b.Fatal(err)
		}
	}
}
