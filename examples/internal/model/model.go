// Package model opens the model that an example is asked to run.
package model

import (
	"flag"
	"fmt"

	"github.com/goroberta/goroberta/models/pocket"
	"github.com/goroberta/goroberta/roberta"
)

// Open parses an example's arguments and opens the checkpoint that -m names: a
// directory, archive or file. Without -m it is the small model that comes with
// goroberta, so that every example runs offline. Flags that are not there, and
// -h, end the program.
func Open(name string, args []string) (*roberta.Model, error) {
	flags := flag.NewFlagSet(name, flag.ExitOnError)
	path := flags.String("m", "", "checkpoint `PATH`: a directory, .tar.gz, model.pt or .safetensors (default: the pocket model)")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("%s: unexpected argument %q; see -h", name, flags.Arg(0))
	}
	if *path == "" {
		return pocket.Open()
	}
	return roberta.Open(*path)
}
