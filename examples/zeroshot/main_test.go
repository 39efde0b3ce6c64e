package main

import (
	"testing"

	"github.com/goroberta/goroberta/examples/internal/golden"
)

func TestRun(t *testing.T) { golden.Check(t, run, want) }

const want = `She bought a red apple at the market.
	fruit 0.36, an animal 0.32, a musician 0.31
A man is playing a guitar on the stage.
	a musician 0.40, fruit 0.33, an animal 0.26
The dog ran after the cat.
	an animal 0.37, a musician 0.33, fruit 0.30
`
