package sentencepiece

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/goroberta/goroberta/bpe"
	"github.com/goroberta/goroberta/tokenizer"
)

var _ Dictionary = (*bpe.Dictionary)(nil)

func fairseqGolden(t *testing.T, name string) *Tokenizer {
	t.Helper()
	d, err := bpe.ParseDictionary(bytes.NewReader(open(t, "fairseq", name, "dict.txt")), "dict.txt")
	if err != nil {
		t.Fatal(err)
	}
	model := []string{"fairseq", name, "sentencepiece.bpe.model"}
	if _, err := os.Stat(filepath.Join(families(), filepath.Join(model...))); err != nil {
		model = []string{"spm", name + ".model"}
	}
	tok, err := NewFairseq(loadGolden(t, model...), d.AddMask())
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// documents are those that fairseq decodes to, a string or a list. It reports false where
// fairseq fails.
func documents(decoded json.RawMessage) (docs []string, ok bool) {
	if json.Unmarshal(decoded, &docs) == nil {
		return docs, true
	}
	docs = make([]string, 1)
	return docs, json.Unmarshal(decoded, &docs[0]) == nil
}

func TestFairseqGolden(t *testing.T) {
	all := texts(t)
	for _, name := range []string{"xlmr", "camembert"} {
		t.Run(name, func(t *testing.T) {
			tok := fairseqGolden(t, name)
			if tok.Missing() != 0 {
				t.Errorf("%d pieces are missing", tok.Missing())
			}
			c := mismatch{t: t}
			check := func(texts []string, tokens []int, decoded json.RawMessage) {
				t.Helper()
				got := tokenizer.Encode(tok, texts[0], texts[1:]...)
				c.check(slices.Equal(got, tokens), "%q: %v, want %v", texts, got, tokens)
				if want, ok := documents(decoded); ok {
					got := tokenizer.DecodeDocuments(tok, tokens)
					c.check(slices.Equal(got, want), "decode %v: %q, want %q", tokens, got, want)
				}
				checkSpans(t, tok, texts[0])
			}
			for i, w := range rows[struct {
				Tokens  []int
				Decoded json.RawMessage
			}](t, "fairseq", name, "encode.jsonl") {
				check(all[i:i+1], w.Tokens, w.Decoded)
			}
			var several struct {
				Inputs []struct {
					Texts   []string
					Tokens  []int
					Decoded json.RawMessage
				}
			}
			if err := json.Unmarshal(open(t, "fairseq", name, "expected.json"), &several); err != nil {
				t.Fatal(err)
			}
			for _, w := range several.Inputs {
				check(w.Texts, w.Tokens, w.Decoded)
			}
			c.done()
		})
	}
}

// checkSpans: AppendSpans gives Append's ids, and spans that lie in the text and whose
// ends never decrease.
func checkSpans(t *testing.T, tok tokenizer.Tokenizer, text string) {
	t.Helper()
	ids, spans := tok.AppendSpans(nil, nil, text)
	if want := tok.Append(nil, text); !slices.Equal(ids, want) || len(spans) != len(ids) {
		t.Fatalf("%q: AppendSpans gives ids %v and %d spans, Append %v", text, ids, len(spans), want)
	}
	end := 0
	for i, s := range spans {
		if s.Start < 0 || s.Start > s.End || s.End > len(text) || s.End < end {
			t.Fatalf("%q: spans[%d] is %v after end %d, of %d bytes", text, i, s, end, len(text))
		}
		end = s.End
	}
}

// TestHuggingFaceGolden: a folder that has sentencepiece.bpe.model alone, as transformers'
// Python tokenizer reads it: fairseq's ids but where differences.jsonl says otherwise.
func TestHuggingFaceGolden(t *testing.T) {
	all := texts(t)
	type key struct {
		model string
		i     int
	}
	python := map[key][]int{}
	for _, w := range rows[struct {
		Model  string
		I      int
		Python []int
	}](t, "differences.jsonl") {
		if w.Python != nil {
			python[key{w.Model, w.I}] = w.Python
		}
	}
	for name, newTokenizer := range map[string]func(*Model, ...Option) (*Tokenizer, error){"xlmr": NewXLMRoberta, "camembert": NewCamembert} {
		t.Run(name, func(t *testing.T) {
			tok, err := newTokenizer(loadGolden(t, "spm", name+".model"))
			if err != nil {
				t.Fatal(err)
			}
			c := mismatch{t: t}
			for i, w := range rows[struct{ Tokens []int }](t, "fairseq", name, "encode.jsonl") {
				want, ok := python[key{name, i}]
				if !ok {
					want = w.Tokens
				}
				got := tokenizer.Encode(tok, all[i])
				c.check(slices.Equal(got, want), "%q: %v, want %v", all[i], got, want)
				checkSpans(t, tok, all[i])
			}
			c.done()
		})
	}
}
