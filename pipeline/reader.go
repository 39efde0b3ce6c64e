package pipeline

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// A Question is asked about a context, the text that may hold its answer.
type Question struct{ Text, Context string }

// An Answer is a stretch of a context.
type Answer struct {
	Text  string  `json:"answer"` // what stands there; "": there is no answer (WithImpossible)
	Score float32 `json:"score"`  // how likely it is, 0 to 1
	Start int     `json:"start"`  // the first of its bytes; of its characters WithCharacters
	End   int     `json:"end"`    // the first after it

	// With WithImpossible, the score of the answer "", whether or not it is among the best;
	// else 0. It is the same for all answers to a question.
	NoAnswer float32 `json:"-"`
}

// A Reader finds answers to questions in texts of any length (extractive question
// answering). It is immutable; any number of goroutines may use it at once, until its
// model is closed.
type Reader struct {
	task       task[Question, [][]float32, []Answer]
	sequencer  *sequencer
	head       roberta.Head
	byteLevel  bool // white space is text, but for the space before a word
	topK       int
	maxAnswer  int
	impossible bool
	align      bool
	characters bool
}

// maxReaderLength is how many tokens a Reader's windows have at most by default, as in
// transformers, and maxReaderStride how many neighbours share.
const (
	maxReaderLength = 384
	maxReaderStride = 128
)

// NewReader makes a Reader of a model with a head that finds spans. Errors are ErrHead,
// ErrHeads, roberta.ErrUnknownHead and ErrOption.
//
// A context that is too long is read through windows, with the whole question before each.
// They have 384 tokens, or as many as the model's files allow and WithLimit says, and share
// as many as WithWindows says. A WithLimit with a Truncation cuts instead.
func NewReader(m *roberta.Model, opts ...Option) (*Reader, error) {
	o, err := newOptions(reader, opts)
	if err != nil {
		return nil, err
	}
	given := o.windows
	if t := o.limit.Truncation; t == tokenizer.NoTruncation || t == tokenizer.OnlySecond && given {
		o.windows, o.limit.Truncation = true, tokenizer.OnlySecond
	} else if given {
		return nil, fmt.Errorf("%w: windows and truncation %v: a Reader has windows of the context alone", ErrOption, t)
	}
	own := maxReaderLength
	if n := maxLength(m); n > 0 {
		own = min(own, n)
	}
	r := &Reader{
		sequencer: newSequencer(m, o, own),
		byteLevel: m.TokenizerInfo().Kind == "byte-level BPE",
		topK:      max(o.topK, 1), maxAnswer: o.maxAnswer, impossible: o.impossible, align: !o.noAlign, characters: o.characters,
	}
	if o.windows && !given {
		r.sequencer.limit.Stride = min(r.sequencer.limit.Length/2, maxReaderStride)
	}
	if r.head, err = findHead(m, o.head, roberta.ReadsSpans, nil); err != nil {
		return nil, err
	}
	if tok := r.sequencer.tok; o.impossible && tok != nil && !beginsSpecial(tok.Template()) {
		return nil, fmt.Errorf("%w: WithImpossible needs a special token before the question, and this tokenizer puts none", ErrOption)
	}
	r.task = task[Question, [][]float32, []Answer]{
		budget:  o.budget,
		prepare: r.prepare,
		compute: func(ctx context.Context, batch []sequence) ([][][]float32, error) {
			return r.sequencer.tokenLogits(ctx, batch, &r.head)
		},
		finish: r.finish,
	}
	return r, nil
}

// beginsSpecial says whether a special token stands before a pair.
func beginsSpecial(t tokenizer.Template) bool { return len(t.Pair) > 0 && t.Pair[0].Text < 0 }

// Head describes the head that the Reader reads.
func (r *Reader) Head() roberta.Head {
	h := r.head
	h.Labels = slices.Clone(h.Labels)
	return h
}

// Answer finds the answers to a question in a context, best first; WithTopK says how many,
// the default is 1. There are fewer if the context has no others.
//
// In each window the softmax of the logits for starts, and of those for ends, runs over the
// tokens of the context and <s>, which stands for no answer. The score of a stretch is
// the product of its first token's start and its last token's end; it has at most 15
// tokens (WithMaxAnswer) and is widened to whole words, as far as the window shows them
// (WithoutAlignment). Words are those of tokenizer.WordIDs: of a byte-level BPE the pieces of
// GPT-2's pattern, so that punctuation is a word by itself. WithImpossible adds the answer ""
// with the product for <s> of the window where it is smallest.
//
// Numbers and offsets are those of transformers' question-answering pipeline, but for what
// follows. Stretches with equal texts, but for case, are one answer: the one with the
// highest score, of all in all windows. So a score is never above 1. (transformers adds up
// the scores of equal texts among the best 2k+10 of each window, and keeps the first place.)
// And no answer is empty or of spaces alone, or begins with the white space that a
// tokenizer of SentencePiece's counts into a word.
//
// Errors are ErrInput for an empty question or context, *tokenizer.LimitError for a
// question that leaves no room for a window and what it shares, those of
// roberta.Model.Tokenizer and PredictTokens, and the context's.
func (r *Reader) Answer(ctx context.Context, question, passage string) ([]Answer, error) {
	return r.task.one(ctx, Question{question, passage})
}

// AnswerAll is Answer for many questions, computed together. The error is an *InputError
// that names the first question that cannot be answered.
func (r *Reader) AnswerAll(ctx context.Context, questions []Question) ([][]Answer, error) {
	return r.task.all(ctx, questions)
}

// AnswerSeq is Answer for any number of questions, in bounded memory: it reads as many as
// make a batch (WithBatch), and yields their answers in order. A question that cannot be
// answered gives its error in its place, and costs no other. The error of a context that
// has ended, and roberta.ErrClosed, end the sequence.
func (r *Reader) AnswerSeq(ctx context.Context, questions iter.Seq[Question]) iter.Seq2[[]Answer, error] {
	return r.task.each(ctx, questions)
}

func (r *Reader) prepare(q Question) (*job, error) {
	switch {
	case q.Text == "":
		return nil, fmt.Errorf("%w: the question is empty", ErrInput)
	case q.Context == "":
		return nil, fmt.Errorf("%w: the context is empty", ErrInput)
	case r.sequencer.tok == nil:
		return nil, r.sequencer.noTok
	}
	s, err := r.sequencer.read(r.sequencer.tok, []string{q.Text, q.Context})
	if err != nil {
		return nil, err
	}
	if r.align {
		if err := r.findWords(s, q.Context); err != nil {
			return nil, err
		}
	}
	return &job{text: q.Context, sequences: s}, nil
}

// findWords finds the words of a context for each of its windows.
func (r *Reader) findWords(windows []sequence, text string) error {
	words, limit := tokenizer.WordIDs(r.sequencer.tok, text), &r.sequencer.limit
	size := func(s *sequence) int { return ofText(s, 1) }
	starts, shift := windowStarts(windows, limit, size), 0
	if limit.Left { // the end of what was cut is the text's
		shift = len(words) - starts[0] - size(&windows[0])
	}
	for w := range windows {
		lo := starts[w] + shift
		hi := lo + size(&windows[w])
		if lo < 0 || hi > len(words) { // an expression of tokenizer.json gave up
			return fmt.Errorf("%w: the tokenizer finds words for %d tokens of the context alone; WithoutAlignment needs none", ErrInput, len(words))
		}
		windows[w].words = words[lo:hi]
	}
	return nil
}
