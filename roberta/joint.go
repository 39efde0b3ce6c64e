package roberta

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/goroberta/goroberta/internal/simd"
)

// A JointFill is one answer to all masks of a text together.
type JointFill struct {
	Text    string   // the text with the answers in place
	Score   float64  // the product of the answers' probabilities, exp(LogProb)
	LogProb float64  // the sum of their log-probabilities
	Tokens  []string // the answer to each mask, from left to right
	IDs     [][]int  // their token ids: one each, or those of a target of several
}

// ErrBeam is returned for a beam that is narrower than 1 or wider than the vocabulary.
var ErrBeam = errors.New("roberta: beam width out of range")

// FillJointly fills all masks of an input together, from left to right, and returns the k
// best answers found. An answer's probability is the product of
//
//	p(first | all masks), p(second | first in its place), p(third | first and second), …
//
// each while the masks to the right stay masked. The search is a beam's: after each mask
// it keeps the width likeliest beginnings, and after the last one the k likeliest answers.
// Width 1 is greedy; a wider beam finds likelier answers, and one as wide as the vocabulary
// the likeliest of two masks. Answers come best first; of equal ones that whose beginning
// was the likelier, and then the one with the smaller ids. Every beginning of every input
// is computed in one pass after another, as many as make a large batch.
//
// With targets only these fill masks. A target of n tokens stands in n masks in place of
// one, and its probability is the product of those of its tokens, each given those to its
// left while those to its right are masked. So a word of several tokens and one of a single
// token are answers to different questions, with more and with fewer masks, and a long word
// has the smaller score as a rule. nil allows every token, one a mask.
//
// Texts for a tokenizer of fairseq's may have several masks here. Errors are those of
// FillMask, ErrBeam, *TargetError, and ErrTooLong for an input that targets make too long.
func (m *Model) FillJointly(ctx context.Context, k, width int, targets []Target, masked ...*Masked) ([][]JointFill, error) {
	if err := m.checkFill(k); err != nil {
		return nil, err
	}
	if width < 1 || width > m.cfg.VocabSize {
		return nil, fmt.Errorf("%w: %d, want 1 to %d", ErrBeam, width, m.cfg.VocabSize)
	}
	if err := m.checkTargets(targets); err != nil {
		return nil, err
	}
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	if err := m.checkMasked(masked); err != nil {
		return nil, err
	}
	b := newBeam(m, targets)
	for i, x := range masked {
		if n := x.tokens(m.cfg.PadID) + len(x.Masks)*(b.longest()-1); n > m.cfg.MaxPositions {
			return nil, &LengthError{Sequence: i, Tokens: n, Max: m.cfg.MaxPositions}
		}
	}
	states := make([][]hypothesis, len(masked))
	rounds := 0
	for i, x := range masked {
		states[i] = []hypothesis{{input: x.Input, at: x.Masks}}
		rounds = max(rounds, len(x.Masks))
	}
	for range rounds {
		if err := b.fillNext(ctx, states, k, width); err != nil {
			return nil, err
		}
	}
	out := make([][]JointFill, len(masked))
	for i, x := range masked {
		for _, h := range states[i] {
			f := JointFill{Text: x.text(h.fill), Score: math.Exp(h.logProb), LogProb: h.logProb, IDs: h.fill}
			for _, ids := range h.fill {
				f.Tokens = append(f.Tokens, b.mask.answerText(ids))
			}
			out[i] = append(out[i], f)
		}
	}
	return out, nil
}

// tokens is the number of an input's tokens that take a position.
func (in *Input) tokens(pad int) int {
	n := len(in.Tokens)
	for _, id := range in.Tokens {
		if id == pad && !in.KeepPads {
			n--
		}
	}
	return n
}

// A hypothesis is an input whose first masks are filled.
type hypothesis struct {
	input   Input
	at      []int   // the masks that are left
	fill    [][]int // the answers to those before
	logProb float64 // of the answers
}

// with is the hypothesis with its next mask filled.
func (h *hypothesis) with(c candidate) hypothesis {
	next := hypothesis{input: h.input.replace(h.at[0], c.ids), logProb: c.logProb, fill: append(slices.Clone(h.fill), c.ids)}
	for _, at := range h.at[1:] {
		next.at = append(next.at, at+len(c.ids)-1)
	}
	return next
}

// replace is the input with other tokens in the place of one; they have its type.
func (in Input) replace(at int, ids []int) Input {
	in.Tokens = slices.Replace(slices.Clone(in.Tokens), at, at+1, ids...)
	if in.Types != nil {
		in.Types = slices.Replace(slices.Clone(in.Types), at, at+1, slices.Repeat(in.Types[at:at+1], len(ids))...)
	}
	return in
}

// A candidate is a hypothesis with its next mask filled, before it is known whether it is
// kept.
type candidate struct {
	parent  int
	ids     []int
	logProb float64
}

func (a candidate) compare(b candidate) int {
	return cmp.Or(cmp.Compare(b.logProb, a.logProb), cmp.Compare(a.parent, b.parent), slices.Compare(a.ids, b.ids))
}

// A beam fills masks.
type beam struct {
	m       *Model
	mask    maskToken
	targets []Target // nil: every token
	steps   []step
}

// A step asks for the probability of one token of targets: the one after the prefix, of
// those of length tokens that begin with it.
type step struct {
	length  int
	prefix  []int
	targets []int
}

func newBeam(m *Model, targets []Target) *beam {
	b := &beam{m: m, mask: maskTokenOf(m.tok, m.cfg.PadID), targets: targets}
	if targets == nil {
		b.steps = []step{{length: 1}}
		return b
	}
	b.targets = slices.Clone(targets)
	slices.SortFunc(b.targets, func(x, y Target) int {
		return cmp.Or(cmp.Compare(len(x.IDs), len(y.IDs)), slices.Compare(x.IDs, y.IDs))
	})
	b.targets = slices.CompactFunc(b.targets, func(x, y Target) bool { return slices.Equal(x.IDs, y.IDs) })
	for lo, hi := 0, 0; lo < len(b.targets); lo = hi {
		length := len(b.targets[lo].IDs)
		for hi = lo; hi < len(b.targets) && len(b.targets[hi].IDs) == length; hi++ {
		}
		for i := range length {
			for n := lo; n < hi; n++ {
				prefix := b.targets[n].IDs[:i]
				if n == lo || !slices.Equal(prefix, b.targets[n-1].IDs[:i]) {
					b.steps = append(b.steps, step{length: length, prefix: prefix})
				}
				last := &b.steps[len(b.steps)-1]
				last.targets = append(last.targets, n)
			}
		}
	}
	return b
}

// longest is the most tokens that stand in the place of a mask.
func (b *beam) longest() int {
	if len(b.steps) == 0 {
		return 1
	}
	return b.steps[len(b.steps)-1].length
}

// fillNext fills the next mask of each input that has one.
func (b *beam) fillNext(ctx context.Context, states [][]hypothesis, k, width int) error {
	kept := make([][]candidate, len(states))
	questions := func(yield func(question) bool) {
		for i, hypotheses := range states {
			for parent := range hypotheses {
				h := &hypotheses[parent]
				if len(h.at) == 0 {
					break
				}
				keep := width
				if len(h.at) == 1 {
					keep = k
				}
				sums := make([]float64, len(b.targets))
				for n := range b.steps {
					last := n == len(b.steps)-1
					q := b.question(h, &b.steps[n], func(_ int, logp []float32) {
						simd.LogSoftmax(logp, logp)
						for _, t := range b.steps[n].targets {
							sums[t] += float64(logp[b.targets[t].IDs[len(b.steps[n].prefix)]])
						}
						if last {
							kept[i] = b.add(kept[i], keep, parent, h.logProb, logp, sums)
						}
					})
					if !yield(q) {
						return
					}
				}
			}
		}
	}
	if err := b.m.ask(ctx, questions); err != nil {
		return err
	}
	for i, hypotheses := range states {
		if len(hypotheses) == 0 || len(hypotheses[0].at) == 0 {
			continue
		}
		keep := width
		if len(hypotheses[0].at) == 1 {
			keep = k
		}
		next := make([]hypothesis, 0, keep)
		for _, c := range cutTo(kept[i], keep) {
			next = append(next, hypotheses[c.parent].with(c))
		}
		states[i] = next
	}
	return nil
}

// question asks what a step needs of a hypothesis.
func (b *beam) question(h *hypothesis, s *step, take func(int, []float32)) question {
	in := h.input
	if s.length > 1 {
		ids := append(slices.Clone(s.prefix), slices.Repeat([]int{b.mask.id}, s.length-len(s.prefix))...)
		in = in.replace(h.at[0], ids)
	}
	return question{in, []int{h.at[0] + len(s.prefix)}, take}
}

// add adds what a hypothesis may go on with: targets whose log-probabilities are sums, or
// the best tokens of logp.
func (b *beam) add(all []candidate, keep, parent int, begin float64, logp []float32, sums []float64) []candidate {
	for t, s := range sums {
		all = append(all, candidate{parent, b.targets[t].IDs, begin + s})
	}
	if b.targets == nil {
		for _, id := range best(logp, keep, b.mask.isAnswer) {
			all = append(all, candidate{parent, []int{id}, begin + float64(logp[id])})
		}
	}
	if len(all) >= 2*keep+1024 { // what may still be kept is bounded
		all = cutTo(all, keep)
	}
	return all
}

// cutTo sorts candidates and keeps the best.
func cutTo(all []candidate, keep int) []candidate {
	slices.SortFunc(all, candidate.compare)
	return all[:min(keep, len(all))]
}
