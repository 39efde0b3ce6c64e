package pipeline

import (
	"context"
	"fmt"
	"iter"
	"math"

	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// A Scorer says how likely texts are: their pseudo-log-likelihoods. It is immutable; any
// number of goroutines may use it at once, until its model is closed.
type Scorer struct {
	task      task[Input, []float32, *Score]
	sequencer *sequencer
	words     bool
}

// A Score is a text's pseudo-log-likelihood.
type Score struct {
	LogLikelihood    float64 // the sum of the tokens' log-probabilities
	PseudoPerplexity float64 // exp(−LogLikelihood/len(Tokens))
	Tokens           []TokenScore
}

// A TokenScore is a token and the logarithm of the probability that the model gives it
// when it is masked.
type TokenScore struct {
	Token   string // its text
	ID      int
	LogProb float32
}

// NewScorer makes a Scorer of a model with a language-model head: roberta.ErrNoLMHead if
// it has none. The other error is ErrOption.
func NewScorer(m *roberta.Model, opts ...Option) (*Scorer, error) {
	o, err := newOptions(scorer, opts)
	if err != nil {
		return nil, err
	}
	if !m.HasLMHead() {
		return nil, roberta.ErrNoLMHead
	}
	sc := &Scorer{sequencer: newSequencer(m, o, 0), words: o.wordL2R}
	sc.task = task[Input, []float32, *Score]{
		budget:  o.budget,
		prepare: sc.prepare,
		compute: sc.logProbs,
		finish:  sc.score,
	}
	return sc, nil
}

// Score scores a text, or the texts of a pair: each token but the special ones around
// texts is masked, alone (Salazar et al., 2020) or with those to its right in the same word
// (WithWordL2R), and the model says how likely it is there. A text of T tokens takes T
// passes. Special tokens that a text spells out are tokens of it.
//
// The scores of a text are log-probabilities of single tokens, each given all others, and
// no probability of the text: compare texts of about equal lengths, or PseudoPerplexity.
//
// Errors are ErrInput for a text without tokens, *roberta.LengthError for one that is too
// long (see WithLimit), *tokenizer.LimitError for one that cannot be cut as it should be,
// roberta.ErrMask for a vocabulary without a mask, and the context's.
func (sc *Scorer) Score(ctx context.Context, text string, more ...string) (*Score, error) {
	return sc.task.one(ctx, Text(text, more...))
}

// ScoreAll is Score for many inputs, computed together. Of tokens all are scored but those
// that begin and end a text and pads. The error is an *InputError that names the first
// input that cannot be scored.
func (sc *Scorer) ScoreAll(ctx context.Context, inputs []Input) ([]*Score, error) {
	return sc.task.all(ctx, inputs)
}

// ScoreSeq is Score for any number of inputs, in bounded memory, like
// Classifier.ClassifySeq.
func (sc *Scorer) ScoreSeq(ctx context.Context, inputs iter.Seq[Input]) iter.Seq2[*Score, error] {
	return sc.task.each(ctx, inputs)
}

// prepare encodes an input and says which tokens are hidden.
func (sc *Scorer) prepare(in Input) (*job, error) {
	if err := in.check(scorer); err != nil {
		return nil, err
	}
	if sc.words && in.Tokens != nil {
		return nil, fmt.Errorf("%w: tokens, and only a text has words", ErrInput)
	}
	if sc.sequencer.tok == nil {
		return nil, sc.sequencer.noTok
	}
	sequences, err := sc.sequencer.input(in)
	if err != nil {
		return nil, err
	}
	s := &sequences[0]
	if in.Tokens != nil {
		sc.hideTokens(s)
	} else if err := sc.hide(s, in.Texts); err != nil {
		return nil, err
	}
	if len(s.clozes) == 0 {
		return nil, fmt.Errorf("%w: no tokens to score", ErrInput)
	}
	return &job{sequences: sequences}, nil
}

// hideTokens says which of the caller's tokens are hidden.
func (sc *Scorer) hideTokens(s *sequence) {
	tok := sc.sequencer.tok
	for i, id := range s.IDs {
		if kind := tok.Kind(id); kind != tokenizer.Marker && kind != tokenizer.Filler && id != sc.sequencer.model.Config().PadID {
			s.clozes = append(s.clozes, roberta.Cloze{At: i, End: i + 1})
		}
	}
}

// hide says which tokens of texts are hidden.
func (sc *Scorer) hide(s *sequence, texts []string) error {
	for lo := 0; lo < len(s.IDs); lo++ {
		text := s.Sequence[lo]
		if text < 0 {
			continue
		}
		hi := lo
		for hi < len(s.IDs) && s.Sequence[hi] == text {
			hi++
		}
		var words []int // the number of each token's word
		if sc.words {
			words = tokenizer.WordIDs(sc.sequencer.tok, texts[text])
			switch kept := hi - lo; {
			case len(words) < kept: // an expression of tokenizer.json gave up
				return fmt.Errorf("%w: the tokenizer finds words for %d of %d tokens", ErrInput, len(words), kept)
			case sc.sequencer.limit.Left: // the text may have been cut
				words = words[len(words)-kept:]
			default:
				words = words[:kept]
			}
		}
		for i := lo; i < hi; i++ {
			end := i + 1
			for sc.words && end < hi && words[end-lo] == words[i-lo] {
				end++
			}
			s.clozes = append(s.clozes, roberta.Cloze{At: i, End: end})
		}
		lo = hi - 1
	}
	return nil
}

func (sc *Scorer) logProbs(ctx context.Context, batch []sequence) ([][]float32, error) {
	inputs, clozes := make([]roberta.Input, len(batch)), make([][]roberta.Cloze, len(batch))
	for i := range batch {
		inputs[i], clozes[i] = sc.sequencer.modelInput(&batch[i]), batch[i].clozes
	}
	return sc.sequencer.model.ClozeLogProbs(ctx, inputs, clozes)
}

// score makes the score of an input from the log-probabilities of its tokens.
func (sc *Scorer) score(j *job, given [][]float32) (*Score, error) {
	s := &j.sequences[0]
	r := &Score{Tokens: make([]TokenScore, len(s.clozes))}
	for i, c := range s.clozes {
		id := s.IDs[c.At]
		r.Tokens[i] = TokenScore{tokenizer.TokenText(sc.sequencer.tok, id), id, given[0][i]}
		r.LogLikelihood += float64(given[0][i])
	}
	r.PseudoPerplexity = math.Exp(-r.LogLikelihood / float64(len(r.Tokens)))
	return r, nil
}
