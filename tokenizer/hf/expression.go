package hf

import (
	"errors"
	"sync"
	"time"

	"github.com/dlclark/regexp2/v2"
)

// matchTimeout bounds the time of one match of a regular expression: backtracking can
// take exponential time.
const matchTimeout = time.Second

// maxPattern is the length in bytes up to which a regular expression is compiled.
// regexp2 recurses once for each nested group.
const maxPattern = 4096

// expression finds what a regular expression matches.
type expression struct {
	re     *regexp2.Regexp
	source string // as the file has it
	empty  bool   // it may match the empty string
}

// newExpression compiles an expression in Oniguruma's syntax, which the tokenizers
// library uses.
func newExpression(expr string) (expression, error) {
	if len(expr) > maxPattern {
		return expression{}, formatError("a regular expression of %d bytes, want at most %d", len(expr), maxPattern)
	}
	translated, err := fromOniguruma(expr)
	if err != nil {
		return expression{}, err
	}
	re, err := regexp2.Compile(translated, regexp2.Multiline)
	if err != nil {
		return expression{}, formatError("regular expression %.200q: %.100s", expr, err.Error())
	}
	re.MatchTimeout = matchTimeout
	return expression{re, expr, mayBeEmpty(translated)}, nil
}

// find appends the matches of the expression. If one takes more than a second or too
// much memory it panics with a *PatternError, which encode and Parse recover.
func (x expression) find(dst []match, text string) []match {
	d := decode(text)
	defer decodings.Put(d)
	all, err := x.re.FindAllRunesIndex(d.runes, -1)
	if err != nil {
		panic(x.patternError(err))
	}
	done := 0
	for _, m := range all {
		lo, hi := d.offsets[m[0]], d.offsets[m[1]]
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

// patternError returns the error for one of regexp2's, which quotes the whole text.
func (x expression) patternError(err error) *PatternError {
	if !errors.Is(err, regexp2.ErrBacktrackingStackLimit) {
		err = ErrTimeout
	}
	return &PatternError{x.source, err}
}

// A decoding is a text as regexp2 matches it.
type decoding struct {
	runes   []rune
	offsets []int // where each begins in the text, and the text's length
}

var decodings = sync.Pool{New: func() any { return new(decoding) }}

func decode(text string) *decoding {
	d := decodings.Get().(*decoding)
	if cap(d.runes) > keepScratch {
		d = new(decoding)
	}
	d.runes, d.offsets = d.runes[:0], d.offsets[:0]
	for i, c := range text {
		d.runes = append(d.runes, c)
		d.offsets = append(d.offsets, i)
	}
	d.offsets = append(d.offsets, len(text))
	return d
}

// giveUp turns a *PatternError that find has panicked with into an error.
func giveUp(err *error) {
	switch r := recover().(type) {
	case nil:
	case *PatternError:
		*err = r
	default:
		panic(r)
	}
}

// lenient finds what an expression matches. Where that gives up, what is left of text
// has no match.
type lenient struct{ expression }

func (x lenient) find(dst []match, text string) []match {
	d := decode(text)
	defer decodings.Put(d)
	done, matched := 0, false
	m, err := x.re.FindRunesMatch(d.runes)
	for m != nil && err == nil {
		lo, hi := d.offsets[m.RuneIndex], d.offsets[m.RuneIndex+m.RuneLength]
		if lo == hi && lo == done && matched {
			m, err = x.re.FindNextMatch(m) // empty, right after a match: Oniguruma's users skip it
			continue
		}
		matched = true
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
