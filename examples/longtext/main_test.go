package main

import (
	"testing"

	"github.com/goroberta/goroberta/examples/internal/golden"
)

func TestRun(t *testing.T) { golden.Check(t, run, want) }

const want = `the text has 407 tokens, the model takes 256

topic of the beginning  databases 0.87
topic of the whole      databases 0.70
vector of the whole     [-0.162 3.284 -1.768] …
its first 12 tokens     "The server keeps all tables in a single directory. Each table"
`
