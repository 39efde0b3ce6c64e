package main

import (
	"testing"

	"github.com/goroberta/goroberta/examples/internal/golden"
)

func TestRun(t *testing.T) { golden.Check(t, run, want) }

const want = `encode    "Hello world!"
          [0 31414 232 328 2]
decode    "Hello world!"

features  shape (1, 5, 256), the first of <s>: [8.5740 1.1985 0.1971 -1.1438]

fill-mask She opened the <mask> and walked into the house.
   45.5 %  She opened the door and walked into the house.
    7.5 %  She opened the table and walked into the house.
    5.6 %  She opened the room and walked into the house.

mnli      A man is playing a guitar. | A man is playing an instrument.
    8.5 %  contradiction
    3.4 %  neutral
   88.1 %  entailment  <-
`
