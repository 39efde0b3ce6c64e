package hf

import (
	"slices"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// form is one of Unicode's normalisation forms. The tokenizers library has them from
// tables of Unicode 9.0, which is why later characters neither decompose nor combine.
type form struct {
	norm.Form
	decompose norm.Form // NFD or NFKD
	compose   bool
}

var forms = map[string]form{
	"NFC":  {norm.NFC, norm.NFD, true},
	"NFD":  {norm.NFD, norm.NFD, false},
	"NFKC": {norm.NFKC, norm.NFKD, true},
	"NFKD": {norm.NFKD, norm.NFKD, false},
}

// A part is a character while a text is decomposed and composed again.
type part struct {
	change
	class uint8 // canonical combining class
}

func (f form) normalize(p piece) piece {
	if f.IsNormalString(p.text) {
		return p
	}
	w := p.rewrite()
	var run []part // a starter and the marks after it, in the order of their classes
	var pending *part
	flush := func() {
		slices.SortStableFunc(run, func(a, b part) int { return int(a.class) - int(b.class) })
		if !f.compose {
			for _, c := range run {
				w.put(c.char, c.by)
			}
			run = run[:0]
			return
		}
		pending = composeRun(&w, pending, run)
		run = run[:0]
	}
	for _, c := range p.text {
		by := 0
		for _, d := range f.decomposition(c) {
			class := uint8(0)
			if d >= 0x300 && !isNew(d) {
				class = f.properties(d).CCC()
			}
			if class == 0 {
				flush()
			}
			run = append(run, part{change{d, by}, class})
			by = 1
		}
	}
	flush()
	if pending != nil {
		w.put(pending.char, pending.by)
	}
	return w.done()
}

func (f form) properties(c rune) norm.Properties {
	var buf [utf8.UTFMax]byte
	return f.decompose.Properties(utf8.AppendRune(buf[:0], c))
}

// decomposition returns the characters that c decomposes into.
func (f form) decomposition(c rune) []rune {
	if c < utf8.RuneSelf || isNew(c) {
		return []rune{c}
	}
	var buf [utf8.UTFMax]byte
	s := f.decompose.Bytes(utf8.AppendRune(buf[:0], c))
	return []rune(string(s))
}

// composeRun writes a run, composed. pending is a starter that may still compose with
// what follows it directly, and so is what it returns.
func composeRun(w *rewrite, pending *part, run []part) *part {
	var blocked []change // marks that did not compose
	last := -1           // the class of the last of them
	done := func() {
		w.put(pending.char, pending.by)
		for _, c := range blocked {
			w.put(c.char, c.by)
		}
		pending, blocked, last = nil, nil, -1
	}
	for i := range run {
		c := run[i]
		if pending == nil {
			if c.class != 0 {
				w.put(c.char, c.by)
			} else {
				pending = &c
			}
			continue
		}
		if last < 0 || last < int(c.class) {
			if r, ok := compose(pending.char, c.char); ok {
				pending = &part{change{r, pending.by + c.by - 1}, 0}
				continue
			}
		}
		if c.class == 0 {
			done()
			pending = &c
			continue
		}
		blocked = append(blocked, c.change)
		last = int(c.class)
	}
	if len(blocked) > 0 {
		done()
	}
	return pending
}

// compose returns the character that a and b make.
func compose(a, b rune) (rune, bool) {
	if b < 0x300 || isNew(a) || isNew(b) {
		return 0, false
	}
	s := norm.NFC.String(string(a) + string(b))
	c, n := utf8.DecodeRuneInString(s)
	return c, n == len(s) && !isNew(c)
}

// isMark reports whether c is a combining mark.
func isMark(c rune) bool { return unicode.Is(combiningMarks, c) }

// isNew reports whether c is later than Unicode 9.0, as far as that matters here.
func isNew(c rune) bool { return c > 0x7F0 && unicode.Is(laterUnicode, c) }

// isPunctuation reports whether c is ASCII punctuation or of category P.
func isPunctuation(c rune) bool {
	if c < utf8.RuneSelf {
		return '!' <= c && c <= '~' && !('0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z')
	}
	return unicode.Is(punctuationTable, c)
}

// isNumber reports whether c is of category N.
func isNumber(c rune) bool {
	if c < utf8.RuneSelf {
		return '0' <= c && c <= '9'
	}
	return unicode.Is(numberTable, c)
}
