package main

import (
	"testing"

	"github.com/goroberta/goroberta/examples/internal/golden"
)

func TestRun(t *testing.T) { golden.Check(t, run, want) }

const want = `The program reads the file and then closes [it].
  refers to: the file
   -12.49  The program
    -7.34  the file
The ship left the harbour and [it] sailed to the island.
  refers to: The ship
    -5.42  The ship
    -5.63  the harbour
The program reads _the file_ and then closes [it].
  refers to the query: true
   -12.49  The program
    -7.34  the file
`
