package main

import (
	"testing"

	"github.com/goroberta/goroberta/examples/internal/golden"
)

func TestRun(t *testing.T) { golden.Check(t, run, want) }

const want = `{"labels":[{"label":"positive","score":0.65461683}]}
{"labels":[{"label":"negative","score":0.98907924}]}
{"labels":[{"label":"positive","score":0.9899894}]}
{"labels":[{"label":"negative","score":0.61011595}]}
{"error":"roberta: sequence 0: 403 tokens exceed the maximum length of 256"}
`
