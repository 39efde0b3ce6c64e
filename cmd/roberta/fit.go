package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/goroberta/goroberta/metrics"
	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/train"
)

// fitCmd is `roberta fit`.
type fitCmd struct {
	modelFlags
	plainFlag
	limitFlags
	Input        string  `required:"" placeholder:"FILE" help:"The examples (- is standard input), one JSON object a line."`
	Head         string  `required:"" placeholder:"NAME" help:"The name of the head, which replaces any of that name."`
	C            float64 `name:"c" default:"1" placeholder:"C" help:"How much the examples count against the penalty ½‖W‖², as in scikit-learn. Default: 1. inf is no penalty."`
	Inner        int     `default:"0" placeholder:"N" help:"0: a linear head (default)."`
	NoIntercept  bool    `help:"Fit no bias."`
	Standardize  bool    `help:"Subtract each feature's mean over the examples and divide by its deviation first. The saved head reads features as they are."`
	ClassWeights string  `enum:"none,balanced" default:"none" placeholder:"HOW" help:"balanced: each class counts as much as any other, however many examples it has. Default: none."`
	Worst        int     `default:"10" placeholder:"N" help:"How many of the examples to list that the head is worst at. Default: 10."`
	Out          string  `arg:"" name:"out" help:"The safetensors file to write: the model with its heads. It appears when it is complete."`
}

const fitForm = `{"text":…,"label":…} or {"text":…,"pair":…,"label":…}`

// Help is shown by kong below the summary.
func (fitCmd) Help() string {
	return `Fits a head on the hidden states of the model, which stays as it is, and writes the model with the head to OUT. Writes {"loss":…,"accuracy":…} and more: ` +
		`"loss" is what was minimised, C·Σ −log p + ½‖W‖², and all else is of the examples of --input. Lines of --input are ` + fitForm + `.`
}

// Validate is called by kong.
func (c *fitCmd) Validate() error {
	switch {
	case !(c.C > 0):
		return usagef("--c %v: want more than 0", c.C)
	case c.Inner != 0:
		return usagef("--inner %d: want 0", c.Inner)
	case c.Worst < 0:
		return usagef("--worst %d: want at least 0", c.Worst)
	case c.Out == "-":
		return usagef("OUT is standard output, where the result goes: give a file")
	}
	return c.noWindows()
}

// A fitLine is what fit writes.
type fitLine struct {
	Head  string  `json:"head"`
	Loss  float64 `json:"loss"`
	Steps int     `json:"steps"`
	reportLine
	Notes []string `json:"notes,omitempty"`
}

// A reportLine is how good a head is at some examples.
type reportLine struct {
	N         int                `json:"n"`
	Accuracy  float64            `json:"accuracy"`
	MacroF1   float64            `json:"macro_f1"`
	LogLoss   float64            `json:"log_loss"`
	Confusion *metrics.Confusion `json:"confusion"`
	Worst     []verdictLine      `json:"worst"`
}

type verdictLine struct {
	Line        int     `json:"line"` // from 1
	Text        string  `json:"text"`
	Pair        *string `json:"pair,omitempty"`
	Label       string  `json:"label"`
	Predicted   string  `json:"predicted"`
	Probability float64 `json:"probability"` // of the label
}

// Run is called by kong.
func (c *fitCmd) Run(ctx context.Context, s *session) error {
	if err := s.fetch(ctx, &c.Model); err != nil {
		return err
	}
	in, err := (&inputFlags{Input: c.Input}).open(s, nil, fitForm)
	if err != nil {
		return err
	}
	defer in.close()
	if err := checkOutput(c.Out, in, c.Model); err != nil {
		return err
	}
	if err := checkEnding(c.Out, []string{".safetensors"}); err != nil {
		return err
	}
	examples, lines, err := readExamples(ctx, in)
	if err != nil {
		return err
	}
	m, err := c.modelFlags.open(ctx, s, c.plainFlag.options()...)
	if err != nil {
		return err
	}
	defer m.Close()
	opts, err := c.options(m, s)
	if err != nil {
		return err
	}
	fit, err := train.Classifier(ctx, m, c.Head, examples, opts...)
	if e, ok := errors.AsType[*train.ExampleError](err); ok {
		err = fmt.Errorf("%s: %w", in.name, lineError{lines[e.Index], e.Err})
	}
	if err != nil {
		return stopped(err, "before the head was fitted")
	}
	if err := m.Save(ctx, c.Out); err != nil {
		return stopped(err, "before %s was complete", c.Out)
	}
	return s.out.write(nil, fitLine{c.Head, fit.Loss, fit.Steps, newReportLine(fit.Train, examples, lines), fit.Notes})
}

// options are what the flags mean for package train.
func (c *fitCmd) options(m *roberta.Model, s *session) ([]train.Option, error) {
	limit, err := c.limit(m.TokenizerInfo(), m.Config().MaxPositions)
	if err != nil {
		return nil, err
	}
	opts := []train.Option{train.WithC(c.C), train.WithLimit(limit), train.WithThreads(s.threads()), train.WithWorst(c.Worst)}
	if c.NoIntercept {
		opts = append(opts, train.WithoutIntercept())
	}
	if c.Standardize {
		opts = append(opts, train.WithStandardize())
	}
	if c.ClassWeights == "balanced" {
		opts = append(opts, train.WithBalancedClasses())
	}
	return opts, nil
}

// readExamples reads all examples, and the line that each stands on. Blank lines are
// left out.
func readExamples(ctx context.Context, in *input) (examples []train.Example, lines []int, err error) {
	for {
		it, err := in.next(ctx, true)
		switch {
		case err == io.EOF:
			if len(examples) == 0 {
				return nil, nil, fmt.Errorf("%s holds no examples; want lines %s", in.name, in.form)
			}
			return examples, lines, nil
		case err != nil:
			return nil, nil, err
		case it.err == errBlank:
			continue
		}
		err = it.err
		var label string
		if err == nil {
			label, err = it.labelText()
		}
		if err == nil && it.texts == nil {
			err = fmt.Errorf("want %s", in.form)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", in.name, it.locate(err))
		}
		examples, lines = append(examples, train.Example{Texts: it.texts, Label: label}), append(lines, it.line)
	}
}

// labelText is the request's label as a text: a number is what it is written as.
func (r *request) labelText() (string, error) {
	if r.label == nil {
		return "", errors.New(`"label" is missing`)
	}
	if r.label[0] != '"' {
		return string(r.label), nil
	}
	var text string
	if err := json.Unmarshal(r.label, &text); err != nil {
		return "", describeJSON(err)
	}
	if text == "" {
		return "", errors.New(`"label" is empty`)
	}
	return text, nil
}

func newReportLine(r *train.Report, examples []train.Example, lines []int) reportLine {
	out := reportLine{N: r.Examples, Accuracy: r.Accuracy, MacroF1: r.MacroF1, LogLoss: r.LogLoss, Confusion: r.Confusion, Worst: []verdictLine{}}
	for _, w := range r.Worst {
		e := examples[w.Example]
		line := verdictLine{Line: lines[w.Example], Text: e.Texts[0], Label: w.Label, Predicted: w.Predicted, Probability: w.Probability}
		if len(e.Texts) > 1 {
			line.Pair = &e.Texts[1]
		}
		out.Worst = append(out.Worst, line)
	}
	return out
}
