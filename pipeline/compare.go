package pipeline

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/goroberta/goroberta/roberta"
)

// Compare measures how far another model's results are from a reference's, on texts,
// pairs or tokens: as a rule the same checkpoint opened twice, the other time with
// roberta.WithPrecision. The figures are those of Comparison. What the model has no head
// for is left out.
//
// It reads as many inputs at a time as make a batch (WithBatch, here 1024 tokens by
// default), so its memory does not grow with their number. An input is computed about
// three times by each model: for hidden states and a head, for vectors, and once for each
// token that is masked (WithMasks); a further head costs another pass.
//
// Options are WithHead for one head alone, WithLimit, WithBatch and WithMasks. Errors are
// those of NewComparer, and an *InputError as Comparer.Add has it, with the input's index
// among all.
func Compare(ctx context.Context, reference, other *roberta.Model, inputs iter.Seq[Input], opts ...Option) (*Comparison, error) {
	c, err := NewComparer(reference, other, opts...)
	if err != nil {
		return nil, err
	}
	var waiting []Input
	add := func() error {
		before := c.sums.texts
		err := c.Add(ctx, waiting...)
		if e, ok := errors.AsType[*InputError](err); ok {
			e.Index += before
		}
		waiting = waiting[:0]
		return err
	}
	for in := range inputs {
		if waiting = append(waiting, in); len(waiting) == comparedAtATime {
			if err := add(); err != nil {
				return nil, err
			}
		}
	}
	if err := add(); err != nil {
		return nil, err
	}
	return c.Comparison(), nil
}

const (
	comparedAtATime = 64   // inputs that Compare reads ahead
	comparedTokens  = 1024 // in a batch: the hidden states of all layers are held, 100 MB of each large model
	fewestTimings   = 5    // of which the median is taken
)

// A Comparer is Compare for inputs that come piece by piece. Only one goroutine at a time
// may use it. The models may be used beside it, which disturbs its timing alone.
type Comparer struct {
	reference, other *roberta.Model
	sequencer        *sequencer // of inputs as heads read them
	embedder         *Embedder  // of the reference
	scorer           *Scorer    // nil: no masks are filled
	heads            []roberta.Head
	budget, masks    int
	notes            []string
	sums             sums
}

// NewComparer makes a Comparer of two models with the same sizes and heads. Both read the
// reference's tokens, and vectors are what the reference's files say; where they describe
// none, means of the last hidden states. Errors are ErrModels, ErrOption, and
// roberta.ErrUnknownHead for a head that WithHead names.
func NewComparer(reference, other *roberta.Model, opts ...Option) (*Comparer, error) {
	o, err := newOptions(comparer, opts)
	if err != nil {
		return nil, err
	}
	a, b := reference.Config(), other.Config()
	if a.Layers != b.Layers || a.Dim != b.Dim || a.VocabSize != b.VocabSize || a.MaxPositions != b.MaxPositions || a.TokenTypes != b.TokenTypes {
		return nil, fmt.Errorf("%w: one has %d layers of %d values, a vocabulary of %d, %d positions and %d types, the other %d, %d, %d, %d and %d", ErrModels,
			a.Layers, a.Dim, a.VocabSize, a.MaxPositions, a.TokenTypes, b.Layers, b.Dim, b.VocabSize, b.MaxPositions, b.TokenTypes)
	}
	c := &Comparer{reference: reference, other: other, sequencer: newSequencer(reference, o, 0), budget: o.budget, masks: o.masks}
	if c.heads, err = comparedHeads(reference, other, o.head); err != nil {
		return nil, err
	}
	limit := WithLimit(o.limit)
	if c.embedder, err = NewEmbedder(reference, limit); err != nil {
		c.notes = append(c.notes, fmt.Sprintf("vectors are means of hidden states: %v", err))
		if c.embedder, err = NewEmbedder(reference, limit, WithPooling(Mean)); err != nil {
			return nil, err
		}
	}
	if reference.HasLMHead() && !other.HasLMHead() {
		c.notes = append(c.notes, "no tokens are masked: the other model has no language-model head")
	} else if reference.HasLMHead() {
		if mask := c.mask(); mask < 0 {
			c.notes = append(c.notes, "no tokens are masked: the model has no vocabulary with a mask")
		} else {
			c.scorer = &Scorer{sequencer: c.sequencer}
		}
	}
	c.sums = newSums(a.Layers, c.heads)
	return c, nil
}

// comparedHeads are the heads of that name, or for "" all that the reference has.
func comparedHeads(reference, other *roberta.Model, name string) ([]roberta.Head, error) {
	heads := reference.Heads()
	if name != "" {
		h, err := reference.Head(name)
		if err != nil {
			return nil, err
		}
		heads = []roberta.Head{h}
	}
	for _, h := range heads {
		if is, err := other.Head(h.Name); err != nil || is.Reads != h.Reads || is.Classes != h.Classes || is.Function != h.Function {
			return nil, fmt.Errorf("%w: the other one has no head %.100q of %d classes that reads and decides as the reference's", ErrModels, h.Name, h.Classes)
		}
	}
	return heads, nil
}

// mask is the id of the mask; −1 for none.
func (c *Comparer) mask() int {
	if c.sequencer.tok == nil {
		return -1
	}
	mask := c.sequencer.tok.Special().Mask
	if mask == c.reference.Config().PadID {
		return -1
	}
	return mask
}

// A compared input is one that is ready to be compared.
type compared struct {
	sequence             // as heads read it
	vectors   []sequence // of each of its texts, as the Embedder reads them
	embedding []*job
}

// tokens is the number of tokens of one pass.
func (in *compared) tokens() int { return len(in.IDs) }

// Add compares inputs. They count together or not at all: after an error the Comparer is
// as it was before. Errors are an *InputError, which names the input, around those of
// Embedder.EmbedAll; roberta.ErrClosed; and the context's.
func (c *Comparer) Add(ctx context.Context, inputs ...Input) error {
	s := c.sums.clone()
	batch, tokens := make([]*compared, 0, len(inputs)), 0
	for i := range inputs {
		in, err := c.prepare(&inputs[i], s.texts+len(batch))
		if err != nil {
			return &InputError{i, err}
		}
		if len(batch) > 0 && tokens+in.tokens() > c.budget {
			if err := c.compare(ctx, &s, batch); err != nil {
				return c.locate(ctx, err, i-len(batch), batch)
			}
			batch, tokens = batch[:0], 0
		}
		batch, tokens = append(batch, in), tokens+in.tokens()
	}
	if len(batch) > 0 {
		if err := c.compare(ctx, &s, batch); err != nil {
			return c.locate(ctx, err, len(inputs)-len(batch), batch)
		}
	}
	c.sums = s
	return nil
}

// locate finds out which input of a batch an error is about, by computing each alone.
func (c *Comparer) locate(ctx context.Context, err error, first int, batch []*compared) error {
	if final(ctx, err) {
		return err
	}
	for i, in := range batch {
		s := c.sums.clone()
		if alone := c.compare(ctx, &s, []*compared{in}); alone != nil {
			if final(ctx, alone) {
				return alone
			}
			return &InputError{first + i, alone}
		}
	}
	return err
}

// prepare makes an input ready. index is its number among all, which decides which of its
// tokens are masked.
func (c *Comparer) prepare(in *Input, index int) (*compared, error) {
	if err := in.check(comparer); err != nil {
		return nil, err
	}
	sequences, err := c.sequencer.input(*in)
	if err != nil {
		return nil, err
	}
	ready := &compared{sequence: sequences[0]}
	alone := []Input{*in}
	if in.Tokens == nil {
		alone = alone[:0]
		for _, text := range in.Texts {
			alone = append(alone, Text(text))
		}
	}
	for _, one := range alone {
		j, err := c.embedder.prepare(one)
		if err != nil {
			return nil, err
		}
		ready.embedding, ready.vectors = append(ready.embedding, j), append(ready.vectors, j.sequences...)
	}
	if c.scorer == nil {
		return ready, nil
	}
	if in.Tokens != nil {
		c.scorer.hideTokens(&ready.sequence)
	} else if err := c.scorer.hide(&ready.sequence, in.Texts); err != nil {
		return nil, err
	}
	mask := c.mask()
	all := slices.DeleteFunc(ready.clozes, func(cl roberta.Cloze) bool { return ready.IDs[cl.At] == mask })
	rng := rand.New(rand.NewPCG(1, uint64(index)))
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	ready.clozes = all[:min(c.masks, len(all))]
	return ready, nil
}

// compare compares the results of a batch.
func (c *Comparer) compare(ctx context.Context, s *sums, batch []*compared) error {
	sequences := make([]sequence, len(batch))
	for i, in := range batch {
		sequences[i] = in.sequence
	}
	s.texts += len(batch)
	if err := c.compareStates(ctx, s, sequences); err != nil {
		return err
	}
	if err := c.compareVectors(ctx, s, batch); err != nil {
		return err
	}
	if c.scorer == nil {
		return nil
	}
	return c.compareMasked(ctx, s, sequences)
}

// both asks both models the same, the other one first if swap.
func (c *Comparer) both(ctx context.Context, sequences []sequence, q roberta.Request, swap bool) (results [2]*roberta.Result, times [2]time.Duration, err error) {
	for i := range sequences {
		q.Inputs = append(q.Inputs, c.sequencer.modelInput(&sequences[i]))
	}
	models := [2]*roberta.Model{c.reference, c.other}
	for n := range models {
		if swap {
			n = 1 - n
		}
		start := time.Now()
		if results[n], err = models[n].Compute(ctx, q); err != nil {
			return results, times, err
		}
		times[n] = time.Since(start)
	}
	return results, times, nil
}

// compareStates compares hidden states and heads.
func (c *Comparer) compareStates(ctx context.Context, s *sums, sequences []sequence) error {
	q := roberta.Request{Want: roberta.WantFeatures | roberta.WantHiddens}
	for k := 0; k == 0 || k < len(c.heads); k++ {
		if len(c.heads) > 0 {
			q.Head = c.heads[k].Name
		}
		r, _, err := c.both(ctx, sequences, q, false)
		if err != nil {
			return err
		}
		if k == 0 {
			s.addStates(sequences, r[0], r[1])
		}
		if len(c.heads) > 0 {
			if err := s.heads[k].add(sequences, r[0], r[1]); err != nil {
				return err
			}
		}
		q.Want = 0
	}
	return nil
}

// compareVectors compares the vectors of single texts, and the time that the models take
// for them.
func (c *Comparer) compareVectors(ctx context.Context, s *sums, batch []*compared) error {
	var sequences []sequence
	for _, in := range batch {
		sequences = append(sequences, in.vectors...)
	}
	q := roberta.Request{Want: c.embedder.want()}
	var r [2]*roberta.Result
	for more := true; more; more = len(s.speedups) < fewestTimings {
		var times [2]time.Duration
		var err error
		if r, times, err = c.both(ctx, sequences, q, len(s.speedups)%2 == 1); err != nil {
			return err
		}
		if times[0] <= 0 || times[1] <= 0 { // a coarse clock
			break
		}
		s.speedups = append(s.speedups, times[0].Seconds()/times[1].Seconds())
	}
	pools := [2][]*pool{c.embedder.pools(sequences, r[0]), c.embedder.pools(sequences, r[1])}
	for _, in := range batch {
		var vectors [][2][]float32
		for _, j := range in.embedding {
			var v [2][]float32
			for n := range v {
				var err error
				if v[n], err = c.embedder.finish(j, pools[n][:len(j.sequences)]); err != nil {
					return err
				}
				pools[n] = pools[n][len(j.sequences):]
			}
			vectors = append(vectors, v)
		}
		s.addVectors(vectors)
	}
	return nil
}

// compareMasked compares what the models say of masked tokens.
func (c *Comparer) compareMasked(ctx context.Context, s *sums, sequences []sequence) error {
	inputs, clozes := make([]roberta.Input, len(sequences)), make([][]roberta.Cloze, len(sequences))
	for i := range sequences {
		inputs[i], clozes[i] = c.sequencer.modelInput(&sequences[i]), sequences[i].clozes
	}
	a, err := c.reference.ClozePredictions(ctx, inputs, clozes)
	if err != nil {
		return err
	}
	b, err := c.other.ClozePredictions(ctx, inputs, clozes)
	if err != nil {
		return err
	}
	for i := range a {
		for n := range a[i] {
			s.masked.add(a[i][n], b[i][n])
		}
	}
	return nil
}

// Comparison is the figures of all inputs so far. It does not change with further ones.
func (c *Comparer) Comparison() *Comparison {
	r := c.sums.comparison(c.scorer != nil)
	r.Precision, r.Notes = c.other.Precision(), slices.Clone(c.notes)
	return r
}
