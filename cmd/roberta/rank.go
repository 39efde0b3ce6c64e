package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"

	"github.com/goroberta/goroberta/pipeline"
)

// rankCmd is `roberta rank`.
type rankCmd struct {
	textFlags
	limitFlags
	Head  string   `placeholder:"NAME" help:"The head with one class. Default: the only one, if the model has one."`
	TopK  *int     `name:"topk" aliases:"top-k" placeholder:"K" help:"How many documents to give, the best ones. Default: all. --top-k is the same."`
	Texts []string `arg:"" name:"query" help:"The query, verbatim, and documents if there is no --input."`
}

const documentForm = `{"text":…}`

// Help is shown by kong below the summary.
func (rankCmd) Help() string {
	return `Writes one line, {"hits":[{"index":…,"score":…},…]}, best first: documents by their lines, from 0, with their "id" if they have one. The model is a cross-encoder. ` +
		`A document that --keep-going leaves out is named on stderr. Lines of --input are ` + documentForm + `, the documents.`
}

// Validate is called by kong.
func (c *rankCmd) Validate() error {
	if c.TopK != nil && *c.TopK < 1 {
		return usagef("--topk %d: want at least 1", *c.TopK)
	}
	return c.noWindows()
}

type hitsLine struct {
	Hits []hit `json:"hits"`
}

type hit struct {
	ID json.RawMessage `json:"id,omitempty"`
	pipeline.Ranked
}

// Run is called by kong.
func (c *rankCmd) Run(ctx context.Context, s *session) error {
	in, err := c.inputFlags.open(s, textRequests(c.Texts[1:]), documentForm)
	if err != nil {
		return err
	}
	defer in.close()
	m, err := c.modelFlags.open(ctx, s, c.plainFlag.options()...)
	if err != nil {
		return in.stopped(ctx, err, 0)
	}
	defer m.Close()
	opts, err := c.limitFlags.options(m)
	if err != nil {
		return err
	}
	if c.Head != "" {
		opts = append(opts, pipeline.WithHead(c.Head))
	}
	if c.TopK != nil {
		opts = append(opts, pipeline.WithTopK(*c.TopK))
	}
	r, err := pipeline.NewReranker(m, opts...)
	if err != nil {
		return headNeeded(err)
	}
	docs := &documents{session: s, in: in, ids: map[int]json.RawMessage{}}
	line := hitsLine{[]hit{}}
	for d, err := range r.RankSeq(ctx, c.Texts[0], docs.texts(ctx)) {
		switch e, ok := errors.AsType[*pipeline.InputError](err); {
		case docs.err != nil:
		case ok:
			i := docs.index(e.Index)
			docs.fail(item{line: i + 1}, e.Err)
		case err != nil:
			docs.err = err
		default:
			if err := finite("score", d.Score); err != nil {
				return err
			}
			d.Index = docs.index(d.Index)
			line.Hits = append(line.Hits, hit{docs.ids[d.Index], d})
		}
		if docs.err != nil {
			break
		}
	}
	switch {
	case docs.err != nil:
		return in.stopped(ctx, docs.err, docs.read)
	case docs.failed > 0:
		err = failedError{docs.failed, docs.read}
	}
	return errors.Join(s.out.write(nil, line), err)
}

// documents are the lines of an input as a ranking reads them.
type documents struct {
	*session
	in      *input
	read    int                     // lines
	failed  int                     // of them, those that are left out
	skipped []int                   // lines, from 0, that the ranking does not see
	ids     map[int]json.RawMessage // by line
	err     error                   // that ends the command
}

// texts yields the documents, until an error ends the command.
func (d *documents) texts(ctx context.Context) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for {
			it, err := d.in.next(ctx, true)
			if err != nil {
				if err != io.EOF {
					d.err = err
				}
				return
			}
			index := d.read
			d.read++
			var text string
			if err = it.err; err == nil {
				text, err = it.one()
			}
			if err != nil {
				d.skipped = append(d.skipped, index)
				if d.fail(it, err); d.err != nil {
					return
				}
				continue
			}
			if it.id != nil {
				d.ids[index] = it.id
			}
			if !yield(text) {
				return
			}
			d.progress.show(func() string { return fmt.Sprintf("%s documents", count(d.read)) })
		}
	}
}

// index is the line, from 0, of the document that the ranking knows by a number.
func (d *documents) index(n int) int {
	return n + sort.Search(len(d.skipped), func(k int) bool { return d.skipped[k]-k > n })
}

// fail leaves out a document, or ends the command.
func (d *documents) fail(it item, err error) {
	if d.in.name == "" {
		it.line = 0
	}
	blank := err == errBlank
	if err = it.locate(err); !d.in.keepGoing && !blank {
		d.err = err
		return
	}
	d.failed++
	d.log.Warn("left out a document: " + describe(err))
}
