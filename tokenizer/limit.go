package tokenizer

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// A Limit says how long an input may be and what happens to a longer one. The
// zero Limit allows any length.
type Limit struct {
	Length     int        // the most tokens of an input, special tokens included; 0: any number
	Truncation Truncation // which text gives way
	Left       bool       // texts lose their beginning instead of their end
	Stride     int        // in Windows: the tokens that neighbouring windows share
}

// A Truncation says which text of an input that is too long is cut.
type Truncation uint8

const (
	// NoTruncation cuts nothing: an input that is too long is an error.
	NoTruncation Truncation = iota
	// LongestFirst cuts the longest text until it is as short as the next
	// longest, then both by equal shares, and so on. What shares leave over goes
	// to the longer text, or the later one of equally long ones.
	LongestFirst
	// OnlyFirst cuts the first text.
	OnlyFirst
	// OnlySecond cuts the second text.
	OnlySecond
)

func (t Truncation) String() string {
	if names := [...]string{"none", "longest-first", "only-first", "only-second"}; int(t) < len(names) {
		return names[t]
	}
	return fmt.Sprintf("Truncation(%d)", uint8(t))
}

// ErrTooLong is what a *LimitError wraps.
var ErrTooLong = errors.New("input too long")

// A LimitError reports an input that is longer than a Limit allows and cannot
// be shortened as the Limit says.
type LimitError struct {
	Limit   Limit
	Tokens  int // length of the whole input, special tokens included
	Special int // how many of Tokens are special
	Reason  string
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("tokenizer: %v: %d tokens (%d of them special), want at most %d: %s", ErrTooLong, e.Tokens, e.Special, e.Limit.Length, e.Reason)
}

func (e *LimitError) Unwrap() error { return ErrTooLong }

// cut returns the windows that each text is read through, given the number of
// tokens of each text and of special tokens. The first one of each is what
// truncation leaves. With all, every token must be in some window.
func (l Limit) cut(lengths []int, special int, all bool) ([]windows, error) {
	total := special
	for _, n := range lengths {
		total += n
	}
	fail := func(format string, args ...any) ([]windows, error) {
		return nil, &LimitError{l, total, special, fmt.Sprintf(format, args...)}
	}
	keep := slices.Clone(lengths)
	if l.Length != 0 && total > l.Length {
		room := l.Length - special
		if room < 1 {
			return fail("special tokens leave no room for text")
		}
		truncation := l.Truncation
		if truncation == NoTruncation && all {
			truncation = LongestFirst
		}
		switch truncation {
		case LongestFirst:
			keep = longestFirst(lengths, room)
		case OnlyFirst, OnlySecond:
			i := int(truncation - OnlyFirst)
			if i >= len(lengths) {
				return fail("there is no second text to cut")
			}
			keep[i] -= total - l.Length
			if keep[i] < 1 {
				return fail("text %d has %d tokens, too few to cut %d", i, lengths[i], total-l.Length)
			}
		case NoTruncation:
			return fail("truncation is off")
		default:
			return fail("unknown truncation %v", truncation)
		}
	}
	out := make([]windows, len(lengths))
	for i, n := range lengths {
		out[i] = windows{length: n, size: keep[i], left: l.Left}
		if all && keep[i] < n {
			if l.Stride < 0 || l.Stride >= keep[i] {
				return fail("stride %d of windows of %d tokens", l.Stride, keep[i])
			}
			out[i].step = keep[i] - l.Stride
		}
	}
	return out, nil
}

// longestFirst shares room among texts of these lengths, whose sum exceeds it.
func longestFirst(lengths []int, room int) []int {
	order := make([]int, len(lengths))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(lengths[a], lengths[b]) })
	keep := make([]int, len(lengths))
	for k, i := range order {
		keep[i] = min(lengths[i], room/(len(order)-k))
		room -= keep[i]
	}
	return keep
}
