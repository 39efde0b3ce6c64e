package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/goroberta/goroberta/pipeline"
)

// rankCmd is `roberta rank`.
type rankCmd struct {
	textFlags
	limitFlags
	Head        string   `placeholder:"NAME" help:"The head with one class. Default: the only one, if the model has one."`
	TopK        *int     `name:"topk" aliases:"top-k" placeholder:"K" help:"How many documents to give, the best ones. Default: all. --top-k is the same."`
	QueryPrompt *string  `xor:"prompt" placeholder:"TEXT" help:"Put TEXT before the query; an empty TEXT for nothing. Default: the default prompt of the model's files, if they have one."`
	PromptName  *string  `xor:"prompt" placeholder:"NAME" help:"Put the prompt of this name in the model's files before the query."`
	Texts       []string `arg:"" name:"query" help:"The query, verbatim, and documents if there is no --input."`
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
	if c.Resume != nil {
		return usagef("--resume: a ranking is one result, and there is nothing to go on with")
	}
	return c.noWindows()
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
	if c.QueryPrompt != nil {
		opts = append(opts, pipeline.WithPrompt(*c.QueryPrompt))
	}
	if c.PromptName != nil {
		opts = append(opts, pipeline.WithPromptName(*c.PromptName))
	}
	r, err := pipeline.NewReranker(m, opts...)
	if err != nil {
		return headNeeded(err)
	}
	for _, n := range r.Notes() {
		s.log.Warn(n)
	}
	s.out.setFormat(c.OutputFormat)
	rank := &ranking{session: s, in: in}
	if c.TopK != nil {
		rank.k = *c.TopK
	}
	for score, err := range r.ScoreSeq(ctx, rank.pairs(ctx, c.Texts[0])) {
		if !rank.add(ctx, score, err) {
			break
		}
	}
	if rank.err != nil {
		return in.stopped(ctx, rank.err, rank.read)
	}
	if err := s.out.write(nil, hitsLine{Hits: rank.best()}); err != nil {
		return err
	}
	if rank.failed > 0 {
		return failedError{rank.failed, rank.read}
	}
	return nil
}

// A ranking reads documents and keeps the best.
type ranking struct {
	*session
	in      *input
	k       int // how many are wanted; 0: all
	read    int // documents so far
	failed  int // of them, those that are left out
	waiting []document
	hits    []hit // sorted if there are k
	err     error // that ends the command
}

// A document is one that was read and has no score yet.
type document struct {
	item
	index int // from 0
}

// pairs yields the query with each document, until an error ends the command.
func (r *ranking) pairs(ctx context.Context, query string) func(yield func(pipeline.Pair) bool) {
	return func(yield func(pipeline.Pair) bool) {
		for {
			it, err := r.in.next(ctx, true)
			if err != nil {
				if err != io.EOF {
					r.err = err
				}
				return
			}
			r.read++
			r.progress.show(func() string { return fmt.Sprintf("%s documents", count(r.read)) })
			var text string
			if err = it.err; err == nil {
				text, err = it.one()
			}
			it.request = request{id: it.id}
			switch {
			case err != nil:
				if !r.fail(&it, err) {
					return
				}
			default:
				r.waiting = append(r.waiting, document{it, r.in.shard.index(r.read - 1)})
				if !yield(pipeline.Pair{Query: query, Document: text}) {
					return
				}
			}
		}
	}
}

// add takes the score of the document that waits longest. It returns false if the command
// ends.
func (r *ranking) add(ctx context.Context, score float32, err error) bool {
	if r.err != nil || ctx.Err() != nil {
		r.err = cmp.Or(r.err, ctx.Err())
		return false
	}
	d := r.waiting[0]
	r.waiting = r.waiting[1:]
	if err == nil {
		err = finite("score", score)
	}
	if err != nil {
		return r.fail(&d.item, err)
	}
	h := hit{ID: d.id, Index: d.index, Score: score}
	if r.k == 0 {
		r.hits = append(r.hits, h)
		return true
	}
	at, _ := slices.BinarySearchFunc(r.hits, h, inOrder)
	if at < r.k {
		r.hits = slices.Insert(r.hits, at, h)
		r.hits = r.hits[:min(len(r.hits), r.k)]
	}
	return true
}

// inOrder compares documents: the better one first, of equal ones the one read first.
func inOrder(a, b hit) int {
	return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Index, b.Index))
}

func (r *ranking) best() []hit {
	slices.SortFunc(r.hits, inOrder)
	return append([]hit{}, r.hits...)
}

// fail leaves out a document, or returns false if its error ends the command.
func (r *ranking) fail(it *item, err error) bool {
	blank := err == errBlank
	if err = it.locate(err); !r.in.keepGoing && !blank {
		r.err = err
		return false
	}
	r.failed++
	r.log.Warn("left out a document: " + describe(err))
	return true
}
