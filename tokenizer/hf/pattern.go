package hf

import (
	"strings"
	"unicode/utf8"
)

// A finder cuts a text into matches and what lies between them.
type finder interface {
	// find appends the parts of text, which is not empty, to dst. They cover text in
	// order; matches may be empty.
	find(dst []match, text string) []match
}

// literal finds a string.
type literal string

func (l literal) find(dst []match, text string) []match {
	done := 0
	for l != "" {
		i := strings.Index(text[done:], string(l))
		if i < 0 {
			break
		}
		if i > 0 {
			dst = append(dst, match{done, done + i, false})
		}
		done += i
		dst = append(dst, match{done, done + len(l), true})
		done += len(l)
	}
	if done < len(text) {
		dst = append(dst, match{done, len(text), false})
	}
	return dst
}

// manySpaces is a regular expression that most Unigram models have. spaces finds the
// same.
const manySpaces = " {2,}"

type spaces struct{}

func (spaces) find(dst []match, text string) []match {
	done := 0
	for done < len(text) {
		lo := strings.Index(text[done:], "  ")
		if lo < 0 {
			break
		}
		lo += done
		hi := skipSpaces(text, lo)
		if done < lo {
			dst = append(dst, match{done, lo, false})
		}
		dst = append(dst, match{lo, hi, true})
		done = hi
	}
	if done < len(text) {
		dst = append(dst, match{done, len(text), false})
	}
	return dst
}

// chars finds single characters.
type chars func(c rune) bool

func (f chars) find(dst []match, text string) []match {
	done := 0
	for i, c := range text {
		if !f(c) {
			continue
		}
		if done < i {
			dst = append(dst, match{done, i, false})
		}
		done = i + utf8.RuneLen(c)
		if c == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD") {
			done = i + 1
		}
		dst = append(dst, match{i, done, true})
	}
	if done < len(text) {
		dst = append(dst, match{done, len(text), false})
	}
	return dst
}

// inverted makes matches of what lies between and the other way round.
type inverted struct{ finder }

func (f inverted) find(dst []match, text string) []match {
	n := len(dst)
	dst = f.finder.find(dst, text)
	for i := n; i < len(dst); i++ {
		dst[i].ok = !dst[i].ok
	}
	return dst
}
