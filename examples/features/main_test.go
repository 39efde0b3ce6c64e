package main

import (
	"testing"

	"github.com/goroberta/goroberta/examples/internal/golden"
)

func TestRun(t *testing.T) { golden.Check(t, run, want) }

const want = `last layer  (1, 5, 256)  (sequences, tokens, channels)
all layers  5, the embedding layer first

layer  norm of each token's vector
    0    6.553  10.317  10.093   9.626   7.045
    1    8.837  11.952  11.920  11.371  11.295
    2    7.108  11.577  11.596  11.253  10.862
    3    7.166  11.835  11.771  11.087  10.539
    4    9.883  13.269  13.325  13.066  12.668

the last of all layers equals the features: true
`
