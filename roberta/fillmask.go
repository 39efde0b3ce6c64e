package roberta

import (
	"context"
	"slices"
	"strings"

	"github.com/goroberta/goroberta/internal/simd"
	"github.com/goroberta/goroberta/tokenizer"
)

// A Fill is one answer to a mask.
type Fill struct {
	Text  string  // the text with the answer in place
	Score float32 // probability of the token among the whole vocabulary
	Token string  // the answer, which may begin with a space
	ID    int     // its token id
}

// FillMask predicts the token that the one <mask> of a text stands for and returns the
// k likeliest, best first. How a text asks for a prediction depends on the tokenizer:
//
// A tokenizer of Hugging Face's reads the mask's name in a text as that token. The name
// is <mask> as a rule, and the text is encoded as Encode does, without white space at its
// end. Every token of the vocabulary can be an answer. As transformers' fill-mask
// pipeline.
//
// To a tokenizer of fairseq's the name is text. White space at the end of each part
// around it is not shown to the model. <s>, </s>, <pad> and the symbols that only fill up
// the dictionary are never answers; the next best token takes their place. (fairseq drops
// the first two from the words but not from the scores, and fails on the others.) As
// fairseq's RobertaHubInterface.fill_mask.
//
// White space before the <mask> belongs to the answer: in "Go is a <mask> language" the
// answer is " programming", which replaces " <mask>". An answer without a leading space
// joins the word before it. Where a tokenizer's tokens bring no spaces, those of the text
// stay.
//
// There are fewer than k answers only if the vocabulary has no more. Errors are ErrMask
// for a text without exactly one mask, ErrTopK for k below 1 or above the vocabulary's
// size, ErrNoLMHead, ErrNoVocabulary, and those of ExtractFeatures.
func (m *Model) FillMask(ctx context.Context, text string, k int) ([]Fill, error) {
	fills, err := m.FillMasks(ctx, []string{text}, k)
	if err != nil {
		return nil, err
	}
	return fills[0], nil
}

// FillMasks is FillMask for a batch of texts: a list of answers for each.
func (m *Model) FillMasks(ctx context.Context, texts []string, k int) ([][]Fill, error) {
	fills, err := m.fillTexts(ctx, texts, k, true)
	if err != nil {
		return nil, err
	}
	out := make([][]Fill, len(texts))
	for i := range fills {
		out[i] = fills[i][0]
	}
	return out, nil
}

// FillEveryMask is FillMask for texts with any number of masks: for each text and each
// of its masks a list of answers. Each is predicted while the others stay masked, and
// stay in the answer's text. As transformers' pipeline. A text for a tokenizer of
// fairseq's must have exactly one mask, as in fairseq.
func (m *Model) FillEveryMask(ctx context.Context, texts []string, k int) ([][][]Fill, error) {
	return m.fillTexts(ctx, texts, k, false)
}

// FillMaskTokens is FillEveryMask for sequences of tokens, in which the tokenizer's
// Special().Mask stands for what is predicted. The texts of the answers are what Decode
// makes of the tokens. The error is ErrMask for a sequence without a mask.
func (m *Model) FillMaskTokens(ctx context.Context, k int, tokens ...[]int) ([][][]Fill, error) {
	return m.fill(ctx, k, len(tokens), func(mask maskToken, i int) (masked, error) {
		x := masked{Input: Input{Tokens: tokens[i]}}
		for at, id := range tokens[i] {
			if id == mask.id && id >= 0 {
				x.at = append(x.at, at)
			}
		}
		x.fill = func(at, id int) string {
			filled := slices.Clone(tokens[i])
			filled[x.at[at]] = id
			return tokenizer.Decode(m.tok, filled)
		}
		return x, mask.check(i, len(x.at), len(tokens) > 1, false)
	})
}

func (m *Model) fillTexts(ctx context.Context, texts []string, k int, one bool) ([][][]Fill, error) {
	return m.fill(ctx, k, len(texts), func(mask maskToken, i int) (masked, error) {
		if err := m.checkText(i, texts[i]); err != nil {
			return masked{}, err
		}
		x, n, err := m.maskedText(mask, texts[i])
		if err != nil {
			return masked{}, err
		}
		return x, mask.check(i, n, len(texts) > 1, one || !mask.read)
	})
}

// A masked is a sequence in which some tokens are masks.
type masked struct {
	Input
	at   []int                     // positions of the masks
	fill func(mask, id int) string // the text with a token in a mask's place
}

// fill predicts the masks of n sequences.
func (m *Model) fill(ctx context.Context, k, n int, sequence func(mask maskToken, i int) (masked, error)) ([][][]Fill, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	if m.lm == nil {
		return nil, ErrNoLMHead
	}
	if m.tok == nil {
		return nil, m.noTok
	}
	if V := m.cfg.VocabSize; k < 1 || k > V {
		return nil, &TopKError{K: k, Max: V}
	}
	mask := maskTokenOf(m.tok, m.cfg.PadID)
	all, inputs, at := make([]masked, n), make([]Input, n), make([][]int, n)
	for i := range all {
		var err error
		if all[i], err = sequence(mask, i); err != nil {
			return nil, err
		}
		inputs[i], at[i] = all[i].Input, all[i].at
	}
	out := make([][][]Fill, n)
	err := m.eachMask(ctx, inputs, at, func(s int, scores []float32) {
		simd.Softmax(scores)
		var fills []Fill
		for _, id := range best(scores, k, mask.isAnswer) {
			fills = append(fills, Fill{Text: all[s].fill(len(out[s]), id), Score: scores[id], Token: tokenizer.TokenText(m.tok, id), ID: id})
		}
		out[s] = append(out[s], fills)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// A maskToken is what a tokenizer calls its mask.
type maskToken struct {
	tok   tokenizer.Tokenizer
	id    int    // -1: the vocabulary has none
	name  string // in a text
	read  bool   // the tokenizer reads the name in a text as the token, as Hugging Face's do
	space bool   // and the white space before it, which answers then bring themselves
}

// maskTokenOf is the mask of a tokenizer. A padding token, which the model does not see,
// is none.
func maskTokenOf(tok tokenizer.Tokenizer, pad int) maskToken {
	m := maskToken{tok: tok, id: tok.Special().Mask, name: "<mask>"}
	if m.id == pad {
		m.id = -1
	}
	if m.id >= 0 {
		m.name = tokenizer.TokenText(tok, m.id)
		m.read = slices.Contains(tok.Append(nil, m.name), m.id)
		m.space = m.read && slices.Equal(tok.Append(nil, " "+m.name), []int{m.id}) && marksSpaces(tok)
	}
	return m
}

// marksSpaces says whether tokens bring the space before a word, as those of byte-level
// BPE and SentencePiece do.
func marksSpaces(tok tokenizer.Tokenizer) bool {
	ids := tok.Append(nil, "a a")
	return len(ids) > 1 && strings.Contains(string(tok.AppendText(nil, ids[1:])), " ")
}

// check is a *MaskError if a sequence has no mask, or where one is wanted several.
func (m maskToken) check(i, found int, batch, one bool) error {
	if m.id >= 0 && found > 0 && (found == 1 || !one) {
		return nil
	}
	return &MaskError{Text: i, Found: found, Mask: m.name, Missing: m.id < 0, Several: !one, batch: batch}
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

// maskedText encodes a text with n masks. The encoding counts only if n is right.
func (m *Model) maskedText(mask maskToken, text string) (x masked, n int, err error) {
	if !mask.read {
		if n = strings.Count(text, mask.name); n == 1 {
			x.Tokens, x.at = maskedTokens(mask, text)
			x.fill = func(_, id int) string { return fillIn(text, mask.name, tokenizer.TokenText(m.tok, id)) }
		}
		return x, n, nil
	}
	// As fairseq does. transformers' byte-level BPE makes a token of white space there.
	e, err := m.tok.Template().Encode(m.tok, tokenizer.Limit{}, trimRight(text))
	if err != nil {
		return x, 0, err
	}
	x.Input = m.Input(e)
	for i, id := range e.IDs {
		if id == mask.id && e.Sequence[i] == 0 {
			x.at = append(x.at, i)
		}
	}
	x.fill = func(at, id int) string {
		return mask.fillSpan(text, e.Spans[x.at[at]], id)
	}
	return x, len(x.at), nil
}

// maskedTokens encodes the parts of a text around its one mask as fairseq does, and
// returns where the mask is among the tokens.
func maskedTokens(mask maskToken, text string) (ids, at []int) {
	before, after, _ := strings.Cut(text, mask.name)
	for _, p := range mask.tok.Template().Single {
		if p.Text < 0 {
			ids = append(ids, p.ID)
			continue
		}
		ids = mask.tok.Append(ids, trimRight(before))
		at = append(at, len(ids))
		ids = mask.tok.Append(append(ids, mask.id), trimRight(after))
	}
	return ids, at
}

// fillIn puts an answer in the place of a text's mask and of a space before it.
func fillIn(text, mask, token string) string {
	if strings.Contains(text, " "+mask) {
		mask = " " + mask
	}
	return strings.Replace(text, mask, token, 1)
}

// fillSpan puts a token in the place of a mask, and of a space before it that the token
// brings itself. Where tokens bring none, the text's spaces stay.
func (m maskToken) fillSpan(text string, mask tokenizer.Span, id int) string {
	name := strings.TrimLeftFunc(text[mask.Start:mask.End], isSpace) // spans may have the white space or not
	before, token := text[:mask.End-len(name)], tokenizer.TokenText(m.tok, id)
	if m.space {
		before = strings.TrimSuffix(before, " ")
	} else if trimRight(before) != before {
		token = strings.TrimPrefix(token, " ")
	}
	return before + token + text[mask.End:]
}
