package sentencepiece

import (
	"bytes"
	"slices"
	"unicode"

	"github.com/goroberta/goroberta/internal/trie"
	"github.com/goroberta/goroberta/tokenizer"
)

// A Tokenizer turns text into ids and back: the pieces of a SentencePiece model under
// the ids of the file, of fairseq's dictionary, or of Hugging Face's. It is a
// tokenizer.Tokenizer; package tokenizer puts special tokens around texts.
//
// Every string can be encoded: a byte that is not part of a well-formed character is
// read as U+FFFD, which no charsmap replaces, unlike a U+FFFD that stands in the text.
//
// A Tokenizer does not change and may be used by any number of goroutines.
type Tokenizer struct {
	model    *Model
	special  tokenizer.Special
	template tokenizer.Template

	entries []entry // by id; nil: the ids are the model's own
	toID    []int32 // by piece: its id, or cutUp
	parts   map[int][]part
	names   map[string]int32 // symbols that are no pieces which text is cut into
	missing int              // pieces that the vocabulary lacks

	cutsUp  bool           // pieces are cut at white space, as fairseq does
	trimEnd bool           // decoding removes white space at the end too
	marked  *specialTokens // those that are found in a text, or nil
}

// An entry is an id of a vocabulary.
type entry struct {
	text string // the piece, or the name of a special token
	kind tokenizer.Kind
	byte int16 // of a BYTE piece, or -1
}

// cutUp is what toID has for pieces with white space in them: see parts.
const cutUp = -1

// A part is what stands between white space in a piece. It may have become nothing.
type part struct{ start, end, id int }

var _ tokenizer.Tokenizer = (*Tokenizer)(nil)

// Tokenizer returns the model as a tokenizer of its own ids, those of the library.
//
// Its template is the one of RoBERTa, <s> a </s></s> b </s>, with those of the model's
// pieces <s> and </s> that it has as CONTROL pieces. The library adds neither unasked:
// tokenizer.Plain() is its template.
//
// AppendText decodes as the library does, so special tokens are nothing there, not
// their names, and <unk> is the model's unk_surface, " ⁇ " by default.
func (m *Model) Tokenizer() *Tokenizer {
	t := &Tokenizer{
		model:    m,
		special:  tokenizer.Special{BOS: m.bos, Pad: m.pad, EOS: m.eos, Unk: m.unk, Mask: -1},
		template: tokenizer.Plain(),
	}
	switch {
	case m.bos >= 0 && m.eos >= 0:
		t.template = tokenizer.Roberta(m.bos, m.eos)
	case m.bos >= 0:
		bos := tokenizer.Part{Text: -1, ID: m.bos}
		t.template.Single = slices.Insert(t.template.Single, 0, bos)
		t.template.Pair = slices.Insert(t.template.Pair, 0, bos)
	case m.eos >= 0:
		eos := tokenizer.Part{Text: -1, ID: m.eos}
		t.template.Single = append(t.template.Single, eos)
		t.template.Pair = []tokenizer.Part{{Text: 0}, eos, {Text: 1}, eos}
	}
	return t
}

// Model returns the SentencePiece model.
func (t *Tokenizer) Model() *Model { return t.model }

// Missing returns how many of the pieces that text can be cut into the vocabulary
// lacks. They become <unk>.
func (t *Tokenizer) Missing() int { return t.missing }

// Len returns the size of the vocabulary.
func (t *Tokenizer) Len() int {
	if t.entries == nil {
		return t.model.Len()
	}
	return len(t.entries)
}

// Special returns the ids of the special tokens.
func (t *Tokenizer) Special() tokenizer.Special { return t.special }

// Template returns the special tokens that the model wants around texts.
func (t *Tokenizer) Template() tokenizer.Template { return t.template }

// Kind returns Marker for <s> and </s> (of fairseq's ids, for those that the dictionary
// calls bos() and eos()), Filler for <pad>, madeupword… and ids outside
// the vocabulary, Symbol for other special tokens, and Text for pieces. Of a model's own
// ids, all CONTROL pieces are Marker but <pad>, and only <unk> is Symbol.
func (t *Tokenizer) Kind(id int) tokenizer.Kind {
	if uint(id) >= uint(t.Len()) {
		return tokenizer.Filler
	}
	if t.entries != nil {
		return t.entries[id].kind
	}
	switch t.model.pieces[id].kind {
	case Unknown:
		return tokenizer.Symbol
	case Control:
		if id == t.model.pad {
			return tokenizer.Filler
		}
		return tokenizer.Marker
	}
	return tokenizer.Text
}

// Append appends the ids of text. Apart from growing ids it allocates only for very
// long texts.
func (t *Tokenizer) Append(ids []int, text string) []int {
	ids, _ = t.append(ids, nil, text, false)
	return ids
}

// AppendSpans is Append that also appends the bytes that each id stands for, as the
// library counts them. Where several characters of the normalised text come from one
// of the text, such as the 1⁄2 of a ½, the span of a piece that ends among them ends
// where that character begins; so the last of them has it all, and those before may
// be empty. So is the ▁ that a text without a space begins with, where it is a piece
// alone. The bytes of a character that byte fallback writes share it in the same way.
func (t *Tokenizer) AppendSpans(ids []int, spans []tokenizer.Span, text string) ([]int, []tokenizer.Span) {
	return t.append(ids, spans, text, true)
}

func (t *Tokenizer) append(ids []int, spans []tokenizer.Span, text string, want bool) ([]int, []tokenizer.Span) {
	if t.marked == nil {
		return t.appendPlain(ids, spans, text, 0, want)
	}
	at := 0
	for at < len(text) {
		start, end, token := t.marked.find(text, at)
		if token == nil {
			break
		}
		ids, spans = t.appendPlain(ids, spans, token.before(text[at:start]), at, want)
		ids = append(ids, token.ID)
		if want {
			spans = append(spans, tokenizer.Span{Start: start, End: end})
		}
		at = end
		if token.RStrip {
			at = len(text) - len(trimLeft(text[at:]))
		}
	}
	return t.appendPlain(ids, spans, text[at:], at, want)
}

// appendPlain appends the ids of text, in which nothing is special. It begins at byte
// base of the whole text.
func (t *Tokenizer) appendPlain(ids []int, spans []tokenizer.Span, text string, base int, want bool) ([]int, []tokenizer.Span) {
	if text == "" {
		return ids, spans
	}
	m := t.model
	s := m.cut(text, want)
	at := 0
	put := func(id, start, end int) {
		ids = append(ids, id)
		if want {
			spans = append(spans, tokenizer.Span{Start: base + s.origin[start], End: base + s.origin[end]})
		}
	}
	for _, token := range s.tokens {
		piece, start, end := token.ID, at, token.End
		at = end
		switch {
		case piece == m.unk && m.byteFallback:
			for i := start; i < end-1; i++ {
				put(t.id(int(m.bytes[s.text[i]])), start, start)
			}
			put(t.id(int(m.bytes[s.text[end-1]])), start, end)
		case t.entries == nil:
			put(piece, start, end)
		case piece == m.unk:
			if !t.cutsUp {
				put(t.name(s.text[start:end]), start, end)
				continue
			}
			for from, to := range fields(s.text[start:end]) {
				put(t.name(s.text[start+from:start+to]), start+from, start+to)
			}
		case t.toID[piece] == cutUp:
			for _, p := range t.parts[piece] {
				put(p.id, start+p.start, start+p.end)
			}
		default:
			put(int(t.toID[piece]), start, end)
		}
	}
	m.release(s)
	return ids, spans
}

// id returns the id of a piece that is not cut up.
func (t *Tokenizer) id(piece int) int {
	if t.entries == nil {
		return piece
	}
	return int(t.toID[piece])
}

// name returns the id of a text that the model does not know.
func (t *Tokenizer) name(text []byte) int {
	if id, ok := t.names[string(text)]; ok {
		return int(id)
	}
	if piece := trie.Find(t.model.texts, text); piece >= 0 && t.toID[piece] != cutUp {
		return int(t.toID[piece])
	}
	return t.special.Unk
}

// AppendText appends the text of ids: pieces with spaces for ▁, special tokens by their
// names, without white space at the beginning, as fairseq and Hugging Face decode;
// usually none is left at the end either. BYTE pieces side by side are decoded together;
// U+FFFD stands for each byte that is not part of a well-formed character. For a model's
// own ids see Model.Tokenizer. Ids outside the vocabulary are left out.
func (t *Tokenizer) AppendText(dst []byte, ids []int) []byte {
	if t.entries == nil {
		return t.model.appendDecoded(dst, ids)
	}
	begin := len(dst)
	for i := 0; i < len(ids); i++ {
		if uint(ids[i]) >= uint(len(t.entries)) {
			continue
		}
		e := &t.entries[ids[i]]
		if e.byte < 0 {
			dst = e.appendTo(dst)
			continue
		}
		start := len(dst)
		for ; i < len(ids) && uint(ids[i]) < uint(len(t.entries)) && t.entries[ids[i]].byte >= 0; i++ {
			dst = append(dst, byte(t.entries[ids[i]].byte))
		}
		i--
		dst = replaceMalformed(dst, start)
	}
	text := bytes.TrimLeftFunc(dst[begin:], isSpace)
	if t.trimEnd {
		text = bytes.TrimRightFunc(text, isSpace)
	}
	return append(dst[:begin], text...)
}

// appendTo appends the text of an entry that is no byte.
func (e *entry) appendTo(dst []byte) []byte {
	if e.kind != tokenizer.Text {
		return append(dst, e.text...)
	}
	return appendSpaces(dst, e.text)
}

// Bytes returns a piece with a space for ▁, the byte of a BYTE piece, or the name of a
// special token. It returns nil for an id outside the vocabulary.
func (t *Tokenizer) Bytes(id int) []byte {
	if uint(id) >= uint(t.Len()) {
		return nil
	}
	e := entry{byte: -1}
	if t.entries != nil {
		e = t.entries[id]
	} else {
		e = t.model.entry(id, t.Kind(id))
	}
	if e.byte >= 0 {
		return []byte{byte(e.byte)}
	}
	return e.appendTo(nil)
}

// entry returns the entry of a vocabulary that a piece is.
func (m *Model) entry(id int, kind tokenizer.Kind) entry {
	p := &m.pieces[id]
	e := entry{p.text, kind, -1}
	if p.kind == Byte {
		e.byte = int16(p.value)
	}
	return e
}

// isSpace reports whether Python's str.isspace holds for r: Unicode white space and the
// separators U+001C to U+001F.
func isSpace(r rune) bool { return unicode.IsSpace(r) || 0x1C <= r && r <= 0x1F }

// fields yields the start and end of each stretch of s between white space, as Python's
// str.split finds them.
func fields(s []byte) func(yield func(start, end int) bool) {
	return func(yield func(start, end int) bool) {
		for at := 0; at < len(s); {
			rest := bytes.TrimLeftFunc(s[at:], isSpace)
			start := len(s) - len(rest)
			n := bytes.IndexFunc(rest, isSpace)
			if n < 0 {
				n = len(rest)
			}
			if n > 0 && !yield(start, start+n) {
				return
			}
			at = start + n
		}
	}
}
