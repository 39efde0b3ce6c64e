package main

import (
	"context"
	"fmt"
	"iter"
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
	Task         string   `enum:",cola,sst-2,mrpc,qqp,sts-b,mnli,qnli,rte,wnli,ner,squad" default:"" placeholder:"TASK" help:"What FILE is: a table of GLUE's, cola, sst-2, mrpc, qqp, sts-b, mnli, qnli, rte or wnli; ner, words with labels, in CoNLL's columns or lines {\"words\":[…],\"labels\":[…]}; squad, SQuAD's questions, 1.1 or 2.0."`
	Head         string   `placeholder:"NAME" help:"The head that is evaluated. Default: the one of the task's name, or the only one that serves."`
	Labels       []string `placeholder:"A,B" help:"The labels of the head's classes, in their order, if its own names are not the task's."`
	Function     *string  `enum:"softmax,sigmoid,none" placeholder:"NAME" help:"What makes sts-b's scores of logits: softmax, sigmoid or none. Default: what the model's files say."`
	Scheme       string   `enum:",IOB1,IOB2,IOE2,IOBES,BILOU" default:"" placeholder:"NAME" help:"For ner, write under \"strict\" also what counts if only entities that the scheme allows are any, as seqeval's strict mode."`
	MaxAnswerLen *int     `placeholder:"N" help:"For squad, the most tokens of an answer. Default: 15."`
	Predictions  string   `placeholder:"FILE.jsonl" help:"Write what the model says of each example."`
	Threshold    *float64 `placeholder:"P" help:"With --input and a head for several labels, how likely a label has to be to count as given: more than P. Default: 0.5."`
	Worst        int      `default:"10" placeholder:"N" help:"With --input, how many of the examples to list that the head is worst at. Default: 10."`
	File         string   `arg:"" optional:"" name:"file" help:"The task's file, with labels."`
}

// Help is shown by kong below the summary.
func (evaluateCmd) Help() string {
	return `With --task writes {"task":…,"metrics":{…},"n":…}: of cola the Matthews correlation mcc; of sts-b pearson, spearman and their mean corr; of mrpc and qqp acc, f1 and their mean acc_and_f1; of other tables acc; ` +
		`of squad exact and f1, in percent, over all questions and over those with (has_ans) and without an answer (no_ans), and where some have none also best_exact and best_f1, the best that a threshold on how likely none is reaches, with the thresholds best_exact_thresh and best_f1_thresh, as evaluate-v2.0.py finds them: of n/(n+s), n the score that there is no answer and s that of the best answer; of ner precision, recall and f1 of entities as seqeval counts them, and acc over words. A number that does not exist is null. ` +
		`With --input writes {"n":…,"accuracy":…,"macro_f1":…,"confusion":{…},…} for lines ` + fitForm + `. ` +
		`A head for several labels (sigmoid) takes {"text":…,"labels":[…]} too, and writes {"n":…,"accuracy":…,"micro_f1":…,"macro_f1":…,"labels":[{"label":…,"precision":…,"recall":…,"f1":…,"support":…},…],…}; accuracy is then the share of texts whose labels are all right.`
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
	case c.Threshold != nil && (c.Input == "" || !(*c.Threshold >= 0 && *c.Threshold < 1)):
		return usagef("--threshold %v: want 0 or more and less than 1, and --input", *c.Threshold)
	case c.Worst < 0:
		return usagef("--worst %d: want at least 0", c.Worst)
	case c.MaxAnswerLen != nil && (c.Task != taskSQuAD || *c.MaxAnswerLen < 1):
		return usagef("--max-answer-len %d: want at least 1, and --task squad", *c.MaxAnswerLen)
	case c.Task == taskNER || c.Task == taskSQuAD:
		return nil
	}
	return c.noWindows()
}

// The tasks beside GLUE's.
const (
	taskNER   = "ner"
	taskSQuAD = "squad"
)

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
	case c.Task == taskSQuAD:
		line, err = c.evaluateSQuAD(ctx, m, s)
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
		switch head.Function {
		case roberta.Sigmoid:
			return c.evaluateSets(ctx, m, s, x, head)
		case roberta.Identity:
			return nil, fmt.Errorf("head %s is a regression, and --input has labels: --task sts-b compares scores", clip(head.Name))
		}
	}
	if err := x.oneLabel(fmt.Sprintf("\"labels\" of a text: head %s gives one, want \"label\"", clip(head.Name))); err != nil {
		return nil, err
	}
	if c.Threshold != nil {
		return nil, usagef("--threshold: head %s gives one label, the likeliest", clip(head.Name))
	}
	r, err := x.test(ctx, m, head.Name, []train.Option{train.WithLimit(limit), train.WithWorst(c.Worst), train.WithThreads(s.threads()), s.training()})
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
		seen := map[string]bool{} // answers have the head's own names
		for _, name := range h.Labels {
			if seen[name] {
				return nil, fmt.Errorf("two classes of head %s are called %.100q, and --labels cannot tell them apart", clip(h.Name), name)
			}
			seen[name] = true
		}
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

// evaluateEach has a pipeline answer the examples of a file, and hands each with its answer
// to use. input is what is asked for with an example, and where it stands in the file.
func evaluateEach[E, I, R any](ctx context.Context, file string, examples iter.Seq2[E, error], input func(E) (I, string), answers func(context.Context, iter.Seq[I]) iter.Seq2[R, error], use func(E, R) error) error {
	type waiting struct {
		example E
		place   string
	}
	var queue []waiting // of what has no answer yet
	var readErr error
	inputs := func(yield func(I) bool) {
		for e, err := range examples {
			if readErr = err; err != nil {
				return
			}
			in, place := input(e)
			queue = append(queue, waiting{e, place})
			if !yield(in) {
				return
			}
		}
	}
	for r, err := range answers(ctx, inputs) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		w := queue[0]
		queue = queue[1:]
		if err == nil {
			err = use(w.example, r)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file, placeError{w.place, err})
		}
	}
	return readErr
}

// A placeError completes an error with where in a file it is.
type placeError struct {
	place string
	err   error
}

func (e placeError) Error() string { return e.place + ": " + describe(e.err) }
func (e placeError) Unwrap() error { return e.err }

// unnamed says whether none of a head's classes has a name.
func unnamed(names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return len(name) < 6 || name[:6] != "LABEL_" })
}
