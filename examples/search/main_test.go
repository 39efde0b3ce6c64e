package main

import (
	"testing"

	"github.com/goroberta/goroberta/examples/internal/golden"
)

func TestRun(t *testing.T) { golden.Check(t, run, want) }

const want = `The boat sailed out to sea in bad weather.
	0.76 The ship left the harbour before the storm.
	0.71 She cooked a dinner of fish and rice.
The program does not build because of a warning.
	0.80 The compiler reports an error for an unused variable.
	0.73 The function returns the number of bytes that were read.
He ate some bread and cheese.
	0.88 She cooked a dinner of fish and rice.
	0.77 The king gave his daughter a horse.
`
