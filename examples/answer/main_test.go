package main

import (
	"testing"

	"github.com/goroberta/goroberta/examples/internal/golden"
)

func TestRun(t *testing.T) { golden.Check(t, run, want) }

const want = `Where was the treaty signed? (290 tokens of text, 256 at a time)
	1.00  bytes 873–879  Vienna
	0.00  bytes 873–917  Vienna. It had forty pages, and a copy of it
`
