package datasets_test

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goroberta/goroberta/datasets"
)

// The tasks of GLUE, by what a model is asked.
func ExampleTasks() {
	questions := map[datasets.Task]string{
		datasets.CoLA: "acceptable English?",
		datasets.SST2: "a positive review?",
		datasets.MRPC: "the same meaning?",
		datasets.QQP:  "the same question?",
		datasets.STSB: "how similar?",
		datasets.MNLI: "entailed, neutral or contradicted?",
		datasets.QNLI: "an answer to the question?",
		datasets.RTE:  "entailed?",
		datasets.WNLI: "entailed, with the pronoun replaced?",
	}
	for _, t := range datasets.Tasks() {
		fmt.Println(t, questions[t], t.Labels())
	}
	// Output:
	// cola acceptable English? [0 1]
	// sst-2 a positive review? [0 1]
	// mrpc the same meaning? [0 1]
	// qqp the same question? [0 1]
	// sts-b how similar? []
	// mnli entailed, neutral or contradicted? [contradiction entailment neutral]
	// qnli an answer to the question? [entailment not_entailment]
	// rte entailed? [entailment not_entailment]
	// wnli entailed, with the pronoun replaced? [0 1]
}

// An error says which line of which file is at fault.
func ExampleGLUE_errors() {
	for _, err := range datasets.GLUE("RTE/dev.tsv", strings.NewReader("index\tsentence1\tsentence2\tlabel\n0\tone column less\tentailment\n"), datasets.RTE, nil) {
		if e, ok := errors.AsType[*datasets.LineError](err); ok {
			fmt.Println(e.File, e.Line, errors.Is(err, datasets.ErrFormat))
		}
	}
	for _, err := range datasets.GLUE("dev.tsv", strings.NewReader(""), "no-such-task", nil) {
		fmt.Println(errors.Is(err, datasets.ErrTask))
	}
	// Output:
	// RTE/dev.tsv 2 true
	// true
}
