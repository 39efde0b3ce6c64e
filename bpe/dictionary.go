package bpe

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
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

// overwriteFlag at the end of a line lets a symbol occur a second time.
const overwriteFlag = "#fairseq:overwrite"

// A Dictionary numbers the symbols that a model knows: <s> is 0, <pad> 1, </s>
// 2, <unk> 3, and the lines of dict.txt follow from 4 on. With a byte-level BPE
// the symbols are the BPE's ids in decimal, in order of their frequency.
//
// A Dictionary doesn't change and may be used by any number of goroutines.
type Dictionary struct {
	symbols []string
	counts  []int64 // how often the symbol occurred, as dict.txt says; 0 for those it doesn't list
	mask    int
	index   func() map[string]int // made at the first use: the default dictionary often needs none
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

// ParseDictionary reads fairseq's dict.txt from r. A line is a symbol, a space
// and the symbol's count, an integer; the symbol is all before the last space
// and may hold spaces itself. A second line for a symbol, or one for <s>,
// <pad>, </s> or <unk>, is an error unless the line ends in "
// #fairseq:overwrite": then it gets an id of its own, and Index gives that one.
// White space at the end of a line counts for nothing, whether a line ends in
// LF, CRLF or CR. A byte order mark is passed over.
//
// The error is a *DictionaryError with name as its File. It wraps ErrFormat,
// ErrDuplicate, ErrLFSPointer, ErrTooLarge or r's own error.
func ParseDictionary(r io.Reader, name string) (*Dictionary, error) {
	fail := func(line int, err error) (*Dictionary, error) {
		return nil, &DictionaryError{name, line, err}
	}
	b, err := readFile(r, maxFile)
	if err != nil {
		return fail(0, err)
	}
	text := string(b)
	d := newDictionary(strings.Count(text, "\n") + 8)
	index := make(map[string]int, cap(d.symbols))
	for id, s := range d.symbols {
		index[s] = id
	}
	for number := 1; text != ""; number++ {
		end := strings.IndexAny(text, "\r\n")
		line := text
		if end < 0 {
			text = ""
		} else {
			line = text[:end]
			if strings.HasPrefix(text[end:], "\r\n") {
				end++
			}
			text = text[end+1:]
		}
		symbol, count, overwrite, err := parseLine(line)
		if err != nil {
			return fail(number, err)
		}
		if first, ok := index[symbol]; ok && !overwrite {
			return fail(number, fmt.Errorf("%w: symbol %.100q has id %d already", ErrDuplicate, symbol, first))
		}
		index[symbol] = len(d.symbols)
		d.append(symbol, count)
	}
	d.index = func() map[string]int { return index }
	return d, nil
}

// parseLine takes a line of dict.txt apart.
func parseLine(line string) (symbol string, count int64, overwrite bool, err error) {
	if !utf8.ValidString(line) {
		return "", 0, false, fmt.Errorf("%w: the line is not UTF-8", ErrFormat)
	}
	line = strings.TrimRightFunc(line, pythonSpace)
	rest := line
	if s, ok := strings.CutSuffix(line, " "+overwriteFlag); ok {
		rest, overwrite = s, true
	}
	i := strings.LastIndexByte(rest, ' ')
	if i < 0 {
		hint := ""
		if strings.Contains(line, "\t") {
			hint = " (a tab does not separate them)"
		}
		return "", 0, false, fmt.Errorf("%w: %.100q, want a symbol, a space and a count%s", ErrFormat, line, hint)
	}
	count, err = strconv.ParseInt(rest[i+1:], 10, 64)
	if err != nil {
		return "", 0, false, fmt.Errorf("%w: the count of symbol %.100q is %.100q, want an integer", ErrFormat, rest[:i], rest[i+1:])
	}
	return rest[:i], count, overwrite, nil
}

// pythonSpace reports whether Python's str.isspace holds for r: Unicode white
// space and the separators U+001C to U+001F.
func pythonSpace(r rune) bool {
	return unicode.IsSpace(r) || 0x1C <= r && r <= 0x1F
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
// masked_lm task makes it: dict.txt doesn't list <mask>. If d has <mask> it
// is returned as it is.
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
// symbol beside the special ones is a number. If not, text for the model
// consists of symbols with spaces between, and NewTokenizer takes no Encoder.
func (d *Dictionary) Numeric() bool {
	for _, s := range d.symbols {
		if _, ok := bpeID(s); ok {
			return true
		}
	}
	return false
}

// bpeID returns the BPE id that symbol is, if it is one in its plain form.
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

// Bytes returns the dictionary as dict.txt. <mask> gets a line if d has it;
// ParseDictionary then finds it there.
func (d *Dictionary) Bytes() []byte {
	var b bytes.Buffer
	seen := make(map[string]bool, len(d.symbols))
	for id, s := range d.symbols {
		if id >= 4 {
			if b.Len() == 0 && strings.HasPrefix(s, "\ufeff") {
				b.WriteString("\ufeff") // the one that reading a file takes away
			}
			b.WriteString(s)
			b.WriteByte(' ')
			b.WriteString(strconv.FormatInt(d.counts[id], 10))
			if seen[s] {
				b.WriteString(" " + overwriteFlag)
			}
			b.WriteByte('\n')
		}
		seen[s] = true
	}
	return b.Bytes()
}

// identityDictionary returns the dictionary of a vocabulary that has the
// model's ids, in which the symbol of an id is the id itself.
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
