package main

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/goroberta/goroberta/datasets"
	"github.com/goroberta/goroberta/metrics"
	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
)

// A metricsLine is the result of a task.
type metricsLine struct {
	Task    string              `json:"task"`
	Metrics map[string]*float64 `json:"metrics"`
	N       int                 `json:"n"`
	Notes   []string            `json:"notes,omitempty"`
}

// A predictionLine is what a model says of an example.
type predictionLine struct {
	Text  string   `json:"text"`
	Pair  *string  `json:"pair,omitempty"`
	Label string   `json:"label,omitempty"` // by the model's name
	Score *float32 `json:"score,omitempty"` // of a regression
	Gold  any      `json:"gold"`            // what the file says
}

// evaluateGLUE evaluates a classifier on a table of GLUE's.
func (c *evaluateCmd) evaluateGLUE(ctx context.Context, m *roberta.Model, s *session) (any, error) {
	task := datasets.Task(c.Task)
	opts, err := c.limitFlags.options(m)
	if err != nil {
		return nil, err
	}
	head := c.Head
	if _, err := m.Head(c.Task); head == "" && err == nil {
		head = c.Task // of several
	}
	if head != "" {
		opts = append(opts, pipeline.WithHead(head))
	}
	if c.Function != nil {
		opts = append(opts, pipeline.WithFunction(function(*c.Function)))
	}
	classifier, err := pipeline.NewClassifier(m, opts...)
	if err != nil {
		return nil, headNeeded(err)
	}
	means, err := c.meanings(task, classifier.Head())
	if err != nil {
		return nil, err
	}
	file, err := os.Open(c.File)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	out, err := c.predictions(ctx, s)
	if err != nil {
		return nil, err
	}
	defer out.close()

	g := &glueScores{task: task, confusion: metrics.NewConfusion(task.Labels())}
	skipped := 0
	examples := datasets.GLUE(c.File, file, task, func(int) { skipped++ })
	input := func(e datasets.GLUEExample) (pipeline.Input, string) {
		return pipeline.Text(e.Texts[0], e.Texts[1:]...), fmt.Sprintf("line %d", e.Line)
	}
	err = evaluateEach(ctx, c.File, examples, input, classifier.ClassifySeq, func(e datasets.GLUEExample, labels []pipeline.Label) error {
		best := labels[0]
		if err := finite("score", best.Score); err != nil {
			return err
		}
		line := predictionLine{Text: e.Texts[0]}
		if len(e.Texts) > 1 {
			line.Pair = &e.Texts[1]
		}
		if task.Regression() {
			line.Score, line.Gold = &best.Score, e.Score
			g.truth, g.predicted = append(g.truth, e.Score), append(g.predicted, float64(best.Score))
		} else {
			line.Label, line.Gold = best.Name, e.Label
			g.add(e.Label, means[best.Name])
		}
		g.n++
		s.progress.show(func() string { return count(g.n) + " examples" })
		return out.write(line)
	})
	switch {
	case err != nil:
		return nil, err
	case g.n == 0:
		return nil, fmt.Errorf("%s holds no examples", c.File)
	}
	line := metricsLine{Task: c.Task, Metrics: g.metrics(), N: g.n}
	if skipped > 0 {
		line.Notes = append(line.Notes, fmt.Sprintf("%d lines with another number of columns than the header were left out", skipped))
	}
	return line, out.commit()
}

// meanings says which of the task's labels each of the head's stands for. It is an error if
// that is not clear, because a wrong guess gives a wrong number.
func (c *evaluateCmd) meanings(task datasets.Task, h roberta.Head) (map[string]string, error) {
	if task.Regression() {
		if h.Classes != 1 {
			return nil, fmt.Errorf("--task %s wants a head with one class, a regression; head %s has %d", task, clip(h.Name), h.Classes)
		}
		return nil, nil
	}
	names, err := c.classNames(h)
	if err != nil {
		return nil, err
	}
	own := make([]string, h.Classes) // as answers have them
	for k := range own {
		own[k] = fmt.Sprintf("LABEL_%d", k)
	}
	copy(own, h.Labels)
	means := map[string]string{}
	var found []string
	for k, name := range names {
		label, ok := task.Label(name)
		if !ok || slices.Contains(found, label) {
			return nil, fmt.Errorf("head %s has the classes %.300q, which are not the labels of %s, %q: --labels names them in the order of the head", clip(h.Name), names, task, task.Labels())
		}
		means[own[k]], found = label, append(found, label)
	}
	if len(found) != len(task.Labels()) {
		return nil, fmt.Errorf("head %s has %d classes, %s has the labels %q", clip(h.Name), h.Classes, task, task.Labels())
	}
	return means, nil
}

// glueScores gathers what the metrics of a task are made of.
type glueScores struct {
	task             datasets.Task
	n                int
	confusion        *metrics.Confusion
	truth, predicted []float64 // of a regression
}

func (g *glueScores) add(truth, predicted string) {
	g.confusion.Add(slices.Index(g.confusion.Labels, truth), slices.Index(g.confusion.Labels, predicted))
}

// metrics are those that GLUE has for the task.
func (g *glueScores) metrics() map[string]*float64 {
	acc := g.confusion.Accuracy()
	switch g.task {
	case datasets.STSB:
		pearson, spearman := metrics.Pearson(g.truth, g.predicted), metrics.Spearman(g.truth, g.predicted)
		return map[string]*float64{"pearson": number(pearson), "spearman": number(spearman), "corr": number((pearson + spearman) / 2)}
	case datasets.CoLA:
		return map[string]*float64{"mcc": number(g.confusion.Matthews())}
	case datasets.MRPC, datasets.QQP:
		f1 := g.confusion.F1(1)
		return map[string]*float64{"acc": &acc, "f1": &f1, "acc_and_f1": number((acc + f1) / 2)}
	}
	return map[string]*float64{"acc": &acc}
}

// function is a function by the name that flags have for it.
func function(name string) roberta.Function {
	if name == "softmax" {
		return roberta.Softmax
	}
	return roberta.Function(name)
}
