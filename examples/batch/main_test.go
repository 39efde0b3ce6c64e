package main

import (
	"testing"

	"github.com/goroberta/goroberta/examples/internal/golden"
)

func TestRun(t *testing.T) { golden.Check(t, run, want) }

const want = `features  (3, 16, 256): a sentence has as many rows as tokens

cosine of mean vectors
  1.00  0.84  0.53    9 tokens  The cat sat on the mat.
  0.84  1.00  0.65   16 tokens  A dog was lying on the old rug in front of the fire.
  0.53  0.65  1.00   14 tokens  The function returns an error if the file does not exist.

a tensor of tokens (3, 16), padded with 1, gives the same features: true
`
