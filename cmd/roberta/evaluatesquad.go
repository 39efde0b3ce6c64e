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
	Span     *string  `json:"span,omitempty"`      // the best answer with text, where there may be none
	NoAnswer *float64 `json:"no_answer,omitempty"` // how likely none is against the span
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
	impossible := slices.ContainsFunc(questions, func(q datasets.Question) bool { return len(q.Answers) == 0 })
	if impossible { // two answers: one of them has text
		opts = append(opts, pipeline.WithImpossible(), pipeline.WithTopK(2))
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

	var answered, spans []metrics.Answered
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
		if impossible {
			span := bestSpan(answers)
			line.Span, line.NoAnswer = &span.Given, &span.NoAnswer
			span.Answers = q.Answers
			spans = append(spans, span)
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
	if impossible {
		b := metrics.ScoreSQuAD(spans, 1)
		line.Metrics["best_exact"], line.Metrics["best_exact_thresh"] = &b.BestExact, &b.BestExactThreshold
		line.Metrics["best_f1"], line.Metrics["best_f1_thresh"] = &b.BestF1, &b.BestF1Threshold
	}
	return line, out.commit()
}

// bestSpan is the best answer with text, and how likely it is that there is none: n/(n+s)
// of the scores n for none and s of the answer. So none is the best answer above ½.
func bestSpan(answers []pipeline.Answer) (a metrics.Answered) {
	none, score := 0.0, 0.0
	for _, x := range answers {
		none = float64(x.NoAnswer)
		if x.Text != "" && a.Given == "" {
			a.Given, score = x.Text, float64(x.Score)
		}
	}
	if none > 0 {
		a.NoAnswer = none / (none + score)
	}
	return a
}
