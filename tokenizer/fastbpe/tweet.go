package fastbpe

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/goroberta/goroberta/tokenizer"
)

// ErrEmoji is wrapped when a tweet has an emoji to be normalised: BERTweet knows it by
// its name, and the names are not part of this package.
var ErrEmoji = errors.New("an emoji, whose name is not known here")

// A TextError reports a text that a tokenizer cannot encode.
type TextError struct {
	Offset int // in the text
	Text   string
	Err    error
}

func (e *TextError) Error() string {
	return fmt.Sprintf("fastbpe: %q at byte %d: %v", e.Text, e.Offset, e.Err)
}

func (e *TextError) Unwrap() error { return e.Err }

// Check returns the error that encoding a text meets: a *TextError for an emoji in a
// tweet that is normalised, unless it is part of a link or a name. Other tokenizers encode
// every text.
func (t *Tokenizer) Check(text string) error {
	if !t.tweets || ascii(text) && !strings.Contains(text, "&") {
		return nil
	}
	var err error
	t.added.parts(text, func(start, end int) {
		if err == nil {
			_, err = normalize(text, start, end, true)
		}
	}, func(_, _, _ int) {})
	return err
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// A source is a text that was rewritten, and what its bytes were made of.
type source struct {
	text  []byte
	spans []tokenizer.Span // of the original, by byte; nil if nobody wants to know
}

// add appends s, made of what span is.
func (a *source) add(s string, span tokenizer.Span) {
	a.text = append(a.text, s...)
	if a.spans != nil {
		for range len(s) {
			a.spans = append(a.spans, span)
		}
	}
}

// keep appends bytes lo to hi of another source.
func (a *source) keep(from *source, lo, hi int) {
	a.text = append(a.text, from.text[lo:hi]...)
	if a.spans != nil {
		a.spans = append(a.spans, from.spans[lo:hi]...)
	}
}

// span is what bytes lo to hi were made of.
func (a *source) span(lo, hi int) (s tokenizer.Span) {
	if a.spans != nil && lo < hi {
		s = tokenizer.Span{Start: a.spans[lo].Start, End: a.spans[hi-1].End}
	}
	return s
}

// empty returns a source without bytes, with room for those of a.
func (a *source) empty() *source {
	b := &source{text: make([]byte, 0, len(a.text)+len(a.text)/8)}
	if a.spans != nil {
		b.spans = make([]tokenizer.Span, 0, cap(b.text))
	}
	return b
}

// replace puts one text in the place of another. Of a text that only grows at its
// beginning or end the rest keeps its spans.
func (a *source) replace(old, new string) *source {
	at := bytes.Index(a.text, []byte(old))
	if at < 0 {
		return a
	}
	out, done := a.empty(), 0
	for at >= 0 {
		lo := done + at
		hi := lo + len(old)
		out.keep(a, done, lo)
		switch before, after, same := strings.Cut(new, old); {
		case same:
			s := a.span(lo, hi)
			out.add(before, tokenizer.Span{Start: s.Start, End: s.Start})
			out.keep(a, lo, hi)
			out.add(after, tokenizer.Span{Start: s.End, End: s.End})
		default:
			out.add(new, a.span(lo, hi))
		}
		done = hi
		at = bytes.Index(a.text[done:], []byte(old))
	}
	out.keep(a, done, len(a.text))
	return out
}

// normalize rewrites text[start:end] as BERTweet's normalizeTweet does. The spans count in
// text.
func normalize(text string, start, end int, spans bool) (*source, error) {
	a := &source{text: []byte(text[start:end])}
	if spans {
		a.spans = make([]tokenizer.Span, 0, end-start)
		for i := start; i < end; {
			_, size := utf8.DecodeRuneInString(text[i:end])
			for range size { // of a character all bytes have the whole
				a.spans = append(a.spans, tokenizer.Span{Start: i, End: i + size})
			}
			i += size
		}
	}
	a = a.replace("’", "'").replace("…", "...").entities().shorten()
	out := a.empty()
	var err error
	(&tweet{text: string(a.text)}).words(func(lo, hi int) {
		if len(out.text) > 0 {
			s := a.span(lo, hi)
			out.add(" ", tokenizer.Span{Start: s.Start, End: s.Start})
		}
		if err == nil {
			err = out.word(a, lo, hi)
		}
	})
	if err != nil {
		return nil, err
	}
	for _, r := range [...][2]string{
		{"cannot ", "can not "}, {"n't ", " n't "}, {"n 't ", " n't "}, {"ca n't", "can't"}, {"ai n't", "ain't"},
		{"'m ", " 'm "}, {"'re ", " 're "}, {"'s ", " 's "}, {"'ll ", " 'll "}, {"'d ", " 'd "}, {"'ve ", " 've "},
		{" p . m .", "  p.m."}, {" p . m ", " p.m "}, {" a . m .", " a.m."}, {" a . m ", " a.m "},
	} {
		out = out.replace(r[0], r[1])
	}
	for i, c := range out.text {
		if c == '\n' { // between dots; here it is no part of a word
			out.text[i] = ' '
		}
	}
	return out, nil
}

// word appends a word of a tweet in its normal form.
func (a *source) word(from *source, lo, hi int) error {
	word := from.text[lo:hi]
	begins := func(s string) bool { return len(word) >= len(s) && strings.EqualFold(string(word[:len(s)]), s) }
	r, size := utf8.DecodeRune(word)
	switch {
	case word[0] == '@':
		a.add("@USER", from.span(lo, hi))
	case begins("http"), begins("www"):
		a.add("HTTPURL", from.span(lo, hi))
	case size < len(word):
		a.keep(from, lo, hi)
	case r == '’':
		a.add("'", from.span(lo, hi))
	case r == '…':
		a.add("...", from.span(lo, hi))
	case isEmoji(r):
		return &TextError{from.span(lo, hi).Start, string(word), ErrEmoji}
	default:
		a.keep(from, lo, hi)
	}
	return nil
}

func isEmoji(r rune) bool {
	_, ok := slices.BinarySearchFunc(emoji, r, func(e [2]rune, r rune) int {
		switch {
		case e[1] < r:
			return -1
		case e[0] > r:
			return 1
		}
		return 0
	})
	return ok
}

// shorten leaves three of four or more equal characters that are no ASCII letters or
// digits.
func (a *source) shorten() *source {
	out, kept := a.empty(), 0
	last, count := rune(-1), 0
	for i := 0; i < len(a.text); {
		r, size := utf8.DecodeRune(a.text[i:])
		same := r == last && (r != utf8.RuneError || size > 1)
		if last = r; !same {
			count = 0
		}
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		if count++; count > 3 && !letter {
			out.keep(a, kept, i)
			kept = i + size
		}
		i += size
	}
	if kept == 0 {
		return a
	}
	out.keep(a, kept, len(a.text))
	return out
}

// entities replaces references such as &amp; and &#33; by their characters. What is no
// reference is left out, as there.
func (a *source) entities() *source {
	if !bytes.Contains(a.text, []byte("&")) {
		return a
	}
	out, done := a.empty(), 0
	for i := 0; i < len(a.text); i++ {
		if a.text[i] != '&' {
			continue
		}
		// &(#?(x?))([^&;\s]+);
		end := i + 1
		for end < len(a.text) && a.text[end] != '&' && a.text[end] != ';' {
			r, size := utf8.DecodeRune(a.text[end:])
			if isWhite(r) {
				break
			}
			end += size
		}
		if end == len(a.text) || a.text[end] != ';' || end == i+1 {
			i = end - 1
			continue
		}
		out.keep(a, done, i)
		out.add(entity(string(a.text[i+1:end])), a.span(i, end+1))
		i, done = end, end+1
	}
	out.keep(a, done, len(a.text))
	return out
}

// entity returns the character of a reference, "" if there is none.
func entity(body string) string {
	digits, base := body, 0
	if s, ok := strings.CutPrefix(digits, "#"); ok && s != "" {
		digits, base = s, 10
	}
	if s, ok := strings.CutPrefix(digits, "x"); ok && s != "" { // "#" may be missing, as there
		digits, base = s, 16
	}
	if base == 0 {
		return names()[body]
	}
	n, ok := pythonInt(digits, base)
	switch {
	case !ok || n < 0 || n > unicode.MaxRune:
		return ""
	case 0x80 <= n && n <= 0x9F:
		if r := windows1252[n-0x80]; r != 0 {
			return string(r)
		}
		return ""
	}
	return string(rune(n)) // U+FFFD for a surrogate, which is no character there either
}

// windows1252 are the characters of the bytes 0x80 to 0x9F, 0 for none.
var windows1252 = [32]rune{
	'€', 0, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0, 'Ž', 0,
	0, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0, 'ž', 'Ÿ',
}

// names are the characters of named references.
var names = sync.OnceValue(func() map[string]string {
	f := strings.Fields(entities)
	m := make(map[string]string, len(f)/2)
	for i := 0; i+1 < len(f); i += 2 {
		n, _ := strconv.Atoi(f[i+1])
		m[f[i]] = string(rune(n))
	}
	return m
})

// pythonInt reads a number as Python's int(s, base) does, with a sign, a prefix, digits of
// any script and underscores between them. ok is false for what it refuses, and for
// numbers that are too large for a character.
func pythonInt(s string, base int) (n int, ok bool) {
	sign := 1
	if s != "" && (s[0] == '+' || s[0] == '-') {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	under := false // an underscore may stand here
	if base == 16 && len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' {
		s, under = s[2:], true
	}
	digit := false // the last character was one
	for _, r := range s {
		v := -1
		switch {
		case r == '_' && under:
			under, digit = false, false
			continue
		case '0' <= r && r <= '9':
			v = int(r - '0')
		case base == 16 && 'a' <= r|0x20 && r|0x20 <= 'f':
			v = int(r|0x20-'a') + 10
		default:
			v = decimal(r)
		}
		if v < 0 || n > unicode.MaxRune {
			return 0, false
		}
		n, under, digit = n*base+v, true, true
	}
	return sign * n, digit
}

// decimal returns the value of a digit of any script, -1 for other characters.
func decimal(r rune) int {
	for _, t := range unicode.Nd.R16 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return int(r-rune(t.Lo)) % 10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return int(r-rune(t.Lo)) % 10
		}
	}
	return -1
}
