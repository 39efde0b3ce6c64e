// Command jsonl labels every line of a JSONL file, however long it is, in little memory,
// and shows how far it is.
//
//	go run ./examples/jsonl
//	go run ./examples/jsonl -input reviews.jsonl >labels.jsonl
//
// A line that cannot be answered gets its error in its place; the others do not suffer.
// `roberta classify --input FILE --keep-going` is this program with more options.
package main

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"

	"github.com/goroberta/goroberta/models/pocket"
	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
)

//go:embed reviews.jsonl
var reviews string

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(w io.Writer, args []string) (err error) {
	flags := flag.NewFlagSet("jsonl", flag.ExitOnError)
	path := flags.String("m", "", "checkpoint `PATH` (default: the pocket model)")
	name := flags.String("input", "", `read lines {"text":…} from this FILE`)
	if err := flags.Parse(args); err != nil {
		return err
	}
	var m *roberta.Model
	if *path == "" {
		m, err = pocket.Open()
	} else {
		m, err = roberta.Open(*path)
	}
	if err != nil {
		return err
	}
	defer m.Close()
	c, err := pipeline.NewClassifier(m, pipeline.WithHead("sentiment"), pipeline.WithTopK(1))
	if err != nil {
		return err
	}
	var in io.Reader = strings.NewReader(reviews)
	if *name != "" {
		f, err := os.Open(*name)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	out := json.NewEncoder(w)
	n := 0
	var readErr error
	// The pipeline takes lines as it needs them, computes many at a time, and gives the
	// answers in order.
	for labels, err := range c.ClassifySeq(context.Background(), lines(in, &readErr)) {
		var line any = map[string]any{"labels": labels}
		if err != nil {
			line = map[string]any{"error": err.Error()}
		}
		if err := out.Encode(line); err != nil {
			return err
		}
		if n++; n%1000 == 0 {
			fmt.Fprintf(os.Stderr, "\r%d lines", n)
		}
	}
	return readErr
}

// lines yields the texts of the lines. It leaves an error in err.
func lines(r io.Reader, err *error) iter.Seq[pipeline.Input] {
	return func(yield func(pipeline.Input) bool) {
		scan := bufio.NewScanner(r)
		scan.Buffer(nil, 1<<20)
		for n := 1; scan.Scan(); n++ {
			var line struct{ Text string }
			if e := json.Unmarshal(scan.Bytes(), &line); e != nil {
				*err = fmt.Errorf("line %d: %w", n, e)
				return
			}
			if !yield(pipeline.Text(line.Text)) {
				return
			}
		}
		*err = scan.Err()
	}
}
