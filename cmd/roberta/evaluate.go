package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"

	"github.com/goroberta/goroberta/datasets"
	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/train"
)

// evaluateCmd is `roberta evaluate`.
type evaluateCmd struct {
	modelFlags
	plainFlag
	limitFlags
	exampleFlags
	Task        string   `enum:",cola,sst-2,mrpc,qqp,sts-b,mnli,qnli,rte,wnli,ner" default:"" placeholder:"TASK" help:"What FILE is: a table of GLUE's, cola, sst-2, mrpc, qqp, sts-b, mnli, qnli, rte or wnli; ner, words with labels, in CoNLL's columns or lines {\"words\":[…],\"labels\":[…]}."`
	Head        string   `placeholder:"NAME" help:"The head that is evaluated. Default: the one of the task's name, or the only one that serves."`
	Labels      []string `placeholder:"A,B" help:"The labels of the head's classes, in their order, if its own names are not the task's."`
	Function    *string  `enum:"softmax,sigmoid,none" placeholder:"NAME" help:"What makes sts-b's scores of logits: softmax, sigmoid or none. Default: what the model's files say."`
	Scheme      string   `enum:",IOB1,IOB2,IOE2,IOBES,BILOU" default:"" placeholder:"NAME" help:"For ner, write under \"strict\" also what counts if only entities that the scheme allows are any, as seqeval's strict mode."`
	Predictions string   `placeholder:"FILE.jsonl" help:"Write what the model says of each example."`
	Worst       int      `default:"10" placeholder:"N" help:"With --input, how many of the examples to list that the head is worst at. Default: 10."`
	File        string   `arg:"" optional:"" name:"file" help:"The task's file, with labels."`
}

// Help is shown by kong below the summary.
func (evaluateCmd) Help() string {
	return `With --task writes {"task":…,"metrics":{…},"n":…}: of cola the Matthews correlation mcc; of sts-b pearson, spearman and their mean corr; of mrpc and qqp acc, f1 and their mean acc_and_f1; of other tables acc; ` +
		`of ner precision, recall and f1 of entities as seqeval counts them, and acc over words. A number that does not exist is null. ` +
		`With --input writes {"n":…,"accuracy":…,"macro_f1":…,"confusion":{…},…} for lines ` + fitForm + `.`
}

// Validate is called by kong.
func (c *evaluateCmd) Validate() error {
	switch {
	case c.Input == "" && c.Task == "":
		return usagef("nothing to do: give --task NAME FILE, or --input FILE")
	case c.Input != "" && (c.Task != "" || c.File != ""):
		return usagef("--input %s replaces --task and FILE: give one or the other", c.Input)
	case c.Input == "" && c.File == "":
		return usagef("--task %s: FILE is missing", c.Task)
	case c.Function != nil && c.Task != string(datasets.STSB):
		return usagef("--function is for --task sts-b")
	case c.Scheme != "" && c.Task != taskNER:
		return usagef("--scheme is for --task ner")
	case c.Predictions != "" && c.Input != "":
		return usagef("--predictions goes with --task; classify and tag write what the model says of --input")
	case c.Labels != nil && c.Input != "":
		return usagef("--labels goes with --task")
	case c.Worst < 0:
		return usagef("--worst %d: want at least 0", c.Worst)
	case c.Task == taskNER:
		return nil
	}
	return c.noWindows()
}

// taskNER names the evaluation of taggers.
const taskNER = "ner"

// Run is called by kong.
func (c *evaluateCmd) Run(ctx context.Context, s *session) error {
	var x *examples
	if c.Input != "" {
		var err error
		if x, err = c.read(ctx, s, c.Input, ""); err != nil {
			return err
		}
	}
	if c.File != "" {
		info, err := os.Stat(c.File)
		if err != nil {
			return err
		}
		if info.IsDir() {
			return fmt.Errorf("%s is a directory", c.File)
		}
	}
	m, err := c.modelFlags.open(ctx, s, c.plainFlag.options()...)
	if err != nil {
		return err
	}
	defer m.Close()
	var line any
	switch {
	case x != nil:
		line, err = c.examples(ctx, m, s, x)
	case c.Task == taskNER:
		line, err = c.evaluateTags(ctx, m, s)
	default:
		line, err = c.evaluateGLUE(ctx, m, s)
	}
	if err != nil {
		return stopped(err, "before the evaluation was complete")
	}
	return s.out.write(nil, line)
}

// examples evaluates a head on examples of any labels.
func (c *evaluateCmd) examples(ctx context.Context, m *roberta.Model, s *session, x *examples) (any, error) {
	limit, err := c.limit(m.TokenizerInfo(), m.Config().MaxPositions)
	if err != nil {
		return nil, err
	}
	var opts []pipeline.Option
	if c.Head != "" {
		opts = append(opts, pipeline.WithHead(c.Head))
	}
	var head roberta.Head
	if x.sentences != nil {
		t, err := pipeline.NewTagger(m, opts...)
		if err != nil {
			return nil, headNeeded(err)
		}
		head = t.Head()
	} else {
		t, err := pipeline.NewClassifier(m, opts...)
		if err != nil {
			return nil, headNeeded(err)
		}
		head = t.Head()
	}
	r, err := x.test(ctx, m, head.Name, []train.Option{train.WithLimit(limit), train.WithWorst(c.Worst), train.WithThreads(s.threads())})
	if err != nil {
		return nil, err
	}
	return struct {
		Head string `json:"head"`
		*reportLine
	}{head.Name, x.line(r)}, nil
}

// number is a metric for JSON, which has no NaN.
func number(v float64) *float64 {
	if math.IsNaN(v) {
		return nil
	}
	return &v
}

// A predictions writes what a model says of examples, if a file is named.
type predictions struct {
	file *outputFile // nil: nothing is written
	out  *output
}

// predictions begins the file of --predictions.
func (c *evaluateCmd) predictions(ctx context.Context, s *session) (*predictions, error) {
	if c.Predictions == "" {
		return &predictions{}, nil
	}
	info, err := os.Stat(c.File)
	if err != nil {
		return nil, err
	}
	file, err := s.create(ctx, c.Predictions, &input{name: c.File, info: info}, c.Model, ".jsonl", ".ndjson")
	if err != nil {
		return nil, err
	}
	if file.file == nil {
		return nil, usagef("--predictions %s is standard output, where the result goes: give a file", c.Predictions)
	}
	return &predictions{file, newOutput(file)}, nil
}

func (p *predictions) write(line any) error {
	if p.out == nil {
		return nil
	}
	return p.out.write(nil, line)
}

// commit completes the file.
func (p *predictions) commit() error {
	if p.out == nil {
		return nil
	}
	if err := p.out.flush(); err != nil {
		return err
	}
	return p.file.commit()
}

func (p *predictions) close() {
	if p.file != nil {
		p.file.close()
	}
}

// classNames are the names of a head's classes: those of --labels, or its own.
func (c *evaluateCmd) classNames(h roberta.Head) ([]string, error) {
	switch {
	case c.Labels != nil && len(c.Labels) != h.Classes:
		return nil, usagef("--labels names %d classes, head %s has %d", len(c.Labels), clip(h.Name), h.Classes)
	case c.Labels != nil:
		return c.Labels, nil
	case h.Labels != nil:
		return h.Labels, nil
	}
	names := make([]string, h.Classes)
	for k := range names {
		names[k] = fmt.Sprintf("LABEL_%d", k)
	}
	return names, nil
}

// at completes the error of one example with its place.
func at(file string, line int, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, roberta.ErrClosed) {
		return err
	}
	return fmt.Errorf("%s: %w", file, lineError{line, err})
}

// unnamed says whether none of a head's classes has a name.
func unnamed(names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return len(name) < 6 || name[:6] != "LABEL_" })
}
