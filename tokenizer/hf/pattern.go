package hf

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2/v2"
)

// matchTimeout bounds the time of one match of a regular expression: backtracking can
// take exponential time.
const matchTimeout = time.Second

// maxPattern is the length in bytes up to which a regular expression is compiled.
// regexp2 recurses once for each nested group.
const maxPattern = 4096

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

// expression finds what a regular expression matches.
type expression struct{ re *regexp2.Regexp }

// newExpression compiles an expression in Oniguruma's syntax, which the tokenizers
// library uses.
func newExpression(expr string) (expression, error) {
	if len(expr) > maxPattern {
		return expression{}, formatError("a regular expression of %d bytes, want at most %d", len(expr), maxPattern)
	}
	re, err := regexp2.Compile(fromOniguruma(expr), regexp2.Multiline)
	if err != nil {
		return expression{}, formatError("regular expression %.200q: %.100s", expr, err.Error())
	}
	re.MatchTimeout = matchTimeout
	return expression{re}, nil
}

// fromOniguruma writes the few things otherwise that regexp2 calls otherwise: (?m),
// which lets a point match a line feed and is (?s) there, and \h, a hexadecimal digit.
func fromOniguruma(expr string) string {
	var b strings.Builder
	inClass := 0
	for i := 0; i < len(expr); i++ {
		switch c := expr[i]; {
		case c == '\\' && i+1 < len(expr):
			i++
			switch {
			case expr[i] == 'h' && inClass > 0:
				b.WriteString("0-9a-fA-F")
			case expr[i] == 'h':
				b.WriteString("[0-9a-fA-F]")
			default:
				b.WriteByte(c)
				b.WriteByte(expr[i])
			}
		case c == '[':
			inClass++
			b.WriteByte(c)
		case c == ']' && inClass > 0:
			inClass--
			b.WriteByte(c)
		case c == '(' && inClass == 0 && strings.HasPrefix(expr[i:], "(?"):
			b.WriteString("(?")
			i += 2
			for i < len(expr) && strings.IndexByte("imx-", expr[i]) >= 0 {
				if expr[i] == 'm' {
					b.WriteByte('s')
				} else {
					b.WriteByte(expr[i])
				}
				i++
			}
			i--
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// find appends the matches of the expression. If one takes more than a second, what
// is left of text has no match.
func (x expression) find(dst []match, text string) []match {
	// regexp2 matches runes. offsets says where each begins in text.
	runes := make([]rune, 0, len(text))
	offsets := make([]int, 0, len(text)+1)
	for i, c := range text {
		runes = append(runes, c)
		offsets = append(offsets, i)
	}
	offsets = append(offsets, len(text))
	done := 0
	m, err := x.re.FindRunesMatch(runes)
	for m != nil && err == nil {
		lo, hi := offsets[m.RuneIndex], offsets[m.RuneIndex+m.RuneLength]
		if done < lo {
			dst = append(dst, match{done, lo, false})
		}
		dst = append(dst, match{lo, hi, true})
		done = hi
		m, err = x.re.FindNextMatch(m)
	}
	if done < len(text) {
		dst = append(dst, match{done, len(text), false})
	}
	return dst
}
