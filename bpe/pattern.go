package bpe

import (
	"errors"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2/v2"
)

// matchTimeout bounds the time of one match of a caller's pattern: backtracking
// can take exponential time.
const matchTimeout = time.Second

// maxPattern is the length in bytes up to which a caller's pattern is compiled.
// regexp2 recurses once for each nested group, and a million of them overflow
// the stack, which ends the process.
const maxPattern = 4096

// A pattern cuts text with a regular expression.
type pattern struct{ re *regexp2.Regexp }

func compilePattern(expr string) (*pattern, error) {
	if len(expr) > maxPattern {
		return nil, &PatternError{expr[:40] + "…", maxPattern, ErrTooLarge}
	}
	re, err := regexp2.Compile(expr)
	if err != nil {
		return nil, &PatternError{Pattern: expr, Err: err}
	}
	re.MatchTimeout = matchTimeout
	return &pattern{re}, nil
}

// split calls yield for each piece of s in order. If matching fails, the rest of
// s is the last piece, and the error says why.
func (p *pattern) split(s string, yield func(start, end int)) error {
	// regexp2 matches runes, in which a byte that is not UTF-8 is U+FFFD. offsets
	// says where each rune begins in s.
	runes := make([]rune, 0, len(s))
	offsets := make([]int, 0, len(s)+1)
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		runes = append(runes, r)
		offsets = append(offsets, i)
		i += size
	}
	offsets = append(offsets, len(s))

	done := 0
	m, err := p.re.FindRunesMatch(runes)
	for m != nil && err == nil {
		start, end := offsets[m.RuneIndex], offsets[m.RuneIndex+m.RuneLength]
		if start > done {
			yield(done, start)
			done = start
		}
		if end > done {
			yield(done, end)
			done = end
		}
		m, err = p.re.FindNextMatch(m)
	}
	if done < len(s) {
		yield(done, len(s))
	}
	if err == nil {
		return nil
	}
	if !errors.Is(err, regexp2.ErrBacktrackingStackLimit) {
		err = ErrTimeout // regexp2's error is no sentinel, and it quotes the whole text
	}
	return &PatternError{p.re.String(), done, err}
}
