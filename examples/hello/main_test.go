package main

import (
	"testing"

	"github.com/goroberta/goroberta/examples/internal/golden"
)

func TestRun(t *testing.T) { golden.Check(t, run, want) }

const want = `label     I loved the music and the cake was delicious.
   99.0 %  positive
    1.0 %  negative

vector    A boat on the sea.
          [0.651 3.201 -0.381 -0.654] … 256 values
          cosine 0.79 with "A ship in a storm.", 0.56 with "A bug in the program."

fill-mask She opened the <mask> and walked into the house.
   45.5 %  She opened the door and walked into the house.
    7.5 %  She opened the table and walked into the house.
    5.6 %  She opened the room and walked into the house.

encode    "Hello world!"
          [0 31414 232 328 2], and back: "Hello world!"
features  shape (1, 5, 256), the first of <s>: [8.5740 1.1985 0.1971 -1.1438]

mnli      A man is playing a guitar. | A man is playing an instrument.
    8.5 %  contradiction
    3.4 %  neutral
   88.1 %  entailment  <-
`
