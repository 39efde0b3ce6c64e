package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/goroberta/goroberta/metrics"
	"github.com/goroberta/goroberta/train"
)

// exampleFlags name a file of examples.
type exampleFlags struct {
	Input       string   `placeholder:"FILE" help:"The examples (- is standard input), one JSON object a line. FILE.csv and FILE.tsv are tables: the first row names the columns."`
	InputFormat string   `enum:",jsonl,csv,tsv,tsv-quoted" default:"" placeholder:"FORMAT" help:"The format of the examples: jsonl, csv, tsv (a quotation mark is a character), or tsv-quoted (as CSV, with tabs). Default: by the file's name, else jsonl."`
	Columns     []string `placeholder:"MEMBER=COLUMN" help:"The columns of a table that are read, such as text=review,label=stars. Default: the columns called text, pair and label."`
}

// read reads the examples of a file of that name, which must not be the command's output.
func (f *exampleFlags) read(ctx context.Context, s *session, name, output string) (*examples, error) {
	flags := inputFlags{Input: name, InputFormat: f.InputFormat, Columns: f.Columns}
	if name != f.Input && cmp.Or(f.InputFormat, inputFormat(name)) == formatJSONL {
		flags.Columns = nil // they are the input's
	}
	in, err := flags.open(s, nil, fitForm)
	if err != nil {
		return nil, err
	}
	defer in.close()
	if output != "" {
		if err := checkOutput(output, in, ""); err != nil {
			return nil, err
		}
	}
	return readExamples(ctx, in)
}

// examples are those of a file: texts with a label each, or words with labels.
type examples struct {
	name      string
	texts     []train.Example
	sentences []train.Sentence // nil for texts
	sets      [][]string       // the labels of each text, if any text has several or none; nil for one that has one
	lines     []int            // where each stands, from 1
}

// readExamples reads all examples of an input. Blank lines are left out.
func readExamples(ctx context.Context, in *input) (*examples, error) {
	x := &examples{name: in.name}
	for {
		it, err := in.next(ctx, true)
		switch {
		case err == io.EOF && len(x.lines) == 0:
			return nil, fmt.Errorf("%s holds no examples; want lines %s", in.name, in.form)
		case err == io.EOF:
			return x, nil
		case err != nil:
			return nil, err
		case it.err == errBlank:
			continue
		}
		if err = it.err; err == nil {
			err = x.add(&it.request)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", in.name, it.locate(err))
		}
		x.lines = append(x.lines, it.line)
	}
}

// add adds the example of a request.
func (x *examples) add(r *request) error {
	words := r.onlyWords()
	switch {
	case r.isTokens:
		return errors.New(`want "text" or "words", not "tokens"`)
	case r.noText() && !words:
		return fmt.Errorf("want %s", fitForm)
	case len(x.lines) > 0 && words != (x.sentences != nil):
		return errors.New("some lines have a text with a label, others words with labels: want one of the two")
	case words && r.labels == nil:
		return errors.New(`"labels" are missing`)
	case words:
		x.sentences = append(x.sentences, train.Sentence{Words: r.words, Labels: r.labels})
		return nil
	}
	if r.labels != nil {
		if r.label != nil {
			return errors.New(`"label" and "labels" are given: want one of them`)
		}
		if x.sets == nil {
			x.sets = make([][]string, len(x.texts))
		}
		x.sets, x.texts = append(x.sets, r.labels), append(x.texts, train.Example{Texts: r.texts})
		return nil
	}
	label, err := r.labelText()
	x.texts = append(x.texts, train.Example{Texts: r.texts, Label: label})
	if x.sets != nil {
		x.sets = append(x.sets, nil)
	}
	return err
}

// oneLabel is an error that names the first text with "labels", for heads of which one
// holds.
func (x *examples) oneLabel(why string) error {
	i := slices.IndexFunc(x.sets, func(labels []string) bool { return labels != nil })
	if i < 0 {
		return nil
	}
	return fmt.Errorf("%s: %w", x.name, lineError{x.lines[i], errors.New(why)})
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

// A reportLine is how good a head is at some examples.
type reportLine struct {
	N         int                   `json:"n"` // texts, or words
	Accuracy  float64               `json:"accuracy"`
	MacroF1   float64               `json:"macro_f1"`
	LogLoss   float64               `json:"log_loss"`
	Entities  *metrics.EntityScores `json:"entities,omitempty"`
	Confusion *metrics.Confusion    `json:"confusion"`
	Worst     []verdictLine         `json:"worst"`
}

// A verdictLine is what a head says of an example.
type verdictLine struct {
	Line        int     `json:"line"` // from 1
	Text        string  `json:"text,omitempty"`
	Pair        *string `json:"pair,omitempty"`
	Word        string  `json:"word,omitempty"`
	Index       *int    `json:"index,omitempty"` // of the word
	Label       string  `json:"label"`
	Predicted   string  `json:"predicted"`
	Probability float64 `json:"probability"` // of the label
}

// line is what a report says in terms of the file.
func (x *examples) line(r *train.Report) *reportLine {
	out := &reportLine{N: r.Examples, Accuracy: r.Accuracy, MacroF1: r.MacroF1, LogLoss: r.LogLoss, Entities: r.Entities, Confusion: r.Confusion, Worst: []verdictLine{}}
	for _, w := range r.Worst {
		line := verdictLine{Line: x.lines[w.Example], Label: w.Label, Predicted: w.Predicted, Probability: w.Probability}
		if x.sentences != nil {
			line.Word, line.Index = x.sentences[w.Example].Words[w.Word], &w.Word
		} else {
			texts := x.texts[w.Example].Texts
			line.Text = texts[0]
			if len(texts) > 1 {
				line.Pair = &texts[1]
			}
		}
		out.Worst = append(out.Worst, line)
	}
	return out
}
