package roberta

import (
	"strings"
	"unicode"
)

// isSpace says whether Python's str.strip removes r: Unicode white space, and four
// separators that are no white space to Go.
func isSpace(r rune) bool { return unicode.IsSpace(r) || 0x1c <= r && r <= 0x1f }

func trimRight(s string) string { return strings.TrimRightFunc(s, isSpace) }
