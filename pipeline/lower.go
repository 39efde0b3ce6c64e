package pipeline

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// lower is a text in lower case, character by character, as the Lowercase normaliser of
// tokenizer.json has it, which sentence-transformers puts before a tokenizer. So a Σ is
// a σ even at a word's end, and only İ becomes two characters. Bytes that are not UTF-8
// stay.
func lower(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			b.WriteByte(text[i])
		case r == 'İ':
			b.WriteString("i̇")
		default:
			b.WriteRune(unicode.ToLower(r))
		}
		i += n
	}
	return b.String()
}
