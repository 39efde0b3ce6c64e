package main

import (
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	var out strings.Builder
	if err := run(&out, nil); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != want {
		t.Errorf("output:\n%s\nwant:\n%s", got, want)
	}
	if err := run(&out, []string{"-m", "no/such/model"}); err == nil {
		t.Error("a model that is not there gives no error")
	}
}

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
