package tokenizer

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Cut returns the longest beginning of text that has at most n tokens when it is encoded by
// itself, without special tokens around it. It ends between two characters (Unicode code
// points; a byte that is not UTF-8 counts as one), where a token may end in the middle of
// one. The tokens of a beginning are not always the first ones of the whole text: a word
// that is cut falls into other tokens, and into more or fewer of them.
//
// The search looks at every place in the word where the limit is reached, if that word
// has no more than a few hundred bytes; in a longer one, and with tokenizers whose words
// depend on what follows, the result may be shorter than need be, but never too long. It
// takes as long as encoding the text a few times.
//
// n below 1 leaves nothing. Errors are those of Check.
func Cut(t Tokenizer, text string, n int) (string, error) {
	c := cutter{t: t, text: text, n: n}
	i, err := c.find()
	return text[:i], err
}

// CutLeft is Cut from the other side: the longest end of text that has at most n tokens.
func CutLeft(t Tokenizer, text string, n int) (string, error) {
	c := cutter{t: t, text: text, n: n, left: true}
	i, err := c.find()
	return text[i:], err
}

// A cutter searches the place where a text is cut.
type cutter struct {
	t     Tokenizer
	text  string
	n     int
	left  bool // the beginning goes
	ids   []int
	spans []Span
}

// cutWindow is how far from the place where the limit is reached the search looks at every
// place.
const cutWindow = 256

// find returns the place.
func (c *cutter) find() (int, error) {
	none := 0
	if c.left {
		none = len(c.text)
	}
	if err := Check(c.t, c.text); err != nil {
		return none, err
	}
	c.encode(c.text)
	if len(c.ids) <= c.n {
		return len(c.text) - none, nil
	}
	if c.n < 1 {
		return none, nil
	}
	at, rest := c.limit()
	lo, hi := c.window(at)
	others, tries := rest(lo, hi), 0
	for _, i := range c.places(lo, hi) {
		if c.near(i, lo, hi)+others > c.n {
			continue
		}
		if c.fits(i) {
			return i, nil
		}
		if tries++; tries == 3 {
			break
		}
	}
	// The tokens near the place do not tell: go further away, in growing steps.
	for step := 1; ; step *= 16 {
		i := at - step
		if c.left {
			i = at + step
		}
		if i <= 0 || i >= len(c.text) {
			return none, nil
		}
		if i = c.border(i); c.fits(i) {
			return i, nil
		}
	}
}

func (c *cutter) encode(text string) {
	c.ids, c.spans = c.t.AppendSpans(c.ids[:0], c.spans[:0], text)
}

// part is what is left if the text is cut at i.
func (c *cutter) part(i int) string {
	if c.left {
		return c.text[i:]
	}
	return c.text[:i]
}

// fits says whether the text may be cut at i.
func (c *cutter) fits(i int) bool {
	part := c.part(i)
	return Check(c.t, part) == nil && len(c.t.Append(nil, part)) <= c.n
}

// limit returns where the n-th token ends (or, from the left, begins), and a function that
// counts the tokens of the whole text that lie on the kept side of a window.
func (c *cutter) limit() (at int, rest func(lo, hi int) int) {
	if c.left {
		return c.border(c.spans[len(c.spans)-c.n].Start), func(_, hi int) (n int) {
			for _, s := range c.spans {
				if s.Start >= hi {
					n++
				}
			}
			return n
		}
	}
	return c.border(c.spans[c.n-1].End), func(lo, _ int) (n int) {
		for _, s := range c.spans {
			if s.End <= lo {
				n++
			}
		}
		return n
	}
}

// window is the part of the text around a place that is searched: from one white space to
// the next, not too far away.
func (c *cutter) window(at int) (lo, hi int) {
	lo, hi = max(0, at-cutWindow), min(len(c.text), at+cutWindow)
	lo, hi = c.border(lo), c.border(hi)
	// A token takes the space before it along: white space right at the place is passed over.
	before := strings.TrimRightFunc(c.text[lo:at], unicode.IsSpace)
	if i := strings.LastIndexFunc(before, unicode.IsSpace); i >= 0 {
		lo += i
	}
	after := strings.TrimLeftFunc(c.text[at:hi], unicode.IsSpace)
	if i := strings.IndexFunc(after, unicode.IsSpace); i >= 0 {
		hi -= len(after) - i
	}
	return lo, hi
}

// places are the borders of characters in [lo, hi], those first that leave the most.
func (c *cutter) places(lo, hi int) []int {
	var all []int
	for i := lo; i <= hi; {
		all = append(all, i)
		_, size := utf8.DecodeRuneInString(c.text[i:])
		i += max(size, 1)
	}
	if !c.left {
		slices.Reverse(all)
	}
	return all
}

// near is the number of tokens of what a cut at i leaves of a window.
func (c *cutter) near(i, lo, hi int) int {
	if c.left {
		return len(c.t.Append(nil, c.text[i:hi]))
	}
	return len(c.t.Append(nil, c.text[lo:i]))
}

// border is the last border between characters at or before i; from the left, the first
// one at or after it.
func (c *cutter) border(i int) int {
	for k := max(0, i-utf8.UTFMax+1); k < i; k++ {
		if !utf8.RuneStart(c.text[k]) {
			continue
		}
		if _, size := utf8.DecodeRuneInString(c.text[k:]); size > 1 && k+size > i {
			if c.left {
				return k + size
			}
			return k
		}
	}
	return i
}
