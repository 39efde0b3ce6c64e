package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/train"
)

// fitCmd is `roberta fit`.
type fitCmd struct {
	modelFlags
	plainFlag
	limitFlags
	exampleFlags
	Head         string   `required:"" placeholder:"NAME" help:"The name of the head, which replaces any of that name."`
	C            *float64 `name:"c" placeholder:"C" help:"How much the examples count against the penalty ½‖W‖² of a linear head, as in scikit-learn. Default: 1. inf is no penalty."`
	Inner        int      `default:"0" placeholder:"N" help:"Fit a head of two layers with N values between them, dense, tanh and out_proj as fairseq's, by AdamW. A tenth of the examples is held out to tell when to stop. Default: 0, a linear head, which has one best solution and needs no luck."`
	Epochs       *int     `placeholder:"N" help:"With --inner, how often each example is seen at most. Default: 100."`
	LearningRate *float64 `placeholder:"R" help:"With --inner, AdamW's learning rate. Default: 0.001."`
	NoIntercept  bool     `help:"Fit no bias."`
	Standardize  bool     `help:"Subtract each feature's mean over the examples and divide by its deviation first. The saved head reads features as they are."`
	ClassWeights string   `enum:"none,balanced" default:"none" placeholder:"HOW" help:"balanced: each class counts as much as any other, however many examples it has. Default: none."`
	FirstTokens  bool     `help:"Of words, fit the first token alone. Default: all of a word's tokens."`
	HeldOut      *float64 `placeholder:"SHARE" help:"Hold out a share of the examples, 0.2 say, and write under \"held_out\" how good the head is at them. Default: 0, and 0.1 with --inner."`
	Test         string   `placeholder:"FILE" help:"Write under \"test\" how good the head is at the examples of another file."`
	Seed         uint64   `default:"0" placeholder:"N" help:"What is drawn at random. Equal seeds give equal heads. Default: 0."`
	Worst        int      `default:"10" placeholder:"N" help:"How many of the examples to list that the head is worst at. Default: 10."`
	Out          string   `arg:"" name:"out" help:"The safetensors file to write: the model with its heads. It appears when it is complete."`
}

const fitForm = `{"text":…,"label":…}, {"text":…,"pair":…,"label":…} or {"words":[…],"labels":[…]}`

// Help is shown by kong below the summary.
func (fitCmd) Help() string {
	return `Fits a head on the hidden states of the model, which stays as it is, and writes the model with the head to OUT. Writes {"loss":…,"accuracy":…} and more: ` +
		`"loss" is what was minimised, of a linear head C·Σ −log p + ½‖W‖², with --inner the mean of −log p; all else is of the examples of --input that were not held out. Lines of --input are ` + fitForm + `; words make a head for tag.`
}

const oneLabel = `"labels" of a text: a head is fitted on one "label" for each text`

// Validate is called by kong.
func (c *fitCmd) Validate() error {
	switch {
	case c.Input == "":
		return usagef("--input is needed: the file with the examples")
	case c.C != nil && !(*c.C > 0):
		return usagef("--c %v: want more than 0", *c.C)
	case c.Inner < 0 || c.Inner > 1<<20:
		return usagef("--inner %d: want 0 to %d", c.Inner, 1<<20)
	case c.Inner > 0 && (c.C != nil || c.NoIntercept):
		return usagef("--c and --no-intercept are for linear heads, without --inner")
	case c.Inner == 0 && (c.Epochs != nil || c.LearningRate != nil):
		return usagef("--epochs and --learning-rate are for heads of two layers, with --inner")
	case c.Epochs != nil && *c.Epochs < 1:
		return usagef("--epochs %d: want at least 1", *c.Epochs)
	case c.LearningRate != nil && !(*c.LearningRate > 0 && *c.LearningRate <= 1):
		return usagef("--learning-rate %v: want more than 0 and at most 1", *c.LearningRate)
	case c.Worst < 0:
		return usagef("--worst %d: want at least 0", c.Worst)
	case c.HeldOut != nil && !(*c.HeldOut >= 0 && *c.HeldOut < 1):
		return usagef("--held-out %v: want 0 or more, and less than 1", *c.HeldOut)
	case c.Out == "-":
		return usagef("OUT is standard output, where the result goes: give a file")
	case c.Test == "-":
		return usagef("--test reads a file, not standard input")
	}
	return c.noWindows()
}

// A fitLine is what fit writes.
type fitLine struct {
	Head  string  `json:"head"`
	Loss  float64 `json:"loss"`
	Steps int     `json:"steps"`
	reportLine
	HeldOut *reportLine `json:"held_out,omitempty"`
	Test    *reportLine `json:"test,omitempty"`
	Notes   []string    `json:"notes,omitempty"`
}

// Run is called by kong.
func (c *fitCmd) Run(ctx context.Context, s *session) error {
	if err := s.fetch(ctx, &c.Model); err != nil {
		return err
	}
	if err := checkEnding(c.Out, []string{".safetensors"}); err != nil {
		return err
	}
	x, err := c.read(ctx, s, c.Input, c.Out)
	if err != nil {
		return err
	}
	if err := x.oneLabel(oneLabel); err != nil {
		return err
	}
	var test *examples
	if c.Test != "" {
		if test, err = c.read(ctx, s, c.Test, c.Out); err != nil {
			return err
		}
		if err := test.oneLabel(oneLabel); err != nil {
			return err
		}
		if (test.sentences == nil) != (x.sentences == nil) {
			return fmt.Errorf("one of %s and %s has texts with a label, the other words with labels", x.name, test.name)
		}
	}
	if err := checkOutput(c.Out, nil, c.Model); err != nil {
		return err
	}
	m, err := c.modelFlags.open(ctx, s, c.plainFlag.options()...)
	if err != nil {
		return err
	}
	defer m.Close()
	line, err := c.fit(ctx, m, s, x, test)
	if err != nil {
		return stopped(err, "before the head was fitted")
	}
	if err := m.Save(ctx, c.Out); err != nil {
		return stopped(err, "before %s was complete", c.Out)
	}
	return s.out.write(nil, line)
}

// fit fits the head, and sets it in the model.
func (c *fitCmd) fit(ctx context.Context, m *roberta.Model, s *session, x, test *examples) (*fitLine, error) {
	opts, err := c.options(m, s)
	if err != nil {
		return nil, err
	}
	var fit *train.Fit
	if x.sentences != nil {
		fit, err = train.Tagger(ctx, m, c.Head, x.sentences, opts...)
	} else {
		fit, err = train.Classifier(ctx, m, c.Head, x.texts, opts...)
	}
	if err != nil {
		return nil, x.locate(err)
	}
	line := &fitLine{Head: c.Head, Loss: fit.Loss, Steps: fit.Steps, reportLine: *x.line(fit.Train), Notes: fit.Notes}
	if fit.HeldOut != nil {
		line.HeldOut = x.line(fit.HeldOut)
	}
	if test != nil {
		r, err := test.test(ctx, m, c.Head, opts)
		if err != nil {
			return nil, err
		}
		line.Test = test.line(r)
	}
	return line, nil
}

// test reports on a head of the model.
func (x *examples) test(ctx context.Context, m *roberta.Model, head string, opts []train.Option) (r *train.Report, err error) {
	if x.sentences != nil {
		r, err = train.TestTagger(ctx, m, head, x.sentences, opts...)
	} else {
		r, err = train.TestClassifier(ctx, m, head, x.texts, opts...)
	}
	return r, x.locate(err)
}

// locate completes an error with the file and the line that it is about.
func (x *examples) locate(err error) error {
	if e, ok := errors.AsType[*train.ExampleError](err); ok {
		return fmt.Errorf("%s: %w", x.name, lineError{x.lines[e.Index], e.Err})
	}
	return err
}

// training shows how far a head is.
func (s *session) training() train.Option {
	return train.WithProgress(func(p train.Progress) {
		s.progress.show(func() string {
			text := fmt.Sprintf("%s of %s examples", count(p.Computed), count(p.Examples))
			if p.Steps > 0 {
				text += fmt.Sprintf(", %d steps", p.Steps)
			}
			return text
		})
	})
}

// options are what the flags mean for package train.
func (c *fitCmd) options(m *roberta.Model, s *session) ([]train.Option, error) {
	limit, err := c.limit(m.TokenizerInfo(), m.Config().MaxPositions)
	if err != nil {
		return nil, err
	}
	opts := []train.Option{train.WithLimit(limit), train.WithThreads(s.threads()), train.WithWorst(c.Worst), train.WithSeed(c.Seed),
		train.WithInner(c.Inner), s.training()}
	if c.C != nil {
		opts = append(opts, train.WithC(*c.C))
	}
	if c.Epochs != nil {
		opts = append(opts, train.WithEpochs(*c.Epochs))
	}
	if c.LearningRate != nil {
		opts = append(opts, train.WithLearningRate(*c.LearningRate))
	}
	if c.HeldOut != nil {
		opts = append(opts, train.WithHeldOut(*c.HeldOut))
	}
	if c.NoIntercept {
		opts = append(opts, train.WithoutIntercept())
	}
	if c.Standardize {
		opts = append(opts, train.WithStandardize())
	}
	if c.ClassWeights == "balanced" {
		opts = append(opts, train.WithBalancedClasses())
	}
	if c.FirstTokens {
		opts = append(opts, train.WithFirstTokens())
	}
	return opts, nil
}
