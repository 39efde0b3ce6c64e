package main

import (
	"testing"

	"github.com/goroberta/goroberta/examples/internal/golden"
)

func TestRun(t *testing.T) { golden.Check(t, run, want) }

const want = `45 texts, 100 % right; 15 held out, 100 % right

Fry the garlic in a little oil.            cooking 0.90
There was ice on the road this morning.    weather 0.80
They beat us by a single point.            sport 0.93
`
