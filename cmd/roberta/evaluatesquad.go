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

// A squadLine is the result of --task squad. Numbers are percentages.
type squadLine struct {
	metricsLine
	HasAns *metrics.SQuADPart `json:"has_ans,omitempty"`
	NoAns  *metrics.SQuADPart `json:"no_ans,omitempty"`
}

// An answeredLine is what a model says of a question.
type answeredLine struct {
	ID       string   `json:"id"`
	Question string   `json:"question"`
	Answer   string   `json:"answer"` // "": none
	Score    float32  `json:"score"`
	Gold     []string `json:"gold"`
}

// evaluateSQuAD evaluates a reader on SQuAD's questions. Where some have no answer the
// reader may say so.
func (c *evaluateCmd) evaluateSQuAD(ctx context.Context, m *roberta.Model, s *session) (any, error) {
	file, err := os.Open(c.File)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	questions, err := datasets.SQuAD(c.File, file)
	if err != nil {
		return nil, err
	}
	opts, err := c.limitFlags.options(m)
	if err != nil {
		return nil, err
	}
	if c.Head != "" {
		opts = append(opts, pipeline.WithHead(c.Head))
	}
	if c.MaxAnswerLen != nil {
		opts = append(opts, pipeline.WithMaxAnswer(*c.MaxAnswerLen))
	}
	if slices.ContainsFunc(questions, func(q datasets.Question) bool { return len(q.Answers) == 0 }) {
		opts = append(opts, pipeline.WithImpossible())
	}
	reader, err := pipeline.NewReader(m, opts...)
	if err != nil {
		return nil, headNeeded(err)
	}
	out, err := c.predictions(ctx, s)
	if err != nil {
		return nil, err
	}
	defer out.close()

	var answered []metrics.Answered
	input := func(q datasets.Question) (pipeline.Question, string) {
		return pipeline.Question{Text: q.Question, Context: q.Context}, fmt.Sprintf("question %.100q", q.ID)
	}
	all := func(yield func(datasets.Question, error) bool) {
		for _, q := range questions {
			if !yield(q, nil) {
				return
			}
		}
	}
	err = evaluateEach(ctx, c.File, all, input, reader.AnswerSeq, func(q datasets.Question, answers []pipeline.Answer) error {
		line := answeredLine{ID: q.ID, Question: q.Question, Gold: append([]string{}, q.Answers...)}
		if len(answers) > 0 {
			line.Answer, line.Score = answers[0].Text, answers[0].Score
		}
		if err := finite("score", line.Score); err != nil {
			return err
		}
		answered = append(answered, metrics.Answered{Answers: q.Answers, Given: line.Answer})
		s.progress.show(func() string { return fmt.Sprintf("%s of %s questions", count(len(answered)), count(len(questions))) })
		return out.write(line)
	})
	if err != nil {
		return nil, err
	}
	r := metrics.ScoreSQuAD(answered, 1)
	line := squadLine{metricsLine{Task: c.Task, Metrics: map[string]*float64{"exact": &r.Exact, "f1": &r.F1}, N: r.Total}, r.HasAns, r.NoAns}
	return line, out.commit()
}
