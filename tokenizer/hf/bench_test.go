package hf

import (
	"os"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/goroberta/goroberta/bpe"
	"github.com/goroberta/goroberta/tokenizer"
)

// testdata returns a packed file of package bpe's test data.
func testdata(t testing.TB, name string) []byte {
	t.Helper()
	packed, err := os.ReadFile("../../bpe/testdata/" + name + ".zst")
	if err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	text, err := z.DecodeAll(packed, nil)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// gpt2 is the specification of RoBERTa's tokenizer on GPT-2's vocabulary.
func gpt2(t testing.TB) *Spec {
	t.Helper()
	s := &Spec{
		Vocab: testdata(t, "gpt2/encoder.json"), VocabFile: "encoder.json",
		Merges: testdata(t, "gpt2/vocab.bpe"), MergesFile: "vocab.bpe",
		Special: Names{BOS: "<s>", EOS: "</s>"},
	}
	for i, name := range []string{"<s>", "<pad>", "</s>", "<unk>", "<mask>"} {
		s.Added = append(s.Added, AddedToken{Content: name, ID: 50257 + i, LStrip: name == "<mask>", Normalized: name == "<mask>", Special: true})
	}
	return s
}

func BenchmarkAppend(b *testing.B) {
	text := string(testdata(b, "prose.txt")) // 200 kB of English
	byteLevel, err := New(gpt2(b))
	if err != nil {
		b.Fatal(err)
	}
	for _, bench := range []struct {
		name string
		t    tokenizer.Tokenizer
	}{
		{"kind=bpe", bpe.DefaultTokenizer()},
		{"kind=bytelevel", byteLevel},
		{"kind=digits", parseGolden(b, "bytelevel_digits")},
		{"kind=split", parseGolden(b, "bytelevel_split")},
		{"kind=unigram_hub", parseGolden(b, "xlmr_hub")},
		{"kind=unigram_tf4", parseGolden(b, "camembert_tf4")},
		{"kind=unigram_first", parseGolden(b, "unigram_first")},
		{"kind=spm_bpe", parseGolden(b, "spm_bpe_tf4")},
	} {
		b.Run(bench.name+"/spans=no", func(b *testing.B) {
			ids := bench.t.Append(nil, text)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				ids = bench.t.Append(ids[:0], text)
			}
		})
		b.Run(bench.name+"/spans=yes", func(b *testing.B) {
			ids, spans := bench.t.AppendSpans(nil, nil, text)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				ids, spans = bench.t.AppendSpans(ids[:0], spans[:0], text)
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for _, name := range []string{"bytelevel", "xlmr_hub"} {
		b.Run("file="+name, func(b *testing.B) {
			data := goldenFile(b, name)
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := Parse(data, "tokenizer.json"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	spec := gpt2(b)
	b.Run("file=gpt2", func(b *testing.B) {
		b.SetBytes(int64(len(spec.Vocab) + len(spec.Merges)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := New(spec); err != nil {
				b.Fatal(err)
			}
		}
	})
}
