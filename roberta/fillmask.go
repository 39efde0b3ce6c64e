package roberta

import (
	"context"
	"errors"

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
// k likeliest, best first, of equal ones the smaller id. How a text asks for a prediction
// depends on the tokenizer:
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
// size, ErrNoLMHead, ErrNoVocabulary, and those of ExtractFeatures. FillEach and
// FillJointly fill several masks, and choose among given words.
func (m *Model) FillMask(ctx context.Context, text string, k int) ([]Fill, error) {
	fills, err := m.FillMasks(ctx, []string{text}, k)
	if err != nil {
		return nil, err
	}
	return fills[0], nil
}

// FillMasks is FillMask for a batch of texts: a list of answers for each.
func (m *Model) FillMasks(ctx context.Context, texts []string, k int) ([][]Fill, error) {
	if err := m.checkFill(k); err != nil {
		return nil, err
	}
	masked := make([]*Masked, len(texts))
	for i, text := range texts {
		x, err := m.MaskText(text, tokenizer.Limit{})
		if err == nil && len(x.Masks) > 1 {
			err = &MaskError{Found: len(x.Masks), Mask: maskTokenOf(m.tok, m.cfg.PadID).name}
		}
		if err != nil {
			return nil, numbered(err, i, len(texts))
		}
		masked[i] = x
	}
	fills, err := m.FillEach(ctx, k, nil, masked...)
	if err != nil {
		return nil, err
	}
	out := make([][]Fill, len(texts))
	for i := range fills {
		out[i] = fills[i][0]
	}
	return out, nil
}

// numbered is the error of one of n texts with its number.
func numbered(err error, i, n int) error {
	if e, ok := errors.AsType[*MaskError](err); ok {
		e.Text, e.batch, e.Several = i, n > 1, false
	}
	if e, ok := errors.AsType[*LengthError](err); ok {
		e.Sequence = i
	}
	return err
}

// FillEach predicts every mask of some inputs, each while the others of its input stay
// masked: for each input and each of its masks the k likeliest answers, as FillMask gives
// them. In an answer's text the other masks stay. As transformers' fill-mask pipeline.
//
// With targets only these are answers, as many as there are if k is larger. Their scores
// stay probabilities among the whole vocabulary, and targets of several tokens are a
// *TargetError: FillJointly takes them. nil allows every token.
//
// A text for a tokenizer of fairseq's must have exactly one mask, as in fairseq. Errors
// are those of FillMask.
func (m *Model) FillEach(ctx context.Context, k int, targets []Target, masked ...*Masked) ([][][]Fill, error) {
	if err := m.checkFill(k); err != nil {
		return nil, err
	}
	ids, err := m.single(targets)
	if err != nil {
		return nil, err
	}
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	mask := maskTokenOf(m.tok, m.cfg.PadID)
	for i, x := range masked {
		if !x.read && len(x.Masks) > 1 {
			return nil, numbered(&MaskError{Found: len(x.Masks), Mask: mask.name}, i, len(masked))
		}
	}
	if err := m.checkMasked(masked); err != nil {
		return nil, err
	}
	out := make([][][]Fill, len(masked))
	questions := func(yield func(question) bool) {
		for s, x := range masked {
			out[s] = make([][]Fill, len(x.Masks))
			q := question{x.Input, x.Masks, func(i int, scores []float32) {
				simd.Softmax(scores)
				answers, one := make([][]int, len(x.Masks)), []int{0}
				answers[i] = one
				first := bestOf(scores, k, ids, mask.isAnswer)
				out[s][i] = make([]Fill, len(first))
				for n, id := range first {
					one[0] = id
					out[s][i][n] = Fill{Text: x.text(answers), Score: scores[id], Token: tokenizer.TokenText(m.tok, id), ID: id}
				}
			}}
			if !yield(q) {
				return
			}
		}
	}
	if err := m.ask(ctx, questions); err != nil {
		return nil, err
	}
	return out, nil
}

// checkFill is an error of a model that cannot fill masks with k answers.
func (m *Model) checkFill(k int) error {
	if err := m.enter(); err != nil {
		return err
	}
	defer m.leave()
	if m.lm == nil {
		return ErrNoLMHead
	}
	if m.tok == nil {
		return m.noTok
	}
	if V := m.cfg.VocabSize; k < 1 || k > V {
		return &TopKError{K: k, Max: V}
	}
	return nil
}

// checkMasked checks inputs before anything is computed.
func (m *Model) checkMasked(masked []*Masked) error {
	inputs := make([]Input, len(masked))
	for i, x := range masked {
		inputs[i] = x.Input
	}
	_, _, err := m.batch(inputs)
	return err
}

// bestOf is best among some ids, in ascending order; nil: among all that are ok.
func bestOf(scores []float32, k int, ids []int, ok func(int) bool) []int {
	if ids == nil {
		return best(scores, k, ok)
	}
	some := make([]float32, len(ids))
	for i, id := range ids {
		some[i] = scores[id]
	}
	first := best(some, k, func(int) bool { return true })
	for i, n := range first {
		first[i] = ids[n]
	}
	return first
}
