package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/goroberta/goroberta/roberta"
)

// predictCmd is `roberta predict`.
type predictCmd struct {
	textFlags
	limitFlags
	Head   string   `placeholder:"NAME" help:"The classification head. Default: the only one, if the model has one."`
	Logits bool     `help:"Write logits in place of log-probabilities."`
	Texts  []string `arg:"" optional:"" name:"text" help:"The text, verbatim; several make one input."`
}

// inputForm shows the lines that take texts or tokens.
const inputForm = `{"text":…}, {"text":…,"pair":…}, {"texts":[…]} or {"tokens":[…]}`

// Help is shown by kong below the summary.
func (predictCmd) Help() string {
	return `Writes {"head":"mnli","log_probs":[…],"argmax":0,"label":"contradiction"}, "logits" in place of "log_probs" with --logits, ` +
		`"label" where the classes have names, and "probs" too where several classes can hold at once. ` +
		`A head for tokens gives a row for each token, null for pads; one that answers questions "start_log_probs" and "end_log_probs", or "start_logits" and "end_logits". ` +
		`Lines of --input are ` + inputForm + `.`
}

// A predictLine is what a head says of a sequence.
type predictLine struct {
	Head     string    `json:"head"`
	LogProbs []float32 `json:"log_probs,omitempty"`
	Probs    []float32 `json:"probs,omitempty"`
	Logits   []float32 `json:"logits,omitempty"`
	Argmax   int       `json:"argmax"`
	Label    *string   `json:"label,omitempty"`
}

// A tokenRowsLine is what a head says of each token; null for pads.
type tokenRowsLine struct {
	Head     string      `json:"head"`
	LogProbs [][]float32 `json:"log_probs,omitempty"`
	Probs    [][]float32 `json:"probs,omitempty"`
	Logits   [][]float32 `json:"logits,omitempty"`
}

// A spansLine is how likely the answer starts, and ends, at each token; null for pads.
type spansLine struct {
	Head          string     `json:"head"`
	StartLogProbs []*float32 `json:"start_log_probs,omitempty"`
	EndLogProbs   []*float32 `json:"end_log_probs,omitempty"`
	StartLogits   []*float32 `json:"start_logits,omitempty"`
	EndLogits     []*float32 `json:"end_logits,omitempty"`
}

// Run is called by kong.
func (c *predictCmd) Run(ctx context.Context, s *session) error {
	return answerTexts(ctx, s, &c.textFlags, nil, textRequest(c.Texts), inputForm, func(m *roberta.Model, _ *spool) (t task[roberta.Input, [][]float32], err error) {
		head, err := c.head(m)
		if err != nil {
			return t, err
		}
		if err := c.check(&head); err != nil {
			return t, err
		}
		if head.Function == roberta.Sigmoid && !c.Logits {
			s.log.Warn("the head scores each class by itself (problem_type multi_label_classification, or one class): log_probs are of one class each, and argmax is only the likeliest", "head", head.Name)
		}
		prepare, err := encode(m, &c.limitFlags)
		if err != nil {
			return t, err
		}
		return task[roberta.Input, [][]float32]{
			prepare: prepare,
			run: func(ctx context.Context, inputs []roberta.Input) ([][][]float32, error) {
				return logits(ctx, m, head.Name, inputs)
			},
			result: func(_ int, _ roberta.Input, logits [][]float32) (any, error) {
				switch head.Reads {
				case roberta.ReadsTokens:
					return c.tokens(&head, logits)
				case roberta.ReadsSpans:
					return c.spans(&head, logits)
				}
				return c.class(&head, logits[0])
			},
			budget: tokenBudget,
		}, nil
	})
}

// check refuses to give probabilities of a head that has none.
func (c *predictCmd) check(head *roberta.Head) error {
	switch {
	case c.Logits:
	case head.Reads == roberta.ReadsChoices:
		return fmt.Errorf("head %q compares the choices of a prompt and has no probabilities for one of them: use --logits, which gives a logit for each pair", head.Name)
	case head.Function == roberta.Identity:
		return fmt.Errorf("head %q is a regression: its logits are the values, without probabilities; use --logits", head.Name)
	}
	return nil
}

// logits are a head's logits for each input: one row, or one for each token.
func logits(ctx context.Context, m *roberta.Model, head string, inputs []roberta.Input) ([][][]float32, error) {
	res, err := m.Compute(ctx, roberta.Request{Inputs: inputs, Head: head})
	if err != nil {
		return nil, err
	}
	all := make([][][]float32, len(inputs))
	for i := range all {
		if res.HeadLogits != nil {
			all[i] = [][]float32{res.HeadLogits.Row(i)}
			continue
		}
		for t := range res.HeadTokenLogits.Len(i) {
			all[i] = append(all[i], res.HeadTokenLogits.Row(i, t))
		}
	}
	return all, nil
}

// class is the line of a head that reads the first token.
func (c *predictCmd) class(head *roberta.Head, logits []float32) (any, error) {
	line := predictLine{Head: head.Name, Argmax: argmax(logits)}
	if line.Argmax < len(head.Labels) {
		line.Label = &head.Labels[line.Argmax]
	}
	if c.Logits {
		line.Logits = logits
		return line, finite("logits", logits...)
	}
	var err error
	line.LogProbs, line.Probs, err = probabilities(head, logits)
	return line, err
}

// tokens is the line of a head that reads each token.
func (c *predictCmd) tokens(head *roberta.Head, logits [][]float32) (any, error) {
	line := tokenRowsLine{Head: head.Name}
	for t, row := range logits {
		if c.Logits {
			line.Logits = append(line.Logits, row)
			if err := finite(fmt.Sprintf("logits[%d]", t), row...); err != nil {
				return nil, err
			}
			continue
		}
		logProbs, probs, err := probabilities(head, row)
		if err != nil {
			return nil, err
		}
		line.LogProbs = append(line.LogProbs, logProbs)
		if head.Function == roberta.Sigmoid {
			line.Probs = append(line.Probs, probs)
		}
	}
	return line, nil
}

// probabilities are the logarithms of the probabilities of classes, and for classes
// that do not exclude each other the probabilities as well. A pad has none.
func probabilities(head *roberta.Head, logits []float32) (logProbs, probs []float32, err error) {
	if logits == nil {
		return nil, nil, nil
	}
	logProbs = make([]float32, len(logits))
	if err := head.Function.LogProbs(logProbs, logits); err != nil {
		return nil, nil, err
	}
	if head.Function == roberta.Sigmoid {
		for _, v := range logProbs {
			probs = append(probs, float32(math.Exp(float64(v))))
		}
	}
	return logProbs, probs, finite("log_probs", logProbs...)
}

// spans is the line of a head that reads spans. The tokens are each other's
// alternatives.
func (c *predictCmd) spans(head *roberta.Head, logits [][]float32) (any, error) {
	start, err := c.places(logits, 0)
	if err != nil {
		return nil, err
	}
	end, err := c.places(logits, 1)
	if err != nil {
		return nil, err
	}
	if c.Logits {
		return spansLine{Head: head.Name, StartLogits: start, EndLogits: end}, nil
	}
	return spansLine{Head: head.Name, StartLogProbs: start, EndLogProbs: end}, nil
}

// places is a column of logits, or its log-softmax over the tokens.
func (c *predictCmd) places(logits [][]float32, column int) ([]*float32, error) {
	var values []float32
	for _, row := range logits {
		if row != nil {
			values = append(values, row[column])
		}
	}
	name := []string{"start", "end"}[column] + "_logits"
	if !c.Logits {
		if err := roberta.Softmax.LogProbs(values, values); err != nil {
			return nil, err
		}
		name = []string{"start", "end"}[column] + "_log_probs"
	}
	places, next := make([]*float32, len(logits)), 0
	for t, row := range logits {
		if row != nil {
			places[t] = &values[next]
			next++
		}
	}
	return places, finite(name, values...)
}

// head is the classification head that the flags name.
func (c *predictCmd) head(m *roberta.Model) (roberta.Head, error) {
	if c.Head != "" {
		return m.Head(c.Head)
	}
	heads := m.Heads()
	switch len(heads) {
	case 0:
		return roberta.Head{}, errors.New("the model has no classification head")
	case 1:
		return heads[0], nil
	}
	const most = 20
	var names []string
	for _, h := range heads[:min(most, len(heads))] {
		names = append(names, h.Name)
	}
	if n := len(heads) - most; n > 0 {
		names = append(names, fmt.Sprintf("and %d more", n))
	}
	return roberta.Head{}, usagef("--head is needed: the model has %s", strings.Join(names, ", "))
}
