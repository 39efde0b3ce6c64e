package main

import (
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	var out strings.Builder
	if err := run(&out, nil); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != want {
		t.Errorf("output:\n%s\nwant:\n%s", got, want)
	}
	if err := run(&out, []string{"-m", "no/such/model"}); err == nil {
		t.Error("a model that is not there gives no error")
	}
}

const want = `log-probabilities of new_task, shape (1, 3): [-1.2888 -0.6975 -1.4846]

heads of the model:
  mnli       3 classes ["contradiction" "neutral" "entailment"]
  new_task   3 classes ["red" "green" "blue"]
  topic      8 classes ["fiction" "scripture" "dictionary" "games" "system administration" "programming" "databases" "desktop applications"]
`
