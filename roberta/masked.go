package roberta

import (
	"errors"
	"slices"
	"strings"

	"github.com/goroberta/goroberta/tokenizer"
)

// A Masked is an input in which some tokens are masks, as MaskText and MaskTokens make
// it. It does not change and may be used by any number of goroutines.
type Masked struct {
	Input
	Masks []int // where the masks are among Tokens, in ascending order

	read bool                      // see maskToken
	text func(fill [][]int) string // see Text
}

// Text is the text with tokens in the places of the masks: fill has those of each mask,
// and where it has none the mask stays. For a Masked of tokens it is what Decode makes
// of them.
func (x *Masked) Text(fill ...[]int) string {
	all := make([][]int, len(x.Masks))
	copy(all, fill)
	return x.text(all)
}

// MaskText encodes a text with masks. How a text says where they are depends on the
// tokenizer: see FillMask.
//
// The limit says how long the input may be and what is cut otherwise, as it does for
// tokenizer.Template.Encode; the zero Limit allows any length. Of a text that is cut
// only what is left counts, and Text gives that.
//
// Errors are ErrMask for a text, or what is left of it, without a mask; ErrNoVocabulary; a
// *LengthError for a text far beyond the model's positions that may not be cut; and those
// of tokenizer.Template.Encode.
func (m *Model) MaskText(text string, limit tokenizer.Limit) (*Masked, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	if m.tok == nil {
		return nil, m.noTok
	}
	if limit.Truncation == tokenizer.NoTruncation {
		if err := m.checkText(0, text); err != nil {
			return nil, err
		}
	}
	mask := maskTokenOf(m.tok, m.cfg.PadID)
	tok := m.tok
	if !mask.read {
		tok = maskFinder{tok, mask}
	}
	// White space at the end is left out, as fairseq does. transformers' byte-level BPE
	// makes a token of it.
	e, err := tok.Template().Encode(tok, limit, trimRight(text))
	if err != nil {
		return nil, err
	}
	x := &Masked{Input: m.Input(e), read: mask.read}
	var spans []tokenizer.Span // of the masks, in text
	for i, id := range e.IDs {
		if id == mask.id && e.Sequence[i] == 0 {
			x.Masks, spans = append(x.Masks, i), append(spans, e.Spans[i])
		}
	}
	if err := mask.check(len(x.Masks), !mask.read); err != nil {
		return nil, err
	}
	lo, hi := 0, len(text)
	if limit.Length > 0 && len(e.IDs) >= limit.Length {
		if whole := tok.Template().IDs(tok, trimRight(text)); len(whole) > len(e.IDs) {
			lo, hi = seen(e)
		}
	}
	x.text = func(fill [][]int) string { return mask.fillSpans(text[:hi], lo, spans, fill) }
	return x, nil
}

// seen is the part of a text that an encoding's tokens stand for.
func seen(e *tokenizer.Encoding) (lo, hi int) {
	first := true
	for i, text := range e.Sequence {
		if text < 0 {
			continue
		}
		if first {
			lo, first = e.Spans[i].Start, false
		}
		hi = max(hi, e.Spans[i].End)
	}
	return lo, hi
}

// MaskTokens makes a Masked of tokens, in which the tokenizer's Special().Mask is what
// is predicted. The error is ErrMask for tokens without one, or ErrNoVocabulary.
func (m *Model) MaskTokens(in Input) (*Masked, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	if m.tok == nil {
		return nil, m.noTok
	}
	mask := maskTokenOf(m.tok, m.cfg.PadID)
	in.Tokens, in.Types = slices.Clone(in.Tokens), slices.Clone(in.Types)
	x := &Masked{Input: in, read: true}
	for i, id := range in.Tokens {
		if id == mask.id && id >= 0 {
			x.Masks = append(x.Masks, i)
		}
	}
	x.text = func(fill [][]int) string {
		filled := slices.Clone(in.Tokens)
		for i := len(fill) - 1; i >= 0; i-- {
			if fill[i] != nil {
				filled = slices.Replace(filled, x.Masks[i], x.Masks[i]+1, fill[i]...)
			}
		}
		return tokenizer.Decode(m.tok, filled)
	}
	return x, mask.check(len(x.Masks), false)
}

// A maskToken is what a tokenizer calls its mask.
type maskToken struct {
	tok   tokenizer.Tokenizer
	id    int    // -1: the vocabulary has none
	name  string // in a text
	read  bool   // the tokenizer reads the name in a text as the token, as Hugging Face's do
	space bool   // the white space before a mask belongs to it: answers bring their own
}

// maskTokenOf is the mask of a tokenizer. A padding token, which the model does not see,
// is none.
func maskTokenOf(tok tokenizer.Tokenizer, pad int) maskToken {
	m := maskToken{tok: tok, id: tok.Special().Mask, name: "<mask>", space: true}
	if m.id == pad {
		m.id = -1
	}
	if m.id >= 0 {
		m.name = tokenizer.TokenText(tok, m.id)
		if m.read = slices.Contains(tok.Append(nil, m.name), m.id); m.read {
			m.space = slices.Equal(tok.Append(nil, " "+m.name), []int{m.id}) && marksSpaces(tok)
		}
	}
	return m
}

// marksSpaces says whether tokens bring the space before a word, as those of byte-level
// BPE and SentencePiece do.
func marksSpaces(tok tokenizer.Tokenizer) bool {
	ids := tok.Append(nil, "a a")
	return len(ids) > 1 && strings.Contains(string(tok.AppendText(nil, ids[1:])), " ")
}

// check is a *MaskError if a text has no mask, or where one is wanted several.
func (m maskToken) check(found int, one bool) error {
	if m.id >= 0 && found > 0 {
		return nil
	}
	return &MaskError{Found: found, Mask: m.name, Missing: m.id < 0, Several: !one}
}

// isAnswer says whether a token can be an answer.
func (m maskToken) isAnswer(id int) bool {
	if m.read {
		return m.tok.Bytes(id) != nil
	}
	kind := m.tok.Kind(id)
	special := m.tok.Special() // CamemBERT's <s> and </s> are no markers for fairseq's decoding
	return kind != tokenizer.Marker && kind != tokenizer.Filler && id != special.BOS && id != special.EOS
}

// answerText is the text of an answer.
func (m maskToken) answerText(ids []int) string {
	b := make([]byte, 0, 16)
	for _, id := range ids {
		b = append(b, m.tok.Bytes(id)...)
	}
	return tokenizer.ToValidUTF8(b)
}

// fillSpans is text[lo:] with answers in the places of masks, and of a space before each
// that the answer brings itself. Where tokens bring none, the text's spaces stay.
func (m maskToken) fillSpans(text string, lo int, masks []tokenizer.Span, fill [][]int) string {
	var b strings.Builder
	b.Grow(len(text) - lo + 16*len(masks))
	at := lo
	for i, s := range masks {
		if fill[i] == nil {
			continue
		}
		name := strings.TrimLeftFunc(text[s.Start:s.End], isSpace) // spans may have the white space or not
		before, answer := text[at:max(at, s.End-len(name))], m.answerText(fill[i])
		if m.space {
			before = strings.TrimSuffix(before, " ")
		} else if trimRight(before) != before {
			answer = strings.TrimPrefix(answer, " ")
		}
		b.WriteString(before)
		b.WriteString(answer)
		at = s.End
	}
	b.WriteString(text[at:])
	return b.String()
}

// A maskFinder reads the mask's name in a text as that token, for a tokenizer to which
// it is text. White space before a mask and at the end is not encoded, as in fairseq.
type maskFinder struct {
	tokenizer.Tokenizer
	mask maskToken
}

var _ tokenizer.Checker = maskFinder{}

// Append implements tokenizer.Tokenizer.
func (f maskFinder) Append(ids []int, text string) []int {
	ids, _ = f.AppendSpans(ids, nil, text)
	return ids
}

// AppendSpans implements tokenizer.Tokenizer.
func (f maskFinder) AppendSpans(ids []int, spans []tokenizer.Span, text string) ([]int, []tokenizer.Span) {
	for at := 0; ; {
		before, _, found := strings.Cut(text[at:], f.mask.name)
		n := len(spans)
		ids, spans = f.Tokenizer.AppendSpans(ids, spans, trimRight(before))
		for i := n; i < len(spans); i++ {
			spans[i].Start, spans[i].End = spans[i].Start+at, spans[i].End+at
		}
		if !found {
			return ids, spans
		}
		at += len(before)
		ids, spans = append(ids, f.mask.id), append(spans, tokenizer.Span{Start: at, End: at + len(f.mask.name)})
		at += len(f.mask.name)
	}
}

// Check implements tokenizer.Checker.
func (f maskFinder) Check(text string) error {
	var errs []error
	for part := range strings.SplitSeq(text, f.mask.name) {
		errs = append(errs, tokenizer.Check(f.Tokenizer, trimRight(part)))
	}
	return errors.Join(errs...)
}
