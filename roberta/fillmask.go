package roberta

import (
	"context"
	"strings"

	"github.com/goroberta/goroberta/internal/simd"
	"github.com/goroberta/goroberta/tokenizer"
)

// maskText is how a text asks for a prediction.
const maskText = "<mask>"

// A Fill is one answer to a text with a <mask>.
type Fill struct {
	Text  string  // the text with the answer in place
	Score float32 // probability of the token among the whole vocabulary
	Token string  // the answer, which may begin with a space
	ID    int     // its token id
}

// FillMask predicts the token that the one <mask> of a text stands for and returns the
// k likeliest, best first.
//
// As in fairseq, white space before the <mask> belongs to the answer: in
// "Go is a <mask> language" the answer is " programming", which replaces
// " <mask>". An answer without a leading space joins the word before it. White
// space at the end of each part is not shown to the model.
//
// <s>, </s>, <pad> and the symbols that only fill up the dictionary are never answers;
// the next best token takes their place. (fairseq drops the first two from the words
// but not from the scores, and fails on the others.) There are fewer than k answers
// only if the vocabulary has no more.
//
// Errors are ErrMask for a text without exactly one <mask>, ErrTopK for k below
// 1 or above the vocabulary's size, ErrNoLMHead, ErrNoVocabulary, and those of
// ExtractFeatures. As fairseq's RobertaHubInterface.fill_mask.
func (m *Model) FillMask(ctx context.Context, text string, k int) ([]Fill, error) {
	fills, err := m.FillMasks(ctx, []string{text}, k)
	if err != nil {
		return nil, err
	}
	return fills[0], nil
}

// FillMasks is FillMask for a batch of texts: a list of answers for each.
func (m *Model) FillMasks(ctx context.Context, texts []string, k int) ([][]Fill, error) {
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
	V := m.cfg.VocabSize
	if k < 1 || k > V {
		return nil, &TopKError{K: k, Max: V}
	}
	var tokens, masks [][]int // masks: the position of the mask in each sequence
	for i, text := range texts {
		if n := strings.Count(text, maskText); n != 1 {
			return nil, &MaskError{Text: i, Found: n, batch: len(texts) > 1}
		}
		ids, at := maskedTokens(m.tok, text)
		tokens, masks = append(tokens, ids), append(masks, []int{at})
	}
	out := make([][]Fill, len(texts))
	err := m.eachMask(ctx, tokens, masks, func(s int, scores []float32) {
		simd.Softmax(scores)
		for _, id := range best(scores, k, func(id int) bool { return isAnswer(m.tok, id) }) {
			token := tokenizer.TokenText(m.tok, id)
			out[s] = append(out[s], Fill{Text: fillIn(texts[s], token), Score: scores[id], Token: token, ID: id})
		}
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// maskedTokens encodes the parts of a text around its <mask> and returns where
// the mask is among the tokens.
func maskedTokens(tok tokenizer.Tokenizer, text string) ([]int, int) {
	before, after, _ := strings.Cut(text, maskText)
	special := tok.Special()
	ids := tok.Append([]int{special.BOS}, trimRight(before))
	at := len(ids)
	ids = append(ids, special.Mask)
	ids = tok.Append(ids, trimRight(after))
	return append(ids, special.EOS), at
}

// fillIn puts an answer in the place of a text's <mask> and of a space before it.
func fillIn(text, token string) string {
	if strings.Contains(text, " "+maskText) {
		return strings.Replace(text, " "+maskText, token, 1)
	}
	return strings.Replace(text, maskText, token, 1)
}

// isAnswer says whether a token can be an answer to a mask.
func isAnswer(tok tokenizer.Tokenizer, id int) bool {
	kind := tok.Kind(id)
	return kind != tokenizer.Marker && kind != tokenizer.Filler
}
