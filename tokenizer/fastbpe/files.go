package fastbpe

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// ErrFormat is wrapped when a file does not have the form of its kind.
var ErrFormat = errors.New("malformed")

// A FileError reports a line of a vocabulary file that cannot be read.
type FileError struct {
	File string // the name given to the parser
	Line int    // from 1
	Err  error  // wraps ErrFormat
}

func (e *FileError) Error() string { return fmt.Sprintf("fastbpe: %s:%d: %v", e.File, e.Line, e.Err) }

func (e *FileError) Unwrap() error { return e.Err }

// ParseVocabulary reads vocab.txt: in each line a piece, a space and a count. White
// space around a line does not count, and a piece may contain spaces. The result has
// the pieces in the order of the lines. The error is a *FileError.
func ParseVocabulary(data []byte, name string) ([]string, error) {
	var words []string
	text := newlines(data)
	words = make([]string, 0, strings.Count(text, "\n")+1)
	for number := 1; text != ""; number++ {
		line, rest, _ := strings.Cut(text, "\n")
		text = rest
		if !utf8.ValidString(line) {
			return nil, &FileError{name, number, fmt.Errorf("%w: the line is not UTF-8", ErrFormat)}
		}
		line = strings.TrimFunc(line, isSpace)
		end := strings.LastIndexByte(line, ' ')
		if end < 0 {
			return nil, &FileError{name, number, fmt.Errorf("%w: %.100q, want a piece, a space and a count", ErrFormat, line)}
		}
		words = append(words, line[:end])
	}
	return words, nil
}

// newlines gives a file's text with every line ended by LF alone, as Python reads it,
// and without a byte order mark.
func newlines(data []byte) string {
	text := strings.TrimPrefix(string(data), "\ufeff")
	if strings.Contains(text, "\r") {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	}
	return text
}

// Codes are the merges of a bpe.codes. They do not change and may be used by any
// number of goroutines.
type Codes struct {
	symbols map[string]int32 // every symbol that a merge joins or makes
	merges  map[[2]int32]merge
}

// A merge is what becomes of two neighbours. The lowest rank comes first.
type merge struct{ rank, made int32 }

// ParseCodes reads bpe.codes: in each line two symbols and a count. The later of two
// lines for the same symbols counts. A last line that no line feed ends is not read,
// as in transformers, where it is taken for the empty rest of the file. The error is a
// *FileError.
func ParseCodes(data []byte, name string) (*Codes, error) {
	text := newlines(data)
	n := strings.Count(text, "\n")
	c := &Codes{symbols: make(map[string]int32, n), merges: make(map[[2]int32]merge, n)}
	for number := 1; ; number++ {
		line, rest, ended := strings.Cut(text, "\n")
		if !ended {
			return c, nil
		}
		text = rest
		if !utf8.ValidString(line) {
			return nil, &FileError{name, number, fmt.Errorf("%w: the line is not UTF-8", ErrFormat)}
		}
		f := strings.FieldsFunc(line, isSpace)
		if len(f) == 0 {
			continue
		}
		if len(f) != 3 {
			return nil, &FileError{name, number, fmt.Errorf("%w: %.100q, want two symbols and a count", ErrFormat, line)}
		}
		if number > math.MaxInt32/4 {
			return nil, &FileError{name, number, fmt.Errorf("%w: too many lines", ErrFormat)}
		}
		pair := [2]int32{c.symbol(f[0]), c.symbol(f[1])}
		c.merges[pair] = merge{int32(number), c.symbol(f[0] + f[1])}
	}
}

// symbol numbers a symbol.
func (c *Codes) symbol(s string) int32 {
	id, ok := c.symbols[s]
	if !ok {
		id = int32(len(c.symbols))
		c.symbols[s] = id
	}
	return id
}
