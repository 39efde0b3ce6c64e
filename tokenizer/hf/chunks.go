package hf

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Where spaces cut text anyway, what lies between them can be encoded by itself, and
// the ids of recent words be looked up without normalising them again:
//
//	"The quick  brown fox"  →  "The" "quick" "brown" "fox"
//
// That is so for two forms of pipelines, which are those of nearly all Unigram models.
// In both, the normalisers that come first change nothing across a space.
//
//   - WhitespaceSplit comes first among the pre-tokenisers. It drops the spaces.
//   - glued: the last normalisers take white space off the end and make ▁ of several
//     spaces, and Metaspace, which is all of the pre-tokeniser, makes ▁ of each other one
//     and of the beginning, and cuts before each. Here a chunk must neither begin nor end
//     with white space once it is normalised; a text in which one does is encoded as a
//     whole.
type chunks struct {
	glued       bool
	local       int    // how many normalisers come before those that look at spaces
	replacement string // with glued: ▁
	words       *wordCache
}

// newChunks returns how t encodes chunks, or nil if it cannot.
func newChunks(t *Tokenizer) *chunks {
	c := &chunks{words: new(wordCache)}
	for c.local < len(t.normalizer) && isLocal(t.normalizer[c.local]) {
		c.local++
	}
	rest := t.normalizer[c.local:]
	if len(t.pre) == 0 {
		return nil
	}
	switch first := t.pre[0].(type) {
	case whitespaceSplit:
		if len(rest) > 0 || slices.ContainsFunc(t.pre, looksAtPlace) {
			return nil
		}
	case *metaspace:
		if len(t.pre) > 1 || !first.cut || first.scheme != always || len(rest) != 2 {
			return nil
		}
		strip, ok := rest[0].(stripNormalizer)
		if !ok || strip.left || !strip.right {
			return nil
		}
		replace, ok := rest[1].(replaceNormalizer)
		if !ok || replace.content != first.replacement || replace.source != manySpaces {
			return nil
		}
		c.glued, c.replacement = true, first.replacement
	default:
		return nil
	}
	if t.normalized != nil && slices.ContainsFunc(t.normalized.patterns, func(p pattern) bool {
		return strings.ContainsFunc(p.text, unicode.IsSpace) || c.glued && strings.Contains(p.text, c.replacement)
	}) {
		return nil
	}
	return c
}

// isLocal reports whether a normaliser changes nothing across a space.
func isLocal(n normalizer) bool {
	switch n.(type) {
	case precompiled, form, lowercase, stripAccents, nmt:
		return true
	}
	return false
}

// looksAtPlace reports whether a pre-tokeniser asks where in the text a piece stands.
func looksAtPlace(p preTokenizer) bool {
	m, ok := p.(*metaspace)
	return ok && m.scheme == first
}

// chunks appends the ids of text. If it cannot, it appends nothing and returns false.
// Offsets need the whole.
func (e *encoding) chunks(text string) bool {
	n := len(e.ids)
	for i := skipSpaces(text, 0); i < len(text); {
		end := chunkEnd(text, i)
		if !e.chunk(text[i:end], end == len(text)) {
			e.ids = e.ids[:n]
			return false
		}
		i = skipSpaces(text, end)
	}
	return true
}

func skipSpaces(text string, i int) int {
	for i < len(text) && text[i] == ' ' {
		i++
	}
	return i
}

// chunkEnd returns where the chunk ends that begins at byte i: before spaces on both
// sides of which stand characters that belong to no cluster with them.
func chunkEnd(text string, i int) int {
	for {
		n := strings.IndexByte(text[i:], ' ')
		if n < 0 {
			return len(text)
		}
		end := i + n
		i = skipSpaces(text, end)
		if i == len(text) {
			// At the end of the text there is nothing to belong to.
			c, _ := utf8.DecodeLastRuneInString(text[:end])
			if isApart(c) {
				return end
			}
			return len(text)
		}
		before, after := rune(text[end-1]), rune(text[i])
		if before >= utf8.RuneSelf {
			before, _ = utf8.DecodeLastRuneInString(text[:end])
		}
		if after >= utf8.RuneSelf {
			after, _ = utf8.DecodeRuneInString(text[i:])
		}
		if isApart(before) && isApart(after) {
			return end
		}
	}
}

// isApart reports whether c is a character that forms no cluster with a space and is
// none itself.
func isApart(c rune) bool {
	return '!' <= c && c <= '~' || c > 0xA0 && alone(c) && !unicode.IsSpace(c)
}

// chunk encodes a chunk. end says that nothing follows it.
func (e *encoding) chunk(text string, end bool) bool {
	t := e.t
	c := t.chunks
	key, short := keyOf(text)
	again := false
	if short {
		var ok bool
		if e.ids, ok, again = c.words.append(e.ids, key); ok {
			return true
		}
	}
	n := len(e.ids)
	if e.unchanged(text) {
		e.prefixedWords(text)
		if again {
			c.words.add(key, e.ids[n:])
		}
		return true
	}
	e.mem.reset()
	p := piece{text: text, loose: true, mem: &e.mem}
	for _, n := range t.normalizer[:c.local] {
		p = n.normalize(p)
	}
	if c.glued {
		word := p.text
		first, _ := utf8.DecodeRuneInString(word)
		last, _ := utf8.DecodeLastRuneInString(word)
		if word == "" || unicode.IsSpace(first) || unicode.IsSpace(last) && !end || strings.HasPrefix(word, c.replacement) || strings.HasSuffix(word, c.replacement) {
			return false
		}
		for _, n := range t.normalizer[c.local:] {
			p = n.normalize(p)
		}
	}
	if t.normalized != nil {
		if _, _, _, found := t.normalized.find(p.text, 0); found {
			return false
		}
	}
	if p.text != "" {
		e.mem.chunk = short
		e.part(p.slice(0, len(p.text)))
		e.mem.chunk = false
	}
	if again && !(c.glued && end) { // elsewhere white space at its end would count
		c.words.add(key, e.ids[n:])
	}
	return true
}

// unchanged reports whether a chunk is the words of the model as it is: the most usual
// case has the shortest way.
func (e *encoding) unchanged(text string) bool {
	t := e.t
	if !t.prefixes || len(t.normalizer) != 1 {
		return false
	}
	n, ok := t.normalizer[0].(precompiled)
	if !ok {
		return false
	}
	if _, change := n.unchanged(text, 0); change < len(text) {
		return false
	}
	if t.normalized == nil {
		return true
	}
	_, _, _, found := t.normalized.find(text, 0)
	return !found
}
