package bpe

import "unicode"

// fields yields the start and end of each stretch of s between white space, as
// Python's str.split finds them.
func fields(s string) func(yield func(start, end int) bool) {
	return func(yield func(start, end int) bool) {
		start := -1
		for i, r := range s {
			switch {
			case !pythonSpace(r):
				if start < 0 {
					start = i
				}
			case start >= 0:
				if !yield(start, i) {
					return
				}
				start = -1
			}
		}
		if start >= 0 {
			yield(start, len(s))
		}
	}
}

// pythonSpace reports whether Python's str.isspace holds for r: Unicode white
// space and the separators U+001C to U+001F.
func pythonSpace(r rune) bool {
	return unicode.IsSpace(r) || 0x1C <= r && r <= 0x1F
}
