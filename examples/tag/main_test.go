package main

import (
	"testing"

	"github.com/goroberta/goroberta/examples/internal/golden"
)

func TestRun(t *testing.T) { golden.Check(t, run, want) }

const want = `0–12     PER  0.51  Maria Keller
24–28    LOC  0.94  Oslo
32–38    LOC  0.86  Lisbon
64–69    ORG  0.35  Nokia
91–97    PER  0.44  Thomas
107–112  LOC  0.79  Rome.
`
