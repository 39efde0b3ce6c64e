package roberta

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode"

	"github.com/goroberta/goroberta/internal/nn"
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

// isSpace says whether Python's str.strip removes r: Unicode white space, and four
// separators that are no white space to Go.
func isSpace(r rune) bool { return unicode.IsSpace(r) || 0x1c <= r && r <= 0x1f }

func trimRight(s string) string { return strings.TrimRightFunc(s, isSpace) }

// best returns the k indices of the largest scores that ok accepts, largest
// first, of equal ones the smaller index. NaN counts as smallest.
func best(scores []float32, k int, ok func(int) bool) []int {
	// A heap of the best so far, its worst on top.
	var heap []int
	worse := func(a, b int) bool {
		if c := cmp.Compare(scores[a], scores[b]); c != 0 {
			return c < 0
		}
		return a > b
	}
	down := func(i int) {
		for {
			c := 2*i + 1
			if c >= len(heap) {
				return
			}
			if c+1 < len(heap) && worse(heap[c+1], heap[c]) {
				c++
			}
			if !worse(heap[c], heap[i]) {
				return
			}
			heap[i], heap[c] = heap[c], heap[i]
			i = c
		}
	}
	for id := range scores {
		if len(heap) == k && !worse(heap[0], id) || !ok(id) {
			continue
		}
		if len(heap) == k {
			heap[0] = id
			down(0)
			continue
		}
		heap = append(heap, id)
		for i := len(heap) - 1; i > 0 && worse(heap[i], heap[(i-1)/2]); i = (i - 1) / 2 {
			heap[i], heap[(i-1)/2] = heap[(i-1)/2], heap[i]
		}
	}
	slices.SortFunc(heap, func(a, b int) int {
		if worse(a, b) {
			return 1
		}
		return -1
	})
	return heap
}

// maskRows bounds the LM logits that are in memory at a time: 50 MB for GPT-2's
// vocabulary.
const maskRows = 256

// eachMask calls f with the LM logits [V] of the positions at[s] of each sequence, in
// order, and of no others. The sequences have no pads.
func (m *Model) eachMask(ctx context.Context, tokens, at [][]int, f func(s int, logits []float32)) error {
	for s, sequence := range tokens {
		if err := m.checkLength(s, sequence); err != nil {
			return err
		}
	}
	for lo, hi := 0, 0; lo < len(tokens); lo = hi {
		n := 0
		for hi = lo; hi < len(tokens) && (hi == lo || n+len(at[hi]) <= maskRows); hi++ {
			n += len(at[hi])
		}
		b, _, err := m.batch(tokens[lo:hi])
		if err != nil {
			return err
		}
		var rows, sequences []int
		for s := lo; s < hi; s++ {
			for _, i := range at[s] {
				rows, sequences = append(rows, b.Offsets[s-lo]+i), append(sequences, s)
			}
		}
		r, err := m.run(ctx, nn.Request{Batch: b, Rows: nn.Only(rows...), LM: m.lm})
		if err != nil {
			return err
		}
		for i, s := range sequences {
			f(s, r.Logits[i*m.cfg.VocabSize:][:m.cfg.VocabSize])
		}
	}
	return nil
}

// checkLength is a *LengthError for a sequence without pads that is too long.
func (m *Model) checkLength(s int, sequence []int) error {
	if n := len(sequence); n > m.cfg.MaxPositions {
		return &LengthError{Sequence: s, Tokens: n, Max: m.cfg.MaxPositions}
	}
	return nil
}
