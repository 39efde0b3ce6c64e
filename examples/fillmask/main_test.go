package main

import (
	"testing"

	"github.com/goroberta/goroberta/examples/internal/golden"
)

func TestRun(t *testing.T) { golden.Check(t, run, want) }

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
