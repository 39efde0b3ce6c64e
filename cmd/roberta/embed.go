package main

import (
	"context"
	"math"
	"strings"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
)

// vectorFlags say how vectors are made of texts. They are common to the commands that
// make some.
type vectorFlags struct {
	Pooling     []string `placeholder:"P,…" help:"Make the vectors of the hidden states alone, by cls, max, mean, mean_sqrt_len_tokens, weightedmean or lasttoken, or several of these one after the other. Default: as the model's files say."`
	Normalize   *bool    `negatable:"" help:"Divide vectors by their lengths, after --truncate-dim; or do not, even if the model's files say so."`
	TruncateDim *int     `placeholder:"N" help:"Keep the first N values of each vector."`
}

// check refuses flags that mean nothing.
func (f *vectorFlags) check() error {
	if f.TruncateDim != nil && *f.TruncateDim < 1 {
		return usagef("--truncate-dim %d: want at least 1", *f.TruncateDim)
	}
	return nil
}

// options are what the flags mean for a pipeline.
func (f *vectorFlags) options() (opts []pipeline.Option) {
	if len(f.Pooling) > 0 {
		var ps []pipeline.Pooling
		for _, p := range f.Pooling {
			ps = append(ps, pipeline.Pooling(strings.TrimSpace(p)))
		}
		opts = append(opts, pipeline.WithPooling(ps...))
	}
	if f.Normalize != nil {
		opts = append(opts, pipeline.WithNormalize(*f.Normalize))
	}
	if f.TruncateDim != nil {
		opts = append(opts, pipeline.WithTruncateDim(*f.TruncateDim))
	}
	return opts
}

// embedCmd is `roberta embed`.
type embedCmd struct {
	textFlags
	limitFlags
	vectorFlags
	quantizeFlags
	Output     string   `short:"o" placeholder:"FILE" help:"Write the vectors as one tensor \"embeddings\" [texts, width], float32, int8 or uint8, to this .safetensors file, or to a .npy file, in place of lines. - is standard output; other results then go to standard error."`
	Prompt     *string  `xor:"prompt" placeholder:"TEXT" help:"Put TEXT before each text; an empty TEXT for nothing. Default: the default prompt of the model's files, if they have one."`
	PromptName *string  `xor:"prompt" placeholder:"NAME" help:"Put the prompt of this name in the model's files before each text."`
	As         *string  `xor:"prompt" enum:"query,document" placeholder:"WHAT" help:"Take the prompt that the model's files have for what is searched with (query), or in (document)."`
	Sparse     bool     `help:"Write sparse vectors, as the SPLADE modules of the model's files make them of its language-model head."`
	Texts      []string `arg:"" optional:"" name:"text" help:"The texts, verbatim, a vector for each."`
}

// Help is shown by kong below the summary.
func (embedCmd) Help() string {
	return `Writes {"embedding":[…]} for each text, as the files of a sentence-transformers folder say; for other models the mean of the hidden states. ` +
		`A text that is longer than the model's files allow is an error unless --truncate cuts it, or --stride reads it through windows, whose tokens are pooled as if they were one text's, each once. With -o, a line that --keep-going left out has a row of NaN. Lines of --input are ` + inputForm + `.` +
		"\n\n" + quantizeHelp + "\n\n" + sparseHelp
}

// Validate is called by kong.
func (c *embedCmd) Validate() error {
	if c.PromptName != nil && *c.PromptName == "" {
		return usagef("--prompt-name: the name is empty; --prompt '' is for no prompt")
	}
	if c.Sparse && (c.Output != "" || c.Quantize != nil || len(c.Pooling) > 0 || c.Normalize != nil || c.TruncateDim != nil) {
		return usagef("--sparse goes without -o, --quantize, --pooling, --normalize and --truncate-dim")
	}
	if err := c.vectorFlags.check(); err != nil {
		return err
	}
	if err := c.quantizeFlags.check(&c.textFlags); err != nil {
		return err
	}
	if c.Sparse && c.Stride != nil {
		return usagef("--sparse reads no windows; --truncate cuts what is too long")
	}
	return nil
}

type embeddingLine struct {
	Embedding []float32 `json:"embedding" table:"columns"`
}

// Run is called by kong.
func (c *embedCmd) Run(ctx context.Context, s *session) error {
	if c.Sparse {
		return c.sparse(ctx, s)
	}
	var tensors *tensorFlags
	if c.Output != "" {
		tensors = &tensorFlags{Output: c.Output}
	}
	return answerTexts(ctx, s, &c.textFlags, tensors, textRequests(c.Texts), inputForm, func(m *roberta.Model, out *spool) (t task[pipeline.Input, outcome[[]float32]], err error) {
		e, err := c.embedder(m)
		if err != nil {
			return t, err
		}
		for _, n := range e.Notes() {
			s.log.Warn(n)
		}
		q, err := c.quantizeFlags.quantizer(ctx, s, e)
		if err != nil {
			return t, err
		}
		t = task[pipeline.Input, outcome[[]float32]]{prepare: pipelineInput, run: inBatches(e.EmbedSeq), budget: tokenBudget}
		switch {
		case out != nil:
			writeRows(&t, s, out, e.Dim(), q)
		case q != nil:
			q.writeLines(&t, s)
		default:
			t.result = func(_ int, _ pipeline.Input, o outcome[[]float32]) (any, error) {
				if o.err != nil {
					return nil, o.err
				}
				return embeddingLine{o.answer}, finite("embedding", o.answer...)
			}
		}
		return t, nil
	})
}

// writeRows makes a task write its vectors as rows of one tensor, quantised if q is not
// nil.
func writeRows(t *task[pipeline.Input, outcome[[]float32]], s *session, out *spool, dim int, q *quantizer) {
	rows := out.rows("embeddings", dim)
	if q != nil {
		rows.packed = q.rows(dim)
	}
	missing := make([]float32, dim)
	for i := range missing {
		missing[i] = float32(math.NaN())
	}
	// fill adds rows for lines that failed, up to a place among the lines.
	fill := func(place int) error {
		for rows.n < place {
			if err := rows.add(missing); err != nil {
				return err
			}
		}
		return nil
	}
	t.result = func(index int, _ pipeline.Input, o outcome[[]float32]) (any, error) {
		if o.err == nil && q != nil {
			o.err = q.see(o.answer)
		}
		if o.err != nil {
			return nil, o.err
		}
		if err := fill(out.shard.place(index)); err != nil {
			return nil, err
		}
		return nil, rows.add(o.answer)
	}
	t.end = func(requests int) error {
		if err := fill(requests); err != nil {
			return err
		}
		if err := rows.end(); err != nil {
			return err
		}
		if q != nil {
			q.warn(s)
		}
		if q != nil && q.ranges.Min != nil && !out.npy {
			out.entries = append(out.entries, q.ranges.Entry())
		}
		return nil
	}
}

// embedder makes the Embedder that the flags describe.
func (c *embedCmd) embedder(m *roberta.Model) (*pipeline.Embedder, error) {
	opts, err := c.limitFlags.options(m)
	if err != nil {
		return nil, err
	}
	e, err := pipeline.NewEmbedder(m, append(c.prompt(opts), c.vectorFlags.options()...)...)
	if err != nil || c.As == nil {
		return e, err
	}
	if *c.As == "query" {
		return e.Queries(), nil
	}
	return e.Documents(), nil
}

// prompt adds what the flags say of prompts.
func (c *embedCmd) prompt(opts []pipeline.Option) []pipeline.Option {
	if c.Prompt != nil {
		opts = append(opts, pipeline.WithPrompt(*c.Prompt))
	}
	if c.PromptName != nil {
		opts = append(opts, pipeline.WithPromptName(*c.PromptName))
	}
	return opts
}
