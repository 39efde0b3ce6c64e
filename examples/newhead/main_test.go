package main

import (
	"testing"

	"github.com/goroberta/goroberta/examples/internal/golden"
)

func TestRun(t *testing.T) { golden.Check(t, run, want) }

const want = `log-probabilities of new_task, shape (1, 3): [-1.2888 -0.6975 -1.4846]
with 2 added to the bias of blue:                   [-2.1840 -1.5927 -0.3798]

heads of the saved model:
  entities   7 classes ["B-LOC" "B-ORG" "B-PER" "I-LOC" "I-ORG" "I-PER" "O"]
  mnli       3 classes ["contradiction" "neutral" "entailment"]
  new_task   3 classes ["red" "green" "blue"]
  sentiment  2 classes ["negative" "positive"]
  topic      8 classes ["fiction" "scripture" "dictionary" "games" "system administration" "programming" "databases" "desktop applications"]
`
