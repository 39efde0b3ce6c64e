package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
)

// searchCmd is `roberta search`.
type searchCmd struct {
	textFlags
	limitFlags
	vectorFlags
	Corpus       string   `required:"" placeholder:"FILE" help:"The texts to search in, one JSON object a line as for --input; or a .safetensors file with their vectors, as embed --as document -o writes it. Hits have no text then."`
	Vectors      string   `placeholder:"FILE" help:"Take the vectors of the texts in --corpus from this .safetensors file, tensor \"embeddings\", in place of computing them: row i is the vector of line i, from 0."`
	TopK         int      `name:"topk" aliases:"top-k" default:"10" placeholder:"K" help:"How many hits to give, the best ones. Default: 10. --top-k is the same."`
	Similarity   *string  `enum:"cosine,dot,euclidean,manhattan" placeholder:"NAME" help:"How vectors are compared: cosine, dot, euclidean or manhattan, the last two as negative distances. Default: what the model's files say, else cosine."`
	QueryPrompt  *string  `placeholder:"TEXT" help:"Put TEXT before each query. Default: the prompt that the model's files have for queries."`
	CorpusPrompt *string  `placeholder:"TEXT" help:"Put TEXT before each text of the corpus. Default: the prompt that the model's files have for documents."`
	Queries      []string `arg:"" optional:"" name:"query" help:"The queries, verbatim, hits for each."`
}

// Help is shown by kong below the summary.
func (searchCmd) Help() string {
	return `Writes {"hits":[{"index":…,"score":…,"text":…},…]} for each query, best first; of equal scores the first line comes first. "index" is the number of the line in the corpus, from 0, and a line's "id" comes with it. ` +
		`The corpus is embedded first and held in memory, a line at a time as a vector of float32; blank lines are left out, and another line that fails ends the command. Every vector is compared: nothing is approximated. ` +
		`Lines of --input and --corpus are ` + inputForm + `.`
}

// Validate is called by kong.
func (c *searchCmd) Validate() error {
	switch {
	case c.TopK < 1:
		return usagef("--topk %d: want at least 1", c.TopK)
	case c.Corpus == "-" && c.Input == "-":
		return usagef("--corpus - and --input - cannot both read standard input")
	case c.Vectors != "" && isTensors(c.Corpus):
		return usagef("--corpus %s has vectors: with --vectors it has to have their texts", c.Corpus)
	}
	return c.vectorFlags.check()
}

// isTensors says whether a file holds vectors, by its name.
func isTensors(name string) bool { return strings.EqualFold(filepath.Ext(name), ".safetensors") }

// Run is called by kong.
func (c *searchCmd) Run(ctx context.Context, s *session) error {
	return answerTexts(ctx, s, &c.textFlags, nil, textRequests(c.Queries), inputForm, func(m *roberta.Model, _ *spool) (t task[pipeline.Input, outcome[[]pipeline.Hit]], err error) {
		queries, documents, err := c.embedders(m)
		if err != nil {
			return t, err
		}
		for _, n := range queries.Notes() {
			s.log.Warn(n)
		}
		corpus, err := c.read(ctx, s, documents)
		if err != nil {
			return t, err
		}
		return task[pipeline.Input, outcome[[]pipeline.Hit]]{
			prepare: pipelineInput,
			run: func(ctx context.Context, inputs []pipeline.Input) ([]outcome[[]pipeline.Hit], error) {
				return corpus.search(ctx, queries, inputs, c.TopK)
			},
			result: func(_ int, _ pipeline.Input, o outcome[[]pipeline.Hit]) (any, error) {
				if o.err != nil {
					return nil, o.err
				}
				line := hitsLine{Hits: make([]hit, len(o.answer)), texts: true}
				for i, h := range o.answer {
					if err := finite("score", h.Score); err != nil {
						return nil, err
					}
					line.Hits[i] = corpus.hit(h)
				}
				return line, nil
			},
			budget: tokenBudget,
		}, nil
	})
}

// embedders makes the Embedders of queries and of the corpus.
func (c *searchCmd) embedders(m *roberta.Model) (queries, documents *pipeline.Embedder, err error) {
	opts, err := c.limitFlags.options(m)
	if err != nil {
		return nil, nil, err
	}
	opts = append(opts, c.vectorFlags.options()...)
	with := func(prompt *string) (*pipeline.Embedder, error) {
		if prompt == nil {
			return pipeline.NewEmbedder(m, opts...)
		}
		return pipeline.NewEmbedder(m, append(slices.Clip(opts), pipeline.WithPrompt(*prompt))...)
	}
	if queries, err = with(c.QueryPrompt); err != nil {
		return nil, nil, err
	}
	documents, err = with(c.CorpusPrompt)
	if err != nil {
		return nil, nil, err
	}
	return queries.Queries(), documents.Documents(), nil
}

// A corpus is what is searched.
type corpus struct {
	index *pipeline.Index
	lines []line // of each vector; nil: only the vectors are known
}

// A line is what a hit shows of a line of the corpus.
type line struct {
	number int // from 0
	id     json.RawMessage
	text   *string
}

func lineOf(it *item) line {
	l := line{number: it.index(), id: it.id}
	if len(it.texts) > 0 {
		l.text = &it.texts[0]
	}
	return l
}

// read reads the corpus and makes its vectors, or reads these too.
func (c *searchCmd) read(ctx context.Context, s *session, e *pipeline.Embedder) (*corpus, error) {
	similarity := e.Similarity()
	if c.Similarity != nil {
		similarity = pipeline.Similarity(*c.Similarity)
	}
	threads := pipeline.WithThreads(s.threads())
	all, vectors := &corpus{}, c.Vectors
	if isTensors(c.Corpus) {
		vectors = c.Corpus
	}
	var err error
	if vectors == "" {
		var failed error
		all.index, err = pipeline.NewIndexSeq(similarity, func(yield func([]float32, error) bool) {
			failed = embedFile(ctx, s, e, c.Corpus, func(it *item, v []float32) error {
				if all.lines = append(all.lines, lineOf(it)); !yield(v, nil) {
					return errors.New("not used") // the index says why
				}
				return nil
			})
		}, threads)
		if err == nil {
			err = failed
		}
		return all, err
	}
	if all.index, err = pipeline.OpenIndex(vectors, similarity, threads); err != nil {
		return nil, err
	}
	if all.index.Dim() != e.Dim() {
		return nil, fmt.Errorf("%s has vectors of %d values, and those of the model have %d", vectors, all.index.Dim(), e.Dim())
	}
	if c.Vectors == "" {
		return all, nil
	}
	if err := fileItems(ctx, s, c.Corpus, func(it *item) bool {
		all.lines = append(all.lines, lineOf(it))
		return true
	}); err != nil {
		return nil, err
	}
	if n := len(all.lines); n != all.index.Len() || n > 0 && all.lines[n-1].number != n-1 {
		return nil, fmt.Errorf("%s has %d vectors, and %s has %d lines that are not blank: want one for each line", vectors, all.index.Len(), c.Corpus, n)
	}
	return all, nil
}

// search finds the hits of queries.
func (c *corpus) search(ctx context.Context, e *pipeline.Embedder, inputs []pipeline.Input, k int) ([]outcome[[]pipeline.Hit], error) {
	embedded, err := inBatches(e.EmbedSeq)(ctx, inputs)
	if err != nil {
		return nil, err
	}
	all := make([]outcome[[]pipeline.Hit], len(inputs))
	var queries [][]float32
	var of []int
	for i, o := range embedded {
		if o.err == nil {
			o.err = finite("embedding", o.answer...)
		}
		if all[i].err = o.err; o.err == nil {
			queries, of = append(queries, o.answer), append(of, i)
		}
	}
	hits, err := c.index.Search(ctx, queries, k)
	if err != nil {
		return nil, err
	}
	for i, h := range hits {
		all[of[i]].answer = h
	}
	return all, nil
}

// hit is what is written of a hit.
func (c *corpus) hit(h pipeline.Hit) hit {
	if c.lines == nil {
		return hit{Index: h.Index, Score: h.Score}
	}
	l := &c.lines[h.Index]
	return hit{l.id, l.number, h.Score, l.text}
}
