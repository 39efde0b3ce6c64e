package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
)

// compareCmd is `roberta compare`.
type compareCmd struct {
	modelFlags
	plainFlag
	inputFlags
	limitFlags
	Other string  `placeholder:"MODEL" help:"Compare with another file of the model in place of --precision, such as one that convert --precision wrote."`
	Head  *string `placeholder:"NAME" help:"Compare this head alone. Default: all that the model has."`
	Masks *int    `placeholder:"N" help:"Mask N tokens of each text, one at a time. Default: 1, of the built-in texts 4."`
}

// Help is shown by kong below the summary.
func (compareCmd) Help() string {
	return `Says what a lower precision costs: how far its results are from the model's own float32, on the texts of --input, or on a few built-in English ones. ` +
		`Writes one line {"texts":…,"agreement":…,"logit_max":…,"logit_mean":…,"top1":…,"perplexity_ratio":…,"cosine_mean":…,"cosine_min":…,"token_cosine_min":…,"speedup":…,…}, without what the model has no head for: ` +
		`the share of labels that are equal, absolute differences of logits (of several heads the worst figures; each has its own under "heads"), the share of masked tokens with the same likeliest answer, ` +
		`the ratio of pseudo-perplexities, cosines of texts' vectors and of tokens' hidden states, and how many times as fast it is. "layer_errors" are the relative errors of hidden states, from the embedding on, "worst_layers" the layers that add most. ` +
		`A number that does not exist is null. "past" lists what is past the bounds for the precision, which is a warning too; docs/precision.md says how to read the figures. Lines of --input are ` + inputForm + `.`
}

// Validate is called by kong.
func (c *compareCmd) Validate() error {
	switch {
	case c.Masks != nil && *c.Masks < 0:
		return usagef("--masks %d: want at least 0", *c.Masks)
	}
	return c.noWindows()
}

// Run is called by kong.
func (c *compareCmd) Run(ctx context.Context, s *session) error {
	switch {
	case (s.Precision == nil || s.precision() == roberta.Float32) && c.Other == "":
		return usagef("nothing to compare with: give --precision int8 or bf16, or --other MODEL")
	case s.Precision != nil && c.Other != "":
		return usagef("--other %s replaces --precision: give one or the other", c.Other)
	}
	var in *input
	if c.Input != "" || c.Shard != nil || c.InputFormat != "" || c.Columns != nil {
		var err error
		if in, err = c.inputFlags.open(s, nil, inputForm); err != nil {
			return err
		}
		defer in.close()
	}
	reference, err := c.reference(ctx, s)
	if err != nil {
		return stopped(err, "before anything was compared")
	}
	defer reference.Close()
	other, err := c.other(ctx, s)
	if err != nil {
		return stopped(err, "before anything was compared")
	}
	defer other.Close()
	if in == nil && c.Truncate == "none" {
		c.Truncate = "longest-first" // the built-in texts are not the user's to cut
	}
	opts, err := c.options(reference)
	if err != nil {
		return err
	}
	if in == nil {
		r, err := compareSample(ctx, reference, other, opts...)
		if err != nil {
			return stopped(err, "before the comparison was complete")
		}
		return s.out.write(nil, comparisonLine(s, r))
	}
	comparer, err := pipeline.NewComparer(reference, other, opts...)
	if err != nil {
		return err
	}
	return answer(ctx, s, in, task[pipeline.Input, struct{}]{
		prepare: pipelineInput,
		run: func(ctx context.Context, batch []pipeline.Input) ([]struct{}, error) {
			return make([]struct{}, len(batch)), unnumbered(comparer.Add(ctx, batch...))
		},
		result: func(int, pipeline.Input, struct{}) (any, error) { return nil, nil },
		budget: tokenBudget,
		end: func(int) error {
			r := comparer.Comparison()
			if r.Texts == 0 {
				return fmt.Errorf("%s holds no texts; want lines %s", in.name, in.form)
			}
			return s.out.write(nil, comparisonLine(s, r))
		},
	})
}

// unnumbered is an error without the number of the input, which the stream names by its
// line.
func unnumbered(err error) error {
	if e, ok := err.(*pipeline.InputError); ok {
		return e.Err
	}
	return err
}

// reference opens the model as its file has it, which must be float32.
func (c *compareCmd) reference(ctx context.Context, s *session) (*roberta.Model, error) {
	plain, flags := *s, *s.commonFlags
	flags.Precision = nil
	plain.commonFlags = &flags
	m, err := c.modelFlags.open(ctx, &plain, c.plainFlag.options()...)
	if err != nil {
		return nil, err
	}
	if p := m.Precision(); p != roberta.Float32 {
		m.Close()
		return nil, fmt.Errorf("%s holds %v weights alone, and the float32 weights to compare with are missing: give the checkpoint that it was converted from as -m, and this file as --other", clip(c.Model), p)
	}
	return m, nil
}

// other opens what the reference is compared with.
func (c *compareCmd) other(ctx context.Context, s *session) (*roberta.Model, error) {
	opts := c.plainFlag.options()
	if c.Other != "" {
		return (&modelFlags{c.Other}).open(ctx, s, opts...)
	}
	p := s.precision()
	// What there is to say of the checkpoint has been said.
	m, err := c.modelFlags.open(ctx, s, append(opts, roberta.WithLogger(slog.New(slog.DiscardHandler)))...)
	if err != nil {
		return nil, err
	}
	if is := m.Precision(); is != p {
		m.Close()
		return nil, fmt.Errorf("%s opens in %v and not in %v", clip(c.Model), is, p)
	}
	return m, nil
}

// options are what the flags mean for a Comparer.
func (c *compareCmd) options(m *roberta.Model) ([]pipeline.Option, error) {
	opts, err := c.limitFlags.options(m)
	if err != nil {
		return nil, err
	}
	if c.Head != nil {
		opts = append(opts, pipeline.WithHead(*c.Head))
	}
	if c.Masks != nil {
		opts = append(opts, pipeline.WithMasks(*c.Masks))
	}
	return opts, nil
}

// A figure is a number of a comparison; null in JSON if there is none.
type figure float64

// MarshalJSON implements json.Marshaler.
func (f figure) MarshalJSON() ([]byte, error) {
	if v := float64(f); math.IsNaN(v) || math.IsInf(v, 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(f))
}

func figureOf(v float64) *figure { return (*figure)(&v) }

// compareLine is the line of a comparison. What is nil is left out.
type compareLine struct {
	Texts           int      `json:"texts"`
	Agreement       *figure  `json:"agreement,omitempty"`
	LogitMax        *figure  `json:"logit_max,omitempty"`
	LogitMean       *figure  `json:"logit_mean,omitempty"`
	Top1            *figure  `json:"top1,omitempty"`
	PerplexityRatio *figure  `json:"perplexity_ratio,omitempty"`
	CosineMean      figure   `json:"cosine_mean"`
	CosineMin       figure   `json:"cosine_min"`
	TokenCosineMin  figure   `json:"token_cosine_min"`
	Speedup         figure   `json:"speedup"`
	Precision       string   `json:"precision"`
	Threads         int      `json:"threads"`
	Level           string   `json:"level"`
	Tokens          int      `json:"tokens"`
	TokenCosineMean figure   `json:"token_cosine_mean"`
	Spearman        *figure  `json:"spearman,omitempty"`
	Pairs           int      `json:"pairs"`
	Masks           int      `json:"masks,omitempty"`
	Perplexity      *figure  `json:"pseudo_perplexity,omitempty"`
	LayerErrors     []figure `json:"layer_errors"`
	WorstLayers     []int    `json:"worst_layers,omitempty"`

	Heads []compareHead `json:"heads,omitempty"`
	Past  []string      `json:"past,omitempty"`
}

type compareHead struct {
	Head       string  `json:"head"`
	Agreement  *figure `json:"agreement,omitempty"`
	Decisions  int     `json:"decisions,omitempty"`
	Flips      *int    `json:"flips,omitempty"`
	FlipMargin *figure `json:"flip_margin,omitempty"`
	LogitMax   figure  `json:"logit_max"`
	LogitMean  figure  `json:"logit_mean"`
	Spread     figure  `json:"logit_spread"`
}

// worstLayers is how many layers are named that add most to the error.
const worstLayers = 3

// newCompareLine makes the line of a comparison.
func newCompareLine(r *pipeline.Comparison, threads int) *compareLine {
	line := &compareLine{
		Texts: r.Texts, CosineMean: figure(r.CosineMean), CosineMin: figure(r.CosineMin), TokenCosineMin: figure(r.TokenCosineMin), Speedup: figure(digits(r.Speedup)),
		Precision: r.Precision.String(), Threads: threads, Level: roberta.SIMDLevel(), Tokens: r.Tokens, TokenCosineMean: figure(r.TokenCosineMean), Pairs: r.Pairs,
		WorstLayers: r.WorstLayers(worstLayers), Past: r.Past(pipeline.BoundsOf(r.Precision)),
	}
	if r.Pairs > 1 {
		line.Spearman = figureOf(r.Spearman)
	}
	if m := r.Masked; m != nil && m.Masks > 0 {
		line.Top1, line.PerplexityRatio, line.Masks, line.Perplexity = figureOf(m.Top1()), figureOf(m.Ratio), m.Masks, figureOf(m.Perplexity)
	}
	for _, e := range r.LayerErrors {
		line.LayerErrors = append(line.LayerErrors, figure(e))
	}
	for i := range r.Heads {
		h := &r.Heads[i]
		head := compareHead{Head: h.Head.Name, LogitMax: figure(h.LogitMax), LogitMean: figure(h.LogitMean), Spread: figure(h.LogitSpread)}
		line.LogitMax, line.LogitMean = worse(line.LogitMax, h.LogitMax, math.Max), worse(line.LogitMean, h.LogitMean, math.Max)
		if h.Decisions > 0 {
			head.Agreement, head.Decisions, head.Flips, head.FlipMargin = figureOf(h.Agreement()), h.Decisions, &h.Flips, figureOf(h.FlipMargin)
			line.Agreement = worse(line.Agreement, h.Agreement(), math.Min)
		}
		line.Heads = append(line.Heads, head)
	}
	return line
}

// worse is the worse of two figures, NaN if either is.
func worse(f *figure, v float64, of func(x, y float64) float64) *figure {
	switch {
	case f == nil || math.IsNaN(v):
		return figureOf(v)
	case math.IsNaN(float64(*f)):
		return f
	}
	return figureOf(of(float64(*f), v))
}

// comparisonLine is the line of a comparison. It warns of what is past its bounds.
func comparisonLine(s *session, r *pipeline.Comparison) *compareLine {
	for _, n := range r.Notes {
		s.log.Warn(n)
	}
	line := newCompareLine(r, s.threads())
	for _, p := range line.Past {
		s.log.Warn(fmt.Sprintf("%v: %s", r.Precision, p))
	}
	return line
}

// sampleMasks is how many tokens of each built-in text are masked: few texts need more
// than one for a ratio of perplexities that means something.
const sampleMasks = 4

// compareSample compares two models on the built-in texts.
func compareSample(ctx context.Context, reference, other *roberta.Model, opts ...pipeline.Option) (*pipeline.Comparison, error) {
	c, err := pipeline.NewComparer(reference, other, append([]pipeline.Option{pipeline.WithMasks(sampleMasks)}, opts...)...)
	if err != nil {
		return nil, err
	}
	if err := c.Add(ctx, pipeline.SampleInputs()...); err != nil {
		return nil, unnumbered(err)
	}
	return c.Comparison(), nil
}
