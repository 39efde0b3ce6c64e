package bpe

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// Symbols that every dictionary of fairseq begins with, and the one that its
// masked_lm task appends.
const (
	bosSymbol  = "<s>"
	padSymbol  = "<pad>"
	eosSymbol  = "</s>"
	unkSymbol  = "<unk>"
	maskSymbol = "<mask>"
)

// A Dictionary numbers the symbols that a model knows: <s> is 0, <pad> 1, </s>
// 2, <unk> 3, and the lines of dict.txt follow from 4 on. With a byte-level BPE
// the symbols are the BPE's ids in decimal, in order of their frequency.
//
// A Dictionary does not change and may be used by any number of goroutines.
type Dictionary struct {
	symbols []string
	counts  []int64 // how often each symbol occurred, as dict.txt says; 0 for those it does not list
	mask    int
	index   func() map[string]int // made at the first call: the default dictionary often needs none
}

// newDictionary returns a dictionary of the four first symbols with room for n.
func newDictionary(n int) *Dictionary {
	d := &Dictionary{symbols: make([]string, 0, n), counts: make([]int64, 0, n), mask: -1}
	for _, s := range [...]string{bosSymbol, padSymbol, eosSymbol, unkSymbol} {
		d.append(s, 0)
	}
	d.index = sync.OnceValue(func() map[string]int {
		index := make(map[string]int, len(d.symbols))
		for id, s := range d.symbols {
			index[s] = id
		}
		return index
	})
	return d
}

// append adds a symbol while the dictionary is being made.
func (d *Dictionary) append(symbol string, count int64) {
	if symbol == maskSymbol {
		d.mask = len(d.symbols)
	}
	d.symbols = append(d.symbols, symbol)
	d.counts = append(d.counts, count)
}

// Len returns the number of symbols, the four first ones included.
func (d *Dictionary) Len() int { return len(d.symbols) }

// Symbol returns the symbol with this id, or "<unk>" if there is none.
func (d *Dictionary) Symbol(id int) string {
	if uint(id) >= uint(len(d.symbols)) {
		return unkSymbol
	}
	return d.symbols[id]
}

// Index returns the id of symbol, or that of <unk> if the dictionary lacks it.
func (d *Dictionary) Index(symbol string) int {
	if id, ok := d.index()[symbol]; ok {
		return id
	}
	return d.Unk()
}

// Lookup returns the id of symbol and whether the dictionary has it.
func (d *Dictionary) Lookup(symbol string) (id int, ok bool) {
	id, ok = d.index()[symbol]
	return id, ok
}

// Bos returns the id of <s>, 0.
func (d *Dictionary) Bos() int { return 0 }

// Pad returns the id of <pad>, 1.
func (d *Dictionary) Pad() int { return 1 }

// Eos returns the id of </s>, 2.
func (d *Dictionary) Eos() int { return 2 }

// Unk returns the id of <unk>, 3.
func (d *Dictionary) Unk() int { return 3 }

// Mask returns the id of <mask>, or -1 if the dictionary has none: see AddMask.
func (d *Dictionary) Mask() int { return d.mask }

// AddMask returns the dictionary with <mask> as its last symbol, as fairseq's
// masked_lm task makes it: dict.txt does not list <mask>. It returns d itself if
// d has <mask>.
func (d *Dictionary) AddMask() *Dictionary {
	if d.mask >= 0 {
		return d
	}
	with := newDictionary(len(d.symbols) + 1)
	with.symbols = append(with.symbols[:0], d.symbols...)
	with.counts = append(with.counts[:0], d.counts...)
	with.append(maskSymbol, 0)
	return with
}

// Numeric reports whether the symbols are ids of a BPE, that is whether any
// symbol is a number. If not, the model's texts are symbols with spaces between,
// and NewTokenizer takes no Encoder.
func (d *Dictionary) Numeric() bool {
	for _, s := range d.symbols {
		if _, ok := bpeID(s); ok {
			return true
		}
	}
	return false
}

// bpeID returns the BPE id that symbol is: a decimal number without leading
// zeros.
func bpeID(symbol string) (int, bool) {
	if symbol == "" || len(symbol) > 10 || symbol[0] == '0' && len(symbol) > 1 {
		return 0, false
	}
	n := 0
	for i := range len(symbol) {
		c := symbol[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = 10*n + int(c)
	}
	return n, true
}

// identityDictionary returns the dictionary of a vocabulary whose ids are the
// model's: the symbol of each id is the id in decimal.
func identityDictionary(v *vocabulary, file string) (*Dictionary, error) {
	fail := func(token string, err error) (*Dictionary, error) {
		return nil, &VocabularyError{File: file, Token: token, Err: err}
	}
	for id, want := range [...]string{bosSymbol, padSymbol, eosSymbol, unkSymbol} {
		if t, ok := v.find(id); !ok || v.token(t) != want {
			return fail(want, fmt.Errorf("%w: its id is not %d, so the vocabulary is not a model's own", ErrUnknownToken, id))
		}
	}
	d := newDictionary(v.len())
	for t := 4; t < v.len(); t++ {
		if id := v.id(uint32(t)); int(id) != t {
			return fail(written([]byte(v.token(uint32(t)))), fmt.Errorf("%w: id %d follows %d, and a model has no gaps", ErrFormat, id, t-1))
		}
		switch s := v.token(uint32(t)); {
		case s == maskSymbol, strings.HasPrefix(s, fillerPrefix):
			d.append(s, 0)
		default:
			d.append(strconv.Itoa(t), 0)
		}
	}
	return d, nil
}
