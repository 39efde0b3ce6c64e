package hf

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep arrays and objects may lie in one another. serde_json, which
// the tokenizers library reads with, allows 128.
const maxDepth = 128

// A reader reads JSON from the front of text. encoding/json would take three times
// as long for a vocabulary, and would drop what is there twice.
//
// Its methods stop at the first error, which they keep: what they return after it
// means nothing, and err says what is wrong.
type reader struct {
	text  []byte // what is left
	size  int    // of the whole text
	depth int
	err   error
	names []byte // the arena of str
}

func newReader(data []byte) *reader {
	data = bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))
	return &reader{text: data, size: len(data)}
}

// fail keeps the first error and ends the text, so that reading stops.
func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = formatError("at byte %d: "+format, append([]any{r.size - len(r.text)}, args...)...)
	}
	r.text = nil
}

// stop keeps an error of the caller's.
func (r *reader) stop(err error) {
	if r.err == nil {
		r.err = err
	}
	r.text = nil
}

func (r *reader) skipSpace() {
	for i, c := range r.text {
		if c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			r.text = r.text[i:]
			return
		}
	}
	r.text = nil
}

func (r *reader) found() string {
	if len(r.text) == 0 {
		return "the end of the file"
	}
	c, _ := utf8.DecodeRune(r.text)
	return strconv.QuoteRune(c)
}

// peek returns the first byte of the next value, or 0 at the end.
func (r *reader) peek() byte {
	r.skipSpace()
	if len(r.text) == 0 {
		return 0
	}
	return r.text[0]
}

func (r *reader) accept(c byte) bool {
	if r.peek() != c {
		return false
	}
	r.text = r.text[1:]
	return true
}

func (r *reader) expect(c byte) {
	if !r.accept(c) {
		r.fail("found %s, want %q", r.found(), c)
	}
}

// end checks that nothing follows.
func (r *reader) end() {
	if r.peek() != 0 || len(r.text) > 0 {
		r.fail("found %s after the value", r.found())
	}
}

func (r *reader) literal(want string) {
	if !bytes.HasPrefix(r.text, []byte(want)) {
		r.fail("found %s, want %s", r.found(), want)
		return
	}
	r.text = r.text[len(want):]
}

func (r *reader) boolean() bool {
	switch r.peek() {
	case 't':
		r.literal("true")
		return r.err == nil
	case 'f':
		r.literal("false")
	default:
		r.fail("found %s, want true or false", r.found())
	}
	return false
}

// object reads an object and calls field for each name, to read its value.
func (r *reader) object(field func(name string)) {
	r.expect('{')
	r.enter()
	if r.err == nil && r.accept('}') {
		r.depth--
		return
	}
	for r.err == nil {
		if r.peek() != '"' {
			r.fail("found %s, want a name in double quotes", r.found())
			return
		}
		name := r.str()
		r.expect(':')
		if r.err != nil {
			return
		}
		field(name)
		if r.err == nil && r.accept('}') {
			r.depth--
			return
		}
		r.expect(',')
	}
}

// array reads an array and calls element for each element, to read it.
func (r *reader) array(element func(i int)) {
	r.expect('[')
	r.enter()
	if r.err == nil && r.accept(']') {
		r.depth--
		return
	}
	for i := 0; r.err == nil; i++ {
		element(i)
		if r.err == nil && r.accept(']') {
			r.depth--
			return
		}
		r.expect(',')
	}
}

func (r *reader) enter() {
	if r.depth++; r.depth > maxDepth {
		r.fail("more than %d arrays and objects in one another", maxDepth)
	}
}

// str reads a string.
func (r *reader) str() string { return string(r.bytes()) }

// bytes reads a string. What it returns is overwritten by the next call.
func (r *reader) bytes() []byte {
	if r.peek() != '"' {
		r.fail("found %s, want a string", r.found())
		return nil
	}
	text := r.text[1:]
	i := bytes.IndexByte(text, '"')
	if i < 0 {
		r.fail("a string does not end")
		return nil
	}
	plain := true
	for _, c := range text[:i] {
		if c == '\\' || c < ' ' || c >= utf8.RuneSelf {
			plain = false
			break
		}
	}
	if plain {
		r.text = text[i+1:]
		return text[:i]
	}
	out := r.names[:0]
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '"':
			r.text = text[i+1:]
			r.names = out
			return out
		case c == '\\':
			char, n := escape(text[i:])
			if n == 0 {
				r.text = text[i:]
				r.fail("bad escape sequence %.12q", text[i:min(len(text), i+12)])
				return nil
			}
			out = utf8.AppendRune(out, char)
			i += n
		case c < ' ':
			r.text = text[i:]
			r.fail("control character %#02x in a string", c)
			return nil
		case c < utf8.RuneSelf:
			out = append(out, c)
			i++
		default:
			char, n := utf8.DecodeRune(text[i:])
			if char == utf8.RuneError && n == 1 {
				r.text = text[i:]
				r.fail("a string is not UTF-8")
				return nil
			}
			out = append(out, text[i:i+n]...)
			i += n
		}
	}
	r.fail("a string does not end")
	return nil
}

// escape returns the character of the escape sequence that b begins with and the
// sequence's length, or 0 if it is none. A lone surrogate is none.
func escape(b []byte) (rune, int) {
	if len(b) < 2 {
		return 0, 0
	}
	if i := bytes.IndexByte([]byte(`"\/bfnrt`), b[1]); i >= 0 {
		return rune("\"\\/\b\f\n\r\t"[i]), 2
	}
	c, ok := hex4(b)
	switch {
	case !ok:
		return 0, 0
	case !utf16.IsSurrogate(c):
		return c, 6
	}
	low, ok := hex4(b[6:])
	if c = utf16.DecodeRune(c, low); !ok || c == utf8.RuneError {
		return 0, 0
	}
	return c, 12
}

// hex4 reads \uXXXX.
func hex4(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	return rune(n), err == nil
}

// literalNumber reads a number as the file writes it.
func (r *reader) literalNumber() string {
	r.skipSpace()
	n := 0
	for n < len(r.text) && bytes.IndexByte([]byte("+-.0123456789eE"), r.text[n]) >= 0 {
		n++
	}
	s := r.text[:n]
	if n > 400 || !validNumber(s) {
		r.fail("found %.40q, want a number", r.text[:min(len(r.text), max(n, 8))])
		return "0"
	}
	r.text = r.text[n:]
	return string(s)
}

// validNumber reports whether s is a number as JSON has it.
func validNumber(s []byte) bool {
	digits := func() bool {
		n := 0
		for n < len(s) && '0' <= s[n] && s[n] <= '9' {
			n++
		}
		s = s[n:]
		return n > 0
	}
	if len(s) > 0 && s[0] == '-' {
		s = s[1:]
	}
	if len(s) > 1 && s[0] == '0' && '0' <= s[1] && s[1] <= '9' || !digits() {
		return false
	}
	if len(s) > 0 && s[0] == '.' {
		if s = s[1:]; !digits() {
			return false
		}
	}
	if len(s) > 0 && (s[0] == 'e' || s[0] == 'E') {
		s = s[1:]
		if len(s) > 0 && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		if !digits() {
			return false
		}
	}
	return len(s) == 0
}

// float reads a number. One that no float64 holds is an error.
func (r *reader) float() float64 {
	s := r.literalNumber()
	x, err := strconv.ParseFloat(s, 64)
	if err != nil && r.err == nil {
		r.fail("number %.40s is out of range", s)
	}
	return x
}

// integer reads an integer from 0 to limit.
func (r *reader) integer(limit int) int {
	s := r.literalNumber()
	n, err := strconv.Atoi(s)
	if r.err != nil {
		return 0
	}
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		r.fail("found %.40s, want an integer", s)
		return 0
	}
	if err != nil || n < 0 || n > limit || s[0] == '-' {
		r.fail("%.40s is not in [0, %d]", s, limit)
		return 0
	}
	return n
}

// skip reads a value and forgets it.
func (r *reader) skip() {
	switch c := r.peek(); c {
	case '{':
		r.object(func(string) { r.skip() })
	case '[':
		r.array(func(int) { r.skip() })
	case '"':
		r.bytes()
	case 't', 'f':
		r.boolean()
	case 'n':
		r.literal("null")
	default:
		r.literalNumber()
	}
}

// raw reads a value and returns its text.
func (r *reader) raw() []byte {
	r.skipSpace()
	from := r.text
	r.skip()
	if r.err != nil {
		return nil
	}
	return from[:len(from)-len(r.text)]
}

// A node is an object of a small section: the text of each field. A field that is
// there twice has the later value, as in the tokenizers library.
type node map[string][]byte

// node reads an object.
func (r *reader) node() node {
	n := node{}
	r.object(func(name string) { n[name] = r.raw() })
	return n
}

// read calls f with a reader of the field, unless it is missing or null, and returns
// the reader's error with the field's name.
func (n node) read(name string, f func(r *reader)) error {
	text, ok := n[name]
	if !ok || string(text) == "null" {
		return nil
	}
	r := newReader(text)
	f(r)
	if r.err == nil {
		r.end()
	}
	if r.err != nil {
		return fmt.Errorf("%s: %w", name, r.err)
	}
	return nil
}

// has reports whether the field is there and not null.
func (n node) has(name string) bool { return n[name] != nil && string(n[name]) != "null" }

// need is read of a field that must be there.
func (n node) need(name string, f func(r *reader)) error {
	if !n.has(name) {
		return formatError("%s is missing", name)
	}
	return n.read(name, f)
}

func (n node) str(name string) (s string, err error) {
	err = n.need(name, func(r *reader) { s = r.str() })
	return s, err
}

func (n node) boolean(name string) (b bool, err error) {
	err = n.need(name, func(r *reader) { b = r.boolean() })
	return b, err
}

// char reads a string of one character.
func (n node) char(name string) (rune, error) {
	s, err := n.str(name)
	if err != nil {
		return 0, err
	}
	if c, size := utf8.DecodeRuneInString(s); size == len(s) && size > 0 {
		return c, nil
	}
	return 0, formatError("%s is %.20q, want one character", name, s)
}
