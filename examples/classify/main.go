// Command classify gives each line of a text the topic that suits it best.
//
//	go run ./examples/classify
//
// In Python: pipeline("text-classification", model=…)(lines)
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/goroberta/goroberta/examples/internal/model"
	"github.com/goroberta/goroberta/pipeline"
)

const text = `The captain walked the deck all night and spoke to nobody.
The function returns a pointer to the first element of the array.
To restart the service, run systemctl as root.
And the Lord spoke unto the prophet in the night.
A query that joins two tables can use an index on either column.
The monster hits you and you lose ten points of health.
`

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(w io.Writer, args []string) error {
	m, err := model.Open("classify", args)
	if err != nil {
		return err
	}
	defer m.Close()
	c, err := pipeline.NewClassifier(m, pipeline.WithHead("topic"), pipeline.WithTopK(2))
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	// The lines are computed together, as many at a time as make a batch. A file of any
	// length takes no more memory.
	lines := strings.Lines(text)
	for labels, err := range c.ClassifySeq(context.Background(), pipeline.Texts(lines)) {
		if err != nil {
			return err
		}
		fmt.Fprintf(t, "%s\t%.2f\tor %s\t%.2f\n", labels[0].Name, labels[0].Score, labels[1].Name, labels[1].Score)
	}
	return t.Flush()
}
