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

const want = `The first Star Wars <mask> came out in 1977.
    2.8 %  " that"    The first Star Wars that came out in 1977.
    2.4 %  "a"        The first Star Warsa came out in 1977.
    1.9 %  " who"     The first Star Wars who came out in 1977.
She opened the <mask> and walked into the house.
   45.5 %  " door"    She opened the door and walked into the house.
    7.5 %  " table"   She opened the table and walked into the house.
    5.6 %  " room"    She opened the room and walked into the house.
The function returns <mask> if the file does not exist.
   58.0 %  " true"    The function returns true if the file does not exist.
   18.2 %  " false"   The function returns false if the file does not exist.
    4.9 %  " NULL"    The function returns NULL if the file does not exist.
`
