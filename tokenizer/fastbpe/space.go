package fastbpe

import (
	"unicode"
	"unicode/utf8"
)

// isSpace reports whether Python's \s and str.isspace hold for r: Unicode white space
// and the separators U+001C to U+001F.
func isSpace(r rune) bool {
	return unicode.IsSpace(r) || 0x1C <= r && r <= 0x1F
}

// spaces yields the start and end of each stretch of s between spaces, U+0020 alone.
func spaces(s string) func(yield func(start, end int) bool) {
	return func(yield func(start, end int) bool) {
		for start := 0; start < len(s); start++ {
			end := start
			for end < len(s) && s[end] != ' ' {
				end++
			}
			if end > start && !yield(start, end) {
				return
			}
			start = end
		}
	}
}

// fields yields the start and end of each stretch of b between white space.
func fields(b []byte) func(yield func(start, end int) bool) {
	return func(yield func(start, end int) bool) {
		start := -1
		for i := 0; i < len(b); {
			r, size := utf8.DecodeRune(b[i:])
			switch {
			case !isSpace(r):
				if start < 0 {
					start = i
				}
			case start >= 0:
				if !yield(start, i) {
					return
				}
				start = -1
			}
			i += size
		}
		if start >= 0 {
			yield(start, len(b))
		}
	}
}
