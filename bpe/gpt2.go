package bpe

import (
	_ "embed"
	"sync"
)

//go:generate go run ./internal/gen

// gpt2 holds GPT-2's vocabulary and fairseq's dictionary of it, as
// internal/gen packs them.
//
//go:embed gpt2.bin.zst
var gpt2 []byte

// Default returns the Encoder of GPT-2, which RoBERTa uses. Its vocabulary is
// part of the package and is unpacked at the first call, in a few
// milliseconds; all calls return the same Encoder.
func Default() *Encoder { return defaults().encoder }

// DefaultDictionary returns the dictionary of the released RoBERTa models, with
// 50,265 symbols of which <mask> is the last. All calls return the same one.
func DefaultDictionary() *Dictionary { return defaults().dictionary }

// DefaultTokenizer returns the Tokenizer of the released RoBERTa models: that
// of Default and DefaultDictionary.
func DefaultTokenizer() *Tokenizer { return defaults().tokenizer }

var defaults = sync.OnceValue(newDefaults)

type embedded struct {
	encoder    *Encoder
	dictionary *Dictionary
	tokenizer  *Tokenizer
}

// newDefaults unpacks the embedded data. It panics if they are damaged: then the
// build is broken.
func newDefaults() *embedded {
	v, d, err := unpackGPT2(gpt2)
	if err != nil {
		panic("bpe: embedded vocabulary: " + err.Error())
	}
	e := &Encoder{vocabulary: v, file: "encoder.json", words: new(words)}
	d.append(maskSymbol, 0) // AddMask would copy it all
	return &embedded{e, d, NewTokenizer(e, d)}
}
