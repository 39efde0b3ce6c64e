package main

import (
	"testing"

	"github.com/goroberta/goroberta/examples/internal/golden"
)

func TestRun(t *testing.T) { golden.Check(t, run, want) }

const want = `premise                                hypothesis                         answer         probability
A man is playing a guitar.             A man is playing an instrument.    entailment     0.88
A man is playing a guitar.             A man is sleeping.                 contradiction  0.97
A man is playing a guitar.             A man is playing for his friends.  neutral        0.99
She bought a red apple at the market.  She bought a fruit.                entailment     0.95
`
