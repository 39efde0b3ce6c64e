package bpe

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxFile is the size in bytes of the largest file that is read, sixty times
// that of GPT-2's.
const maxFile = 64 << 20

// readFile returns all of r without a byte order mark. The error is ErrTooLarge
// for more than limit bytes, ErrLFSPointer, or r's own.
func readFile(r io.Reader, limit int) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err != nil {
		return nil, err
	}
	if len(b) > limit {
		return nil, ErrTooLarge
	}
	if bytes.HasPrefix(b, []byte("version https://git-lfs.github.com/spec/")) {
		return nil, ErrLFSPointer
	}
	return bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF")), nil
}

// parseEncoder reads encoder.json or vocab.json: one JSON object that gives
// each token an id. encoding/json would drop duplicates and line numbers.
func parseEncoder(b []byte, file string) ([]entry, error) {
	p := &objectParser{text: b, file: file, line: 1}
	var entries []entry
	if err := p.expect('{'); err != nil {
		return nil, err
	}
	p.skipSpace()
	if p.accept('}') {
		return nil, p.end()
	}
	for {
		p.skipSpace()
		e := entry{line: p.line}
		var err error
		if e.token, err = p.str(); err != nil {
			return nil, err
		}
		if err := p.expect(':'); err != nil {
			return nil, err
		}
		if e.id, err = p.id(e.token); err != nil {
			return nil, err
		}
		entries = append(entries, e)
		p.skipSpace()
		if p.accept('}') {
			return entries, p.end()
		}
		if err := p.expect(','); err != nil {
			return nil, err
		}
	}
}

// An objectParser reads the JSON that a vocabulary consists of: an object of
// strings and integers.
type objectParser struct {
	text []byte // what is left
	file string
	line int
}

func (p *objectParser) fail(token, format string, args ...any) error {
	return &VocabularyError{p.file, p.line, token, fmt.Errorf("%w: "+format, append([]any{ErrFormat}, args...)...)}
}

func (p *objectParser) skipSpace() {
	for len(p.text) > 0 {
		switch p.text[0] {
		case '\n':
			p.line++
		case ' ', '\t', '\r':
		default:
			return
		}
		p.text = p.text[1:]
	}
}

func (p *objectParser) accept(c byte) bool {
	if len(p.text) == 0 || p.text[0] != c {
		return false
	}
	p.text = p.text[1:]
	return true
}

func (p *objectParser) expect(c byte) error {
	p.skipSpace()
	if p.accept(c) {
		return nil
	}
	return p.fail("", "found %s, want %q", p.found(), c)
}

func (p *objectParser) end() error {
	p.skipSpace()
	if len(p.text) > 0 {
		return p.fail("", "found %s after the object", p.found())
	}
	return nil
}

func (p *objectParser) found() string {
	if len(p.text) == 0 {
		return "the end of the file"
	}
	r, _ := utf8.DecodeRune(p.text)
	return strconv.QuoteRune(r)
}

// str reads a string literal.
func (p *objectParser) str() (string, error) {
	if !p.accept('"') {
		return "", p.fail("", "found %s, want a token in double quotes", p.found())
	}
	var out []byte
	for i := 0; i < len(p.text); {
		switch c := p.text[i]; {
		case c == '"':
			s := string(append(out, p.text[:i]...))
			p.text = p.text[i+1:]
			return s, nil
		case c == '\\':
			out = append(out, p.text[:i]...)
			p.text = p.text[i:]
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(out, r)
			i = 0
		case c < ' ':
			return "", p.fail("", "control character %#02x in a token", c)
		case c < utf8.RuneSelf:
			i++
		default:
			r, size := utf8.DecodeRune(p.text[i:])
			if r == utf8.RuneError && size == 1 {
				return "", p.fail("", "a token is not UTF-8")
			}
			i += size
		}
	}
	return "", p.fail("", "a token does not end")
}

// escape reads an escape sequence. It returns U+FFFD for a surrogate: no token
// can have either, so newVocabulary refuses it.
func (p *objectParser) escape() (rune, error) {
	if len(p.text) >= 2 {
		c := p.text[1]
		if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
			p.text = p.text[2:]
			return rune("\"\\/\b\f\n\r\t"[i]), nil
		}
		if c == 'u' && len(p.text) >= 6 {
			if n, err := strconv.ParseUint(string(p.text[2:6]), 16, 16); err == nil {
				p.text = p.text[6:]
				if !utf8.ValidRune(rune(n)) {
					return utf8.RuneError, nil
				}
				return rune(n), nil
			}
		}
	}
	return 0, p.fail("", "bad escape sequence %.6q", p.text)
}

// id reads an integer from 0 up.
func (p *objectParser) id(token string) (int32, error) {
	p.skipSpace()
	n := 0
	for n < len(p.text) && strings.IndexByte("+-.0123456789eE", p.text[n]) >= 0 {
		n++
	}
	literal := string(p.text[:n])
	if n == 0 {
		return 0, p.fail(token, "found %s, want an integer id", p.found())
	}
	id, err := strconv.ParseInt(literal, 10, 64)
	if err != nil || literal[0] == '+' || len(literal) > 1 && literal[0] == '0' {
		return 0, p.fail(token, "id %.40s is not an integer", literal)
	}
	if id < 0 || id > math.MaxInt32 || literal[0] == '-' {
		return 0, p.fail(token, "id %d is not in [0, %d]", id, math.MaxInt32)
	}
	p.text = p.text[n:]
	return int32(id), nil
}

// A mergeRule is one line of vocab.bpe.
type mergeRule struct {
	left, right string
	line        int
}

// parseMerges reads vocab.bpe or merges.txt: a line "#version: …", which may
// be missing, then the merges by rank, each a line "left right".
func parseMerges(b []byte, file string) ([]mergeRule, error) {
	var merges []mergeRule
	text := string(b)
	for line := 1; text != ""; line++ {
		var s string
		s, text, _ = strings.Cut(text, "\n")
		s = strings.TrimSuffix(s, "\r")
		if s == "" || line == 1 && strings.HasPrefix(s, "#version") {
			continue
		}
		left, right, ok := strings.Cut(s, " ")
		if !ok || left == "" || right == "" || strings.Contains(right, " ") {
			return nil, &VocabularyError{file, line, "", fmt.Errorf("%w: %.100q, want two tokens and a space between", ErrFormat, s)}
		}
		merges = append(merges, mergeRule{left, right, line})
	}
	return merges, nil
}
