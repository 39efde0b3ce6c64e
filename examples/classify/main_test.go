package main

import (
	"testing"

	"github.com/goroberta/goroberta/examples/internal/golden"
)

func TestRun(t *testing.T) { golden.Check(t, run, want) }

const want = `fiction                0.86  or scripture             0.11
programming            0.80  or databases             0.11
system administration  0.90  or programming           0.05
scripture              0.99  or dictionary            0.01
databases              0.96  or desktop applications  0.02
games                  0.98  or fiction               0.01
`
