package fastbpe

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

// This file cuts a tweet into words as NLTK's TweetTokenizer does, whose regular
// expression transformers has a copy of: alternatives in order, the first that matches
// counts. The expression backtracks; here what a long run of characters decides is found
// out once for all of the run, so that time stays linear.

// isWord reports whether \w holds for r in Python's regex module.
func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_'
	}
	return unicode.In(r, unicode.L, unicode.M, unicode.Nd, unicode.Nl, unicode.Pc, unicode.Other_Alphabetic, unicode.Join_Control)
}

// isLetter reports whether r is in [^\W\d_].
func isLetter(r rune) bool { return isWord(r) && r != '_' && !unicode.Is(unicode.Nd, r) }

// isAZ reports whether r is in [a-z], where case does not count.
func isAZ(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r == 'İ' || r == 'ſ' || r == '\u212A'
}

// isAZ09 reports whether r is in [a-z0-9], where case does not count.
func isAZ09(r rune) bool { return isAZ(r) || '0' <= r && r <= '9' }

// isWhite reports whether \s holds for r in Python's regex module, which does not count
// the separators that package re does.
func isWhite(r rune) bool { return unicode.IsSpace(r) }

// A tweet is a text while it is cut into words.
type tweet struct {
	text string

	// The run without white space around the last URL that was tried, and what may follow
	// at each of its bytes: see urlEnds.
	urlFrom, urlTo int
	urls           []int32

	host  run // [a-z0-9.-]+: at is the last '.' after which letters and '/' end it, or -1
	chain run // [a-z0-9]+([.-][a-z0-9]+)*: at is the last '.' of a naked domain, or -1
	email run // [\w.+-]+: at is where an address that it begins ends, or -1
	angle run // [^>\s]*: at is the '>' after it, or -1
}

// A run is a stretch of a text in which a search ended.
type run struct{ from, to, at, end int }

// has reports whether position i was looked at.
func (r *run) has(i int) bool { return r.from <= i && i < r.to }

// words yields the start and end of each word.
func (t *tweet) words(yield func(start, end int)) {
	for i := 0; i < len(t.text); {
		end := t.word(i)
		if end <= i {
			_, size := t.rune(i)
			i += size
			continue
		}
		yield(i, end)
		i = end
	}
}

// word returns the end of the word that begins at i, -1 if none does.
func (t *tweet) word(i int) int {
	end := t.url(i)
	if end < 0 {
		end = t.domain(i)
	}
	if end < 0 {
		end = t.phone(i)
	}
	if end < 0 {
		end = t.emoticon(i)
	}
	if end < 0 {
		end = t.tag(i)
	}
	if end < 0 {
		end = t.arrow(i)
	}
	if end < 0 {
		end = t.user(i)
	}
	if end < 0 {
		end = t.hashtag(i)
	}
	if end < 0 {
		end = t.address(i)
	}
	if end < 0 {
		end = t.dashed(i)
	}
	if end < 0 {
		end = t.number(i)
	}
	if end < 0 {
		end = t.plain(i)
	}
	if end < 0 {
		end = t.dots(i)
	}
	if end < 0 {
		end = t.any(i)
	}
	return end
}

func (t *tweet) rune(i int) (r rune, size int) {
	if i >= len(t.text) {
		return -1, 0
	}
	return utf8.DecodeRuneInString(t.text[i:])
}

// at returns the byte at i, 0 beyond the end.
func (t *tweet) at(i int) byte {
	if i < len(t.text) {
		return t.text[i]
	}
	return 0
}

// span returns the end of the characters from i on for which in holds.
func (t *tweet) span(i int, in func(rune) bool) int {
	for {
		r, size := t.rune(i)
		if size == 0 || !in(r) {
			return i
		}
		i += size
	}
}

// url: a scheme, or a host name and a slash, then what urlEnds allows.
func (t *tweet) url(i int) int {
	if p := t.scheme(i); p >= 0 {
		t.urlEnd(p) // so that what follows is found out once
		n := t.span(p, func(r rune) bool { return r == '/' }) - p
		for k := min(n, 3); k >= 1; k-- {
			if end := t.urlEnd(p + k); end >= 0 {
				return end
			}
		}
		if r, size := t.rune(p); isAZ09(r) || r == '%' {
			if end := t.urlEnd(p + size); end >= 0 {
				return end
			}
		}
	}
	if !t.host.has(i) {
		t.host = run{from: i, to: i + 1, at: -1}
		last := -1 // the last dot
		end := t.span(i, func(r rune) bool { return isAZ09(r) || r == '.' || r == '-' })
		for j := i; j < end; j++ {
			if t.text[j] == '.' {
				last = j
			}
		}
		t.host.to = max(end, i+1)
		if last >= 0 && t.at(end) == '/' {
			if n := utf8.RuneCountInString(t.text[last+1 : end]); 2 <= n && n <= 13 && t.span(last+1, isAZ) == end {
				if t.host.end = t.urlEnd(end + 1); t.host.end >= 0 {
					t.host.at = last
				}
			}
		}
	}
	if t.host.at > i {
		return t.host.end
	}
	return -1
}

// scheme returns the end of "http:" or "https:" at i, or -1.
func (t *tweet) scheme(i int) int {
	const name = "http"
	for j := range len(name) {
		if t.at(i+j)|0x20 != name[j] {
			return -1
		}
	}
	i += len(name)
	if r, size := t.rune(i); r|0x20 == 's' || r == 'ſ' {
		i += size
	}
	if t.at(i) != ':' {
		return -1
	}
	return i + 1
}

// urlEnd returns where a URL ends whose beginning ends at p, or -1: groups, at least
// one, and a last part.
func (t *tweet) urlEnd(p int) int {
	if p >= len(t.text) {
		return -1
	}
	if p < t.urlFrom || p >= t.urlTo {
		t.urlEnds(p)
	}
	if p >= t.urlTo {
		return -1
	}
	// The first group, which is a run, or parentheses.
	return int(t.urls[2*(p-t.urlFrom)])
}

// The parts of a URL are
//
//	run     [^\s()<>{}\[\]]+
//	nested  \([^\s()]*?\([^\s()]+\)[^\s()]*?\)
//	paren   \([^\s]+?\)
//
// and a URL is (run|nested|paren)+(nested|paren|last), where last is a character that is no
// punctuation. For each byte p of the stretch without white space from i on, urlEnds
// finds from right to left
//
//	urls[2k]    the end of a URL whose groups begin at p
//	urls[2k+1]  the end of one that may have its last part at p, after other groups
//
// as the expression prefers them, -1 for none; k = p−urlFrom.
func (t *tweet) urlEnds(i int) {
	end := t.span(i, func(r rune) bool { return !isWhite(r) })
	t.urlFrom, t.urlTo = i, end
	t.urls = slices.Grow(t.urls[:0], 2*(end-i))[:2*(end-i)]
	rest := func(p int) int32 { // of a URL that goes on at p, after a group
		if p >= end {
			return -1
		}
		return t.urls[2*(p-i)+1]
	}
	runBest := int32(-1) // rest of the last byte of the run, after p, where there is one
	type close struct{ at, rest int32 }
	// Closing parentheses from p on: the next one, and the next after which a URL goes on.
	// The ones from p+2 on count for a paren at p, so they lag behind.
	none := close{-1, -1}
	next, nextGood := [3]close{none, none, none}, [3]close{none, none, none} // [0]: from p on, [1]: from p+1, [2]: from p+2
	for p := end; p > i; {
		r, size := utf8.DecodeLastRuneInString(t.text[i:p])
		p -= size
		next[2], next[1] = next[1], next[0]
		nextGood[2], nextGood[1] = nextGood[1], nextGood[0]
		if r == ')' {
			next[0] = close{int32(p), -1}
			if e := rest(p + 1); e >= 0 {
				nextGood[0] = close{int32(p), e}
			}
		}
		group, last := int32(-1), int32(-1)
		switch r {
		case '(':
			runBest = -1
			nested := t.nested(p)
			if nested >= 0 {
				last = int32(nested)
				group = rest(nested)
			}
			if group < 0 && nextGood[2].at >= 0 {
				group = nextGood[2].rest
			}
			if last < 0 && next[2].at >= 0 {
				last = next[2].at + 1
			}
		case ')', '<', '>', '{', '}', '[', ']':
			runBest = -1
		default:
			// The run may end at any character after p, the furthest first; runBest is what
			// follows there.
			if runBest < 0 {
				runBest = rest(p + size)
			}
			group = runBest
			if !slices.Contains(notLast, r) {
				last = int32(p + size)
			}
		}
		t.urls[2*(p-i)] = group
		t.urls[2*(p-i)+1] = group
		if group < 0 {
			t.urls[2*(p-i)+1] = last
		}
		for k := 1; k < size; k++ { // no URL begins within a character
			t.urls[2*(p+k-i)], t.urls[2*(p+k-i)+1] = -1, -1
		}
	}
}

// notLast are the characters outside brackets that do not end a URL.
var notLast = []rune("`!;:'\".,?«»“”‘’")

// nested returns the end of two parentheses one in the other at p, or -1.
func (t *tweet) nested(p int) int {
	plain := func(r rune) bool { return !isWhite(r) && r != '(' && r != ')' }
	q := t.span(p+1, plain)
	if t.at(q) != '(' {
		return -1
	}
	inner := t.span(q+1, plain)
	if inner == q+1 || t.at(inner) != ')' {
		return -1
	}
	if q = t.span(inner+1, plain); t.at(q) != ')' {
		return -1
	}
	return q + 1
}

// domain: a host name with two to thirteen letters at its end, not beside an @.
func (t *tweet) domain(i int) int {
	r, _ := t.rune(i)
	if !isAZ09(r) || i > 0 && t.text[i-1] == '@' {
		return -1
	}
	if !t.chain.has(i) {
		t.chain = run{from: i, at: -1}
		at := t.span(i, isAZ09)
		dot := -1 // where the segment before at began, if it was a dot
		try := func() {
			if dot < 0 {
				return
			}
			if n := utf8.RuneCountInString(t.text[dot+1 : at]); n < 2 || n > 13 || t.span(dot+1, isAZ) != at {
				return
			}
			if r, size := t.rune(at); size > 0 && isWord(r) {
				return
			}
			switch {
			case t.at(at) == '/' && t.at(at+1) != '@':
				t.chain.at, t.chain.end = dot, at+1
			case t.at(at) != '@':
				t.chain.at, t.chain.end = dot, at
			}
		}
		for {
			try()
			c := t.at(at)
			if c != '.' && c != '-' {
				break
			}
			end := t.span(at+1, isAZ09)
			if end == at+1 {
				break
			}
			if dot = -1; c == '.' {
				dot = at
			}
			at = end
		}
		t.chain.to = at
	}
	if t.chain.at > i {
		return t.chain.end
	}
	return -1
}

// digits returns the end of n digits at i, or -1.
func (t *tweet) digits(i, n int) int {
	for range n {
		r, size := t.rune(i)
		if size == 0 || !unicode.Is(unicode.Nd, r) {
			return -1
		}
		i += size
	}
	return i
}

// phone: an international prefix and an area code, each of which may be missing, three
// digits and four.
func (t *tweet) phone(i int) int {
	if c := t.at(i); c < utf8.RuneSelf && c != '+' && c != '(' && (c < '0' || c > '9') {
		return -1
	}
	separators := func(i int) int {
		return t.span(i, func(r rune) bool { return r == ' ' || r == '*' || r == '-' || r == '.' || r == ')' })
	}
	local := func(i int) int {
		if i = t.digits(i, 3); i < 0 {
			return -1
		}
		return t.digits(separators(i), 4)
	}
	area := func(i int) int {
		j := i
		if t.at(j) == '(' {
			j++
		}
		if j = t.digits(j, 3); j >= 0 {
			if end := local(separators(j)); end >= 0 {
				return end
			}
		}
		return local(i)
	}
	j := i
	if t.at(j) == '+' {
		j++
	}
	if c := t.at(j); c == '0' || c == '1' {
		if end := area(separators(j + 1)); end >= 0 {
			return end
		}
	}
	return area(i)
}

func isEyes(c byte) bool  { return c == ':' || c == ';' || c == '=' || c == '8' }
func isNose(c byte) bool  { return c == '-' || c == 'o' || c == 'O' || c == '*' || c == '\'' }
func isMouth(c byte) bool { return c != 0 && slices.Contains([]byte(`)]([dDpP/:}{@|\`), c) }

// emoticon: ASCII faces from left to right or from right to left, and hearts.
func (t *tweet) emoticon(i int) int {
	j := i
	if c := t.at(j); c == '<' || c == '>' {
		j++
	}
	if isEyes(t.at(j)) {
		if isNose(t.at(j+1)) && isMouth(t.at(j+2)) {
			return j + 3
		}
		if isMouth(t.at(j + 1)) {
			return j + 2
		}
	}
	if isMouth(t.at(i)) {
		end := -1
		if isNose(t.at(i+1)) && isEyes(t.at(i+2)) {
			end = i + 3
		} else if isEyes(t.at(i + 1)) {
			end = i + 2
		}
		if end >= 0 {
			if c := t.at(end); c == '<' || c == '>' {
				end++
			}
			return end
		}
	}
	if t.at(i) == '<' && t.at(i+1) == '3' {
		return i + 2
	}
	return -1
}

// tag: <…> without white space.
func (t *tweet) tag(i int) int {
	if t.at(i) != '<' {
		return -1
	}
	if !t.angle.has(i) {
		end := t.span(i, func(r rune) bool { return r != '>' && !isWhite(r) })
		t.angle = run{from: i, to: end, at: -1}
		if t.at(end) == '>' {
			t.angle.at = end
		}
	}
	if t.angle.at > i+1 {
		return t.angle.at + 1
	}
	return -1
}

// arrow: --> or <--.
func (t *tweet) arrow(i int) int {
	dash := func(r rune) bool { return r == '-' }
	if end := t.span(i, dash); end > i && t.at(end) == '>' {
		return end + 1
	}
	if t.at(i) == '<' {
		if end := t.span(i+1, dash); end > i+1 {
			return end
		}
	}
	return -1
}

// user: @name.
func (t *tweet) user(i int) int {
	if t.at(i) != '@' {
		return -1
	}
	if end := t.span(i+1, isWord); end > i+1 {
		return end
	}
	return -1
}

// hashtag: #topic, of two characters at least.
func (t *tweet) hashtag(i int) int {
	begin := t.span(i, func(r rune) bool { return r == '#' })
	if r, size := t.rune(begin); begin == i || size == 0 || !isWord(r) {
		return -1
	}
	return t.lastOf(begin, isWord, 2)
}

// lastOf returns the end of the last character for which last holds among those from i on
// that are so or one of ' _ -, or -1 if that is not the n-th or a later one.
func (t *tweet) lastOf(i int, last func(rune) bool, n int) int {
	end := -1
	for count := 1; ; count++ {
		r, size := t.rune(i)
		if size == 0 || !last(r) && r != '\'' && r != '_' && r != '-' {
			return end
		}
		if i += size; last(r) && count >= n {
			end = i
		}
	}
}

// address: an e-mail address.
func (t *tweet) address(i int) int {
	name := func(r rune) bool { return isWord(r) || r == '.' || r == '+' || r == '-' }
	r, _ := t.rune(i)
	if r < 0 || !name(r) {
		return -1
	}
	if !t.email.has(i) {
		end := t.span(i, name)
		t.email = run{from: i, to: end, at: -1}
		part := func(r rune) bool { return isWord(r) || r == '-' }
		if t.at(end) == '@' {
			if host := t.span(end+1, part); host > end+1 && t.at(host) == '.' {
				count, at := 0, host+1
				for {
					r, size := t.rune(at)
					if size == 0 || !part(r) {
						break
					}
					at += size
					if count++; count >= 2 {
						t.email.at = at
					}
					if t.at(at) == '.' {
						at++
					}
				}
			}
		}
	}
	return t.email.at
}

// dashed: a word with apostrophes or dashes in it, of three characters at least.
func (t *tweet) dashed(i int) int {
	r, size := t.rune(i)
	if size == 0 || !isLetter(r) {
		return -1
	}
	return t.lastOf(i, isLetter, 3)
}

// number: two runs of digits with a sign between.
func (t *tweet) number(i int) int {
	digit := func(r rune) bool { return unicode.Is(unicode.Nd, r) }
	sign := func(i int) int {
		if c := t.at(i); c == '+' || c == '-' {
			return i + 1
		}
		return i
	}
	begin := sign(i)
	at := t.span(begin, digit)
	if c := t.at(at); at == begin || c != ',' && c != '/' && c != '.' && c != ':' && c != '-' {
		return -1
	}
	end := t.span(at+1, digit)
	if end == at+1 {
		return -1
	}
	return sign(end)
}

// plain: a word.
func (t *tweet) plain(i int) int {
	if end := t.span(i, isWord); end > i {
		return end
	}
	return -1
}

// dots: two or more, with white space between.
func (t *tweet) dots(i int) int {
	if t.at(i) != '.' {
		return -1
	}
	end := -1
	for at := i + 1; ; {
		if at = t.span(at, isWhite); t.at(at) != '.' {
			return end
		}
		at++
		end = at
	}
}

// any: one character that is no white space.
func (t *tweet) any(i int) int {
	r, size := t.rune(i)
	if isWhite(r) {
		return -1
	}
	return i + size
}
