package roberta

import (
	"regexp"
	"strings"
	"unicode"
)

// Rules of the Moses detokenizer for English, which fairseq's pronoun task
// applies around the pronoun (Koehn et al., 2007; scripts/tokenizer/detokenizer.perl).
var (
	joinsNext     = regexp.MustCompile(`^[\p{Sc}(\[{¿¡]+$`)
	joinsPrevious = regexp.MustCompile(`^[,.?!:;\\%}\])]+$`)
	contraction   = regexp.MustCompile(`^'\p{L}`)
	quotes        = regexp.MustCompile("^['\"„“”`]+$")
	doubleQuotes  = regexp.MustCompile(`^[„“”]+$`)

	// Moses writes these escapes; &amp; comes last so that nothing is read twice.
	unescape = []*strings.Replacer{
		strings.NewReplacer("&bar;", "|", "&#124;", "|", "&lt;", "<", "&gt;", ">", "&bra;", "[", "&ket;", "]",
			"&quot;", `"`, "&apos;", "'", "&#91;", "[", "&#93;", "]"),
		strings.NewReplacer("&amp;", "&"),
	}
)

// detokenize joins words into a text, without spaces before closing and after
// opening punctuation.
func detokenize(words []string) string {
	text := strings.ReplaceAll(" "+strings.Join(words, " ")+" ", " @-@ ", "-")
	for _, r := range unescape {
		text = r.Replace(text)
	}
	tokens := strings.FieldsFunc(text, isSpace)
	open := map[string]bool{} // quotation marks that wait for their closing one
	var b strings.Builder
	space := " "
	left := func(t string) { b.WriteString(t); space = " " }
	right := func(t string) { b.WriteString(space + t); space = "" }
	for i, t := range tokens {
		switch {
		case isCJK(firstRune(t)):
			if i > 0 && isCJK(lastRune(tokens[i-1])) {
				space = ""
			}
			b.WriteString(space + t)
			space = " "
		case joinsNext.MatchString(t):
			right(t)
		case joinsPrevious.MatchString(t), i > 0 && contraction.MatchString(t):
			left(t)
		case quotes.MatchString(t):
			q := t
			if doubleQuotes.MatchString(t) {
				q = `"`
			}
			switch {
			case open[q]:
				left(t)
				open[q] = false
			case t == "'" && i > 0 && strings.HasSuffix(tokens[i-1], "s"):
				left(t) // the Jones' house
			default:
				right(t)
				open[q] = true
			}
		default:
			b.WriteString(space + t)
			space = " "
		}
	}
	return strings.TrimFunc(b.String(), isSpace)
}

func firstRune(s string) rune {
	for _, r := range s {
		return r
	}
	return 0
}

func lastRune(s string) rune {
	last := rune(0)
	for _, r := range s {
		last = r
	}
	return last
}

// isCJK names the ranges that Moses writes without spaces.
func isCJK(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana) ||
		0x3000 <= r && r <= 0x303f || 0xff00 <= r && r <= 0xffef
}
