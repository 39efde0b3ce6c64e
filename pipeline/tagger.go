package pipeline

import (
	"context"
	"iter"
	"slices"

	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// An Entity is a stretch of a text that a Tagger found.
type Entity struct {
	Label string  `json:"label"` // PER; with NoAggregation B-PER
	Score float32 `json:"score"`
	Start int     `json:"start"` // the first of its bytes; of its characters WithCharacters
	End   int     `json:"end"`   // the first after it
	Text  string  `json:"text"`  // what stands there
}

// A Tagging is what a Tagger says of an input.
type Tagging struct {
	Text     string   // what the offsets count in: the text, or the words with a space between them
	Entities []Entity // in the order of the text
	// Words holds the label of the first token of each word of Words; "" for a word
	// without tokens, and for one that was cut off. It is nil for other inputs.
	Words []string
}

// A Tagger finds entities in texts. It is immutable; any number of goroutines may use it
// at once, until its model is closed.
type Tagger struct {
	task        task[Input, [][]float32, Tagging]
	sequencer   *sequencer
	head        roberta.Head
	labels      []string
	aggregation Aggregation
	ignore      []string
	characters  bool
}

// NewTagger makes a Tagger of a model with a head that classifies tokens. Errors are
// ErrHead, ErrHeads, roberta.ErrUnknownHead and ErrOption.
func NewTagger(m *roberta.Model, opts ...Option) (*Tagger, error) {
	o, err := newOptions(tagger, opts)
	if err != nil {
		return nil, err
	}
	t := &Tagger{sequencer: newSequencer(m, o, 0), aggregation: o.aggregation, ignore: o.ignore, characters: o.characters}
	if t.head, err = findHead(m, o.head, roberta.ReadsTokens, nil); err != nil {
		return nil, err
	}
	t.labels = labels(&t.head)
	t.task = task[Input, [][]float32, Tagging]{
		budget:  o.budget,
		prepare: t.prepare,
		compute: func(ctx context.Context, batch []sequence) ([][][]float32, error) {
			return t.sequencer.tokenLogits(ctx, batch, &t.head)
		},
		finish: t.finish,
	}
	return t, nil
}

// Head describes the head that the Tagger reads.
func (t *Tagger) Head() roberta.Head {
	h := t.head
	h.Labels = slices.Clone(h.Labels)
	return h
}

// Tag finds the entities of a text, in its order. See Aggregation for what becomes one.
//
// Numbers and offsets are those of transformers' token-classification pipeline, but for
// two things. An entity begins with no space and holds whole characters, whatever the
// tokenizer counts into a token. And windows (WithWindows) are put together token by
// token, each with the scores of the window in which it has most context, and entities
// are made of all tokens at once. So none is lost where windows meet, and none overlap.
// (transformers makes entities of each window and drops of two that overlap the shorter.)
//
// Errors are *roberta.LengthError for a text that is too long (see WithLimit and
// WithWindows), *tokenizer.LimitError for one that cannot be cut as it should be, those
// of roberta.Model.Tokenizer and PredictTokens, and the context's.
func (t *Tagger) Tag(ctx context.Context, text string) ([]Entity, error) {
	tagging, err := t.task.one(ctx, Text(text))
	return tagging.Entities, err
}

// TagAll is Tag for many inputs, texts or lists of words, computed together. The error
// is an *InputError that names the first input that cannot be answered.
//
// Words are encoded one by one, each as it would be in the middle of a text: a
// tokenizer that tells words after a space from others sees the space. Entities are
// those of the text that the words make with a space between them.
func (t *Tagger) TagAll(ctx context.Context, inputs []Input) ([]Tagging, error) {
	return t.task.all(ctx, inputs)
}

// TagSeq is TagAll for any number of inputs, in bounded memory: it reads as many as make
// a batch (WithBatch), and yields their answers in order. An input that cannot be
// answered gives its error in its place, and costs no other. The error of a context
// that has ended, and roberta.ErrClosed, end the sequence.
func (t *Tagger) TagSeq(ctx context.Context, inputs iter.Seq[Input]) iter.Seq2[Tagging, error] {
	return t.task.each(ctx, inputs)
}

func (t *Tagger) prepare(in Input) (*job, error) {
	if err := in.check(tagger); err != nil {
		return nil, err
	}
	q := t.sequencer
	if q.tok == nil {
		return nil, q.noTok
	}
	j, tok := &job{}, q.tok
	if in.Words == nil {
		j.text = in.Texts[0]
	} else {
		w := tokenizer.NewWords(tok, in.Words)
		j.text, j.words, tok = w.Text, w.Places, w
	}
	var err error
	j.sequences, err = q.read(tok, []string{j.text})
	return j, err
}

func (t *Tagger) finish(j *job, given [][][]float32) (Tagging, error) {
	out := Tagging{Text: j.text}
	tokens := t.tokens(j, given)
	if j.words != nil {
		out.Words = make([]string, len(j.words))
		k := 0
		for i := range tokens {
			for k+1 < len(j.words) && tokens[i].Start >= j.words[k+1][0] {
				k++
			}
			if out.Words[k] == "" {
				out.Words[k] = t.labels[argmax(tokens[i].scores)]
			}
		}
	}
	out.Entities = t.entities(j.text, tokens)
	if t.characters {
		var offsets []*int
		for i := range out.Entities {
			offsets = append(offsets, &out.Entities[i].Start, &out.Entities[i].End)
		}
		countCharacters(j.text, offsets)
	}
	return out, nil
}

// A token is one of a text, with a score for each label.
type token struct {
	tokenizer.Span
	unknown bool
	scores  []float32
}

// tokens lists the tokens of a text, special ones left out, with the softmax of their
// logits, each from the window in which it counts (owners).
func (t *Tagger) tokens(j *job, given [][][]float32) []token {
	unk := t.sequencer.tok.Special().Unk
	lo, of := windowStarts(j.sequences, &t.sequencer.limit, content), owners(j.sequences, &t.sequencer.limit)
	all := make([]token, len(of))
	for w := range j.sequences {
		s, k := &j.sequences[w], lo[w]
		for i, text := range s.Sequence {
			if text < 0 {
				continue
			}
			if of[k] == w {
				all[k] = token{place(j.text, s.Spans[i]), s.IDs[i] == unk, given[w][i]}
			}
			k++
		}
	}
	for i := range all {
		scores := make([]float32, len(t.labels))
		softmax(scores, all[i].scores)
		all[i].scores = scores
	}
	return all
}
