package pipeline

import (
	"cmp"
	"slices"
	"unicode/utf8"
)

// countCharacters makes byte offsets in a text count its characters (code points), in one
// pass over the text. It sorts offsets.
func countCharacters(text string, offsets []*int) {
	slices.SortFunc(offsets, func(a, b *int) int { return cmp.Compare(*a, *b) })
	at, characters := 0, 0
	for _, o := range offsets {
		characters += utf8.RuneCountInString(text[at:*o])
		at, *o = *o, characters
	}
}
