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

const want = `premise                                hypothesis                         answer         probability
A man is playing a guitar.             A man is playing an instrument.    entailment     0.88
A man is playing a guitar.             A man is sleeping.                 contradiction  0.97
A man is playing a guitar.             A man is playing for his friends.  neutral        0.99
She bought a red apple at the market.  She bought a fruit.                entailment     0.95
`
