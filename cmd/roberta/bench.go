package main

import (
	"context"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goroberta/goroberta/internal/outfile"
	"github.com/goroberta/goroberta/internal/synth"
	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/weights"
)

// benchCmd is `roberta bench`.
type benchCmd struct {
	modelFlags
	Arch   string   `placeholder:"NAME" help:"Measure this architecture, roberta.base or roberta.large, with made-up weights, in place of a model."`
	Shapes []string `default:"1x8,1x128,8x128" placeholder:"BxT,…" help:"Batches to measure: sequences x tokens (default ${default})."`
	Runs   int      `placeholder:"N" help:"Runs of each batch. Default: as many as fill a second, 5 at least."`
}

// Help is shown by kong below the summary.
func (benchCmd) Help() string {
	return `Writes {"shape":"8x128","threads":2,"precision":"fp32","level":"avx2","runs":7,"median_ms":…,"tokens_per_s":…,"gflops":…} for each shape. ` +
		`What is measured is extracting features from tokens. One multiply-add of a linear layer or of attention counts as two operations.`
}

// Validate is called by kong.
func (c *benchCmd) Validate() error {
	if c.Runs < 0 {
		return usagef("--runs %d: want at least 1", c.Runs)
	}
	if c.Arch != "" {
		if _, err := synth.Arch(c.Arch); err != nil {
			return usagef("--arch %s: want roberta.base or roberta.large", c.Arch)
		}
	}
	for _, s := range c.Shapes {
		if _, _, err := parseShape(s); err != nil {
			return usageError{err}
		}
	}
	return nil
}

// parseShape reads "BxT".
func parseShape(s string) (B, T int, err error) {
	b, t, _ := strings.Cut(s, "x")
	B, errB := strconv.Atoi(b)
	T, errT := strconv.Atoi(t)
	if errB != nil || errT != nil || B < 1 || T < 1 || B > 1<<20 || T > 1<<20 {
		return 0, 0, fmt.Errorf("--shapes %s: want sequences x tokens, as in 8x128", s)
	}
	return B, T, nil
}

type benchLine struct {
	Shape        string  `json:"shape"`
	Threads      int     `json:"threads"`
	Precision    string  `json:"precision"`
	Level        string  `json:"level"`
	Runs         int     `json:"runs"`
	MedianMS     float64 `json:"median_ms"`
	TokensPerSec float64 `json:"tokens_per_s"`
	GFLOPS       float64 `json:"gflops"`
}

// Run is called by kong.
func (c *benchCmd) Run(ctx context.Context, s *session) error {
	m, close, err := c.model(ctx, s)
	if err != nil {
		return err
	}
	defer close()
	cfg := m.Config()
	for i, shape := range c.Shapes {
		s.progress.show(func() string { return "measuring " + shape })
		B, T, err := parseShape(shape)
		if err != nil {
			return err
		}
		tokens := randomTokens(B, T, cfg.VocabSize)
		times, err := c.measure(func() error {
			_, err := m.ExtractFeatures(ctx, tokens...)
			return err
		})
		if err != nil {
			return stopped(fmt.Errorf("shape %s: %w", shape, err), "after %d of %d shapes", i, len(c.Shapes))
		}
		median := medianOf(times).Seconds()
		line := benchLine{
			Shape: shape, Threads: s.threads(), Precision: m.Precision().String(), Level: roberta.SIMDLevel(), Runs: len(times),
			MedianMS:     digits(1e3 * median),
			TokensPerSec: digits(float64(B*T) / median),
			GFLOPS:       digits(float64(B) * flops(cfg, T) / median / 1e9),
		}
		if err := s.out.write(nil, line); err != nil {
			return err
		}
		if err := s.out.flush(); err != nil {
			return err
		}
	}
	return nil
}

// model opens the model that the flags name. One of made-up weights lies in a file
// without a name, which close gives back.
func (c *benchCmd) model(ctx context.Context, s *session) (m *roberta.Model, close func(), err error) {
	if c.Arch == "" {
		m, err = c.modelFlags.open(ctx, s)
		return m, func() { m.Close() }, err
	}
	arch, err := synth.Arch(c.Arch)
	if err != nil {
		return nil, nil, err
	}
	metadata, entries, err := arch.Entries(ctx, 1)
	if err != nil {
		return nil, nil, err
	}
	file, err := outfile.Scratch("")
	if err != nil {
		return nil, nil, err
	}
	if err = weights.Write(file, metadata, entries); err == nil {
		var info fs.FileInfo
		if info, err = file.Stat(); err == nil {
			m, err = roberta.Load(file, info.Size(), s.options(ctx)...)
		}
	}
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return m, func() { m.Close(); file.Close() }, nil
}

// measure calls f once to warm up and then as often as the flags say.
func (c *benchCmd) measure(f func() error) ([]time.Duration, error) {
	if err := f(); err != nil {
		return nil, err
	}
	var times []time.Duration
	for begin := time.Now(); len(times) < c.Runs || c.Runs == 0 && (len(times) < 5 || time.Since(begin) < time.Second); {
		start := time.Now()
		if err := f(); err != nil {
			return nil, err
		}
		times = append(times, time.Since(start))
	}
	return times, nil
}

// randomTokens makes B sequences <s> … </s> of T tokens, the same ones each time.
func randomTokens(B, T, vocabulary int) [][]int {
	rng := rand.New(rand.NewPCG(1, 2))
	tokens := make([][]int, B)
	for b := range tokens {
		tokens[b] = make([]int, T)
		for i := range T {
			tokens[b][i] = 4 + rng.IntN(max(1, vocabulary-4))
		}
		tokens[b][T-1] = 2
		tokens[b][0] = 0
	}
	return tokens
}

// flops is the number of floating-point operations for the features of one
// sequence of T tokens: two for each multiply-add of the linear layers and of
// the products with keys and values.
func flops(cfg roberta.Config, T int) float64 {
	t, c, f := float64(T), float64(cfg.Dim), float64(cfg.FFNDim)
	linear := t * (4*c*c + 2*c*f)
	attention := 2 * t * t * c
	return 2 * float64(cfg.Layers) * (linear + attention)
}

// medianOf is the middle one, or the mean of the middle two.
func medianOf(times []time.Duration) time.Duration {
	slices.Sort(times)
	n := len(times)
	return (times[(n-1)/2] + times[n/2]) / 2
}

// digits rounds to the four digits that a measurement is good for.
func digits(x float64) float64 {
	if x == 0 || math.IsInf(x, 0) {
		return x
	}
	unit := math.Pow(10, math.Floor(math.Log10(x))-3)
	r, _ := strconv.ParseFloat(strconv.FormatFloat(math.Round(x/unit)*unit, 'g', 4, 64), 64)
	return r
}
