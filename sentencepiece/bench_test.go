package sentencepiece

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// benchmarkTexts are English prose, and sentences of some ninety languages one after the other.
func benchmarkTexts(b *testing.B) map[string]string {
	b.Helper()
	f, err := os.Open("../bpe/testdata/prose.txt.zst")
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		b.Fatal(err)
	}
	defer z.Close()
	prose, err := io.ReadAll(z)
	if err != nil {
		b.Fatal(err)
	}
	repeat := func(s string) string { return strings.Repeat(s, 1+(1<<20)/len(s))[:1<<20] }
	return map[string]string{"prose": repeat(string(prose)), "languages": repeat(strings.Join(texts(b)[100:], " "))}
}

func BenchmarkAppend(b *testing.B) {
	for _, model := range []string{"xlmr", "bpe_unused", "bpe_bytefallback"} {
		tok := loadGolden(b, "spm", model+".model").Tokenizer()
		for name, text := range benchmarkTexts(b) {
			b.Run(fmt.Sprintf("model=%s/text=%s", model, name), func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				b.ReportAllocs()
				ids := tok.Append(nil, text)
				for b.Loop() {
					ids = tok.Append(ids[:0], text)
				}
			})
			b.Run(fmt.Sprintf("model=%s/text=%s/lines", model, name), func(b *testing.B) {
				lines := strings.SplitAfter(text, ".")
				b.SetBytes(int64(len(text)))
				b.ReportAllocs()
				var ids []int
				for b.Loop() {
					for _, line := range lines {
						ids = tok.Append(ids[:0], line)
					}
				}
			})
		}
	}
}

func BenchmarkAppendSpans(b *testing.B) {
	tok := loadGolden(b, "spm", "xlmr.model").Tokenizer()
	text := benchmarkTexts(b)["prose"]
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	ids, spans := tok.AppendSpans(nil, nil, text)
	for b.Loop() {
		ids, spans = tok.AppendSpans(ids[:0], spans[:0], text)
	}
}

func BenchmarkLoad(b *testing.B) {
	data := open(b, "spm", "xlmr.model")
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Load(data, "xlmr.model"); err != nil {
			b.Fatal(err)
		}
	}
}
