package datasets

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// A Question of SQuAD.
type Question struct {
	ID       string
	Question string
	Context  string
	Answers  []string // any of them is right; none: the context does not answer it
}

// SQuAD reads a file of SQuAD 1.1 or 2.0, train or dev. name stands for it in errors, which
// are ErrFormat and ErrNoLabels, as *LineError. A question that says is_impossible has no
// answers, whatever else it says.
func SQuAD(name string, r io.Reader) ([]Question, error) {
	var file struct {
		Data []struct {
			Paragraphs []struct {
				Context *string `json:"context"`
				QAs     []struct {
					ID       string  `json:"id"`
					Question *string `json:"question"`
					Answers  *[]struct {
						Text string `json:"text"`
					} `json:"answers"`
					Impossible bool `json:"is_impossible"`
				} `json:"qas"`
			} `json:"paragraphs"`
		} `json:"data"`
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, jsonError(name, data, err)
	}
	fault := func(err error) error { return &LineError{name, 1, err} }
	var all []Question
	for _, d := range file.Data {
		for _, p := range d.Paragraphs {
			for _, q := range p.QAs {
				switch {
				case p.Context == nil || q.Question == nil:
					return nil, fault(fmt.Errorf("%w: question %.100q lacks its text or its context", ErrFormat, q.ID))
				case q.Answers == nil && !q.Impossible:
					return nil, fault(fmt.Errorf("%w: question %.100q", ErrNoLabels, q.ID))
				}
				one := Question{ID: q.ID, Question: *q.Question, Context: *p.Context}
				if !q.Impossible {
					for _, a := range *q.Answers {
						one.Answers = append(one.Answers, a.Text)
					}
				}
				all = append(all, one)
			}
		}
	}
	if len(all) == 0 {
		return nil, fault(fmt.Errorf("%w: no questions", ErrFormat))
	}
	return all, nil
}

// jsonError says on which line a file is not what it should be.
func jsonError(name string, data []byte, err error) error {
	at := int64(0)
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = e.Offset
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		at, err = e.Offset, fmt.Errorf("%q holds a JSON %s", e.Field, e.Value)
	}
	line := 1
	for _, c := range data[:min(int(at), len(data))] {
		if c == '\n' {
			line++
		}
	}
	return &LineError{name, line, fmt.Errorf("%w: %w", ErrFormat, err)}
}
