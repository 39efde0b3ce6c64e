package main

import (
	"testing"

	"github.com/goroberta/goroberta/examples/internal/golden"
)

func TestRun(t *testing.T) { golden.Check(t, run, want) }

const want = `He said unbelievably good things, naïve as he was.
features  (13, 256): <s>, 11 words, </s>

word           tokens     first features
He             [1]       [  0.698   4.074  -1.648   1.095]
said           [2]       [ -0.296   1.969  -3.994  -0.925]
unbelievably   [3]       [ -0.557   4.368  -4.122  -1.693]
good           [4]       [  0.092   2.459  -3.876  -1.100]
things         [5]       [  0.262   3.412  -4.676  -0.596]
,              [6]       [ -0.793   4.767   3.868  -0.989]
naïve          [7]       [  0.183   3.407  -5.655  -0.710]
as             [8]       [  0.549   3.515  -0.651  -1.676]
he             [9]       [ -0.215   4.711  -1.908   1.236]
was            [10]      [  0.119   3.575  -0.385  -1.109]
.              [11]      [ -0.968   6.259   3.106   2.001]
`
