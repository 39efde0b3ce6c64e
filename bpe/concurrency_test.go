package bpe

import (
	"reflect"
	"sync"
	"testing"

	"github.com/goroberta/goroberta/tokenizer"
)

// TestOneTokenizerManyGoroutines: options are arguments of a call and not state
// of the tokenizer, so calls beside each other give what each gives alone.
func TestOneTokenizerManyGoroutines(t *testing.T) {
	enc := newDefaults().encoder // with an empty cache
	tok := NewTokenizer(enc, DefaultDictionary())
	texts := []string{"Hello world!", "naïve café 中文 👍", " spaces  and\ttabs ", "it's 12,345.67", "\xff\xfe not UTF-8"}
	type result struct {
		with, without []int
		encoding      *tokenizer.Encoding
		text          string
	}
	call := func(tok *Tokenizer, i int) (r result) {
		a, b := texts[i%len(texts)], texts[(i+1)%len(texts)]
		r.with, r.without = tokenizer.Encode(tok, a, b), tokenizer.EncodeNoSeparator(tok, a, b)
		r.encoding, _ = tok.Template().Encode(tok, tokenizer.Limit{}, a, b)
		r.text = tokenizer.Decode(tok, r.with)
		return r
	}
	want := make([]result, len(texts))
	serial := NewTokenizer(Default(), DefaultDictionary())
	for i := range want {
		want[i] = call(serial, i)
	}
	var wg sync.WaitGroup
	for g := range 64 {
		wg.Go(func() {
			for i := range 50 {
				if got, w := call(tok, i+g), want[(i+g)%len(want)]; !reflect.DeepEqual(got, w) {
					t.Errorf("goroutine %d, call %d: %+v, want %+v", g, i, got, w)
					return
				}
			}
		})
	}
	wg.Wait()
}
