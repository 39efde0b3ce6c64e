package hf

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/goroberta/goroberta/tokenizer"
)

// A golden is a tokenizer.json and what the tokenizers library makes of texts with it.
type golden struct {
	Name  string
	Model string
	File  map[string]json.RawMessage // without the model
	Rows  []struct {
		Texts      []string
		Raw        bool // without special tokens
		IDs        []int
		Off        []int // begin and end of each token, in bytes of its text
		Type       []int // nil: all are 0
		Decoded    *string
		DecodedAll *string `json:"decoded_all"` // with special tokens, if that is different
	}
	json []byte
}

// goldens reads testdata/golden.json.zst; testdata/README.md explains it.
var goldens = sync.OnceValues(func() ([]golden, error) {
	packed, err := os.ReadFile("testdata/golden.json.zst")
	if err != nil {
		return nil, err
	}
	z, err := zstd.NewReader(nil)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	text, err := z.DecodeAll(packed, nil)
	if err != nil {
		return nil, err
	}
	var all struct {
		Charsmap   string
		Models     map[string]json.RawMessage
		Tokenizers []golden
	}
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	for i := range all.Tokenizers {
		g := &all.Tokenizers[i]
		g.File["model"] = all.Models[g.Model]
		b, err := json.Marshal(g.File)
		if err != nil {
			return nil, err
		}
		g.json = []byte(strings.ReplaceAll(string(b), "$charsmap", all.Charsmap))
	}
	return all.Tokenizers, nil
})

// goldenFile returns the tokenizer.json of this name.
func goldenFile(t testing.TB, name string) []byte {
	t.Helper()
	all, err := goldens()
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range all {
		if g.Name == name {
			return g.json
		}
	}
	t.Fatalf("no golden %q", name)
	return nil
}

func parseGolden(t testing.TB, name string) *Tokenizer {
	t.Helper()
	tok, err := Parse(goldenFile(t, name), "tokenizer.json")
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func TestGolden(t *testing.T) {
	all, err := goldens()
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range all {
		t.Run(g.Name, func(t *testing.T) {
			tok, err := Parse(g.json, "tokenizer.json")
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range g.Rows {
				tm := tok.Template()
				if w.Raw {
					text := func(p tokenizer.Part) bool { return p.Text < 0 }
					tm.Single = slices.DeleteFunc(slices.Clone(tm.Single), text)
					tm.Pair = slices.DeleteFunc(slices.Clone(tm.Pair), text)
				}
				e, err := tm.Encode(tok, tokenizer.Limit{}, w.Texts[0], w.Texts[1:]...)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(e.IDs, w.IDs) {
					t.Errorf("Encode(%q) = %v, want %v", w.Texts, e.IDs, w.IDs)
					continue
				}
				if ids := tm.IDs(tok, w.Texts[0], w.Texts[1:]...); !slices.Equal(ids, w.IDs) {
					t.Errorf("IDs(%q) = %v, want %v", w.Texts, ids, w.IDs)
				}
				if !slices.Equal(e.Types, w.Type) {
					t.Errorf("types of %q = %v, want %v", w.Texts, e.Types, w.Type)
				}
				end := map[int]int{} // by sequence; the library's may decrease, here they do not
				for i, s := range e.Spans {
					q := e.Sequence[i]
					if q < 0 {
						continue
					}
					end[q] = max(end[q], w.Off[2*i+1])
					if want := (tokenizer.Span{Start: w.Off[2*i], End: end[q]}); s != want {
						t.Errorf("span %d of %q = %v, want %v", i, w.Texts, s, want)
					}
				}
				if w.Decoded == nil {
					continue
				}
				if got := tokenizer.DecodeSkipSpecial(tok, w.IDs); got != *w.Decoded {
					t.Errorf("DecodeSkipSpecial(%v) = %q, want %q", w.IDs, got, *w.Decoded)
				}
				want := w.Decoded
				if w.DecodedAll != nil {
					want = w.DecodedAll
				}
				if got, err := tokenizer.DecodeRaw(tok, w.IDs); got != *want || err != nil {
					t.Errorf("DecodeRaw(%v) = %q, %v, want %q", w.IDs, got, err, *want)
				}
			}
		})
	}
}
