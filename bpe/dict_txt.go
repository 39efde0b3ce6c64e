package bpe

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// overwriteFlag at the end of a line lets a symbol occur a second time.
const overwriteFlag = "#fairseq:overwrite"

// ParseDictionary reads fairseq's dict.txt from r. A line is a symbol, a space
// and the symbol's count, an integer; the symbol is all before the last space
// and may contain spaces. A second line for a symbol, or one for <s>, <pad>,
// </s> or <unk>, is an error unless it ends in " #fairseq:overwrite": then it
// gets an id of its own, which Index returns.
// White space at the end of a line and a byte order mark are ignored. Lines may
// end in LF, CRLF or CR.
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

// parseLine reads a line of dict.txt.
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

// Bytes returns the dictionary as dict.txt. <mask> gets a line if d has it;
// ParseDictionary then finds it there.
func (d *Dictionary) Bytes() []byte {
	var b bytes.Buffer
	seen := make(map[string]bool, len(d.symbols))
	for id, s := range d.symbols {
		if id >= 4 {
			if b.Len() == 0 && strings.HasPrefix(s, "\ufeff") {
				b.WriteString("\ufeff") // reading a file removes one
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
