package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/goroberta/goroberta/hub"
	"github.com/goroberta/goroberta/internal/simd"
	"github.com/goroberta/goroberta/models/pocket"
	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// doctorCmd is `roberta doctor`.
type doctorCmd struct {
	Model string `short:"m" placeholder:"MODEL" help:"Examine this model too."`
}

// Help is shown by kong below the summary.
func (doctorCmd) Help() string {
	return `Writes {"version":…,"level":…,"levels":[…],"threads":…,"limits":{…},"caches":{…},"checks":[{"check":…,"ok":…}],…}: what computes here, what bounds it, and a self-test: ` +
		`the model inside this program gives its stored results, with the same bits at every instruction set and on every number of threads. With -m the same bits are wanted of the model, whose weights must be finite, ` +
		`and whose tokenizer must read text. A check that fails has an "error", and the command then exits with 1.`
}

type doctorLine struct {
	Version  string       `json:"version"`
	Platform string       `json:"platform"`
	CPU      string       `json:"cpu,omitempty"`
	Level    string       `json:"level"`        // of instructions
	Levels   []string     `json:"levels"`       // that there are
	Dots     bool         `json:"dot_products"` // whether int8 uses instructions for dot products of bytes
	BF16     string       `json:"bf16"`         // what bf16 is computed by; see bf16Products
	Peak     float64      `json:"peak_gflops"`  // of one core, measured
	Threads  int          `json:"threads"`      // that a model computes with
	Limits   doctorLimits `json:"limits"`
	Caches   doctorCaches `json:"caches"`
	Model    *doctorModel `json:"model,omitempty"`
	Checks   []check      `json:"checks"`
}

// doctorLimits bound what a process may use; null where nothing does.
type doctorLimits struct {
	CPUs        int      `json:"cpus"`
	GOMAXPROCS  int      `json:"gomaxprocs"`
	CPUQuota    *float64 `json:"cpu_quota"` // of a control group, in CPUs
	MemoryTotal *int64   `json:"memory_bytes"`
	MemoryQuota *int64   `json:"memory_quota_bytes"` // of a control group
	GOMEMLIMIT  *int64   `json:"gomemlimit_bytes"`
}

type doctorCaches struct {
	HuggingFace string `json:"hugging_face"`
	Fairseq     string `json:"fairseq"`
}

type doctorModel struct {
	Name      string         `json:"name"`
	Format    string         `json:"format"`
	Precision string         `json:"precision"`
	Config    roberta.Config `json:"config"`
	Tokenizer *tokenizerInfo `json:"tokenizer"`
	Heads     []string       `json:"heads"`
	Notes     []string       `json:"notes"`
}

// A check is one that holds or fails.
type check struct {
	Name  string  `json:"check"`
	OK    bool    `json:"ok"`
	Error string  `json:"error,omitempty"`
	MS    float64 `json:"ms"`
}

// Run is called by kong.
func (c *doctorCmd) Run(ctx context.Context, s *session) error {
	line := doctorLine{
		Version: version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, CPU: cpuName(),
		Level: simd.Active().String(), Dots: simd.Dots(), BF16: bf16Products(), Peak: digits(simd.Peak() / 1e9), Threads: s.threads(), Limits: limits(),
	}
	for _, l := range simd.Supported() {
		line.Levels = append(line.Levels, l.String())
	}
	failed := 0
	// try adds a check.
	try := func(name string, f func() error) bool {
		began := time.Now()
		err := ctx.Err()
		if err == nil {
			err = f()
		}
		k := check{Name: name, OK: err == nil, MS: digits(float64(time.Since(began)) / 1e6)}
		if err != nil {
			k.Error = describe(err)
			failed++
		}
		line.Checks = append(line.Checks, k)
		return err == nil
	}
	try("environment", func() (err error) {
		line.Caches.HuggingFace, line.Caches.Fairseq, err = hub.Caches()
		return errors.Join(simd.Err(), err)
	})
	if simd.Err() == nil { // models do not open with it
		try("results of the model inside", func() error { return c.golden(ctx, s) })
		try("equal bits of the model inside", func() error { return c.equalBits(ctx, s, pocketModel) })
		if c.Model != "" && try("model opens", func() error { return c.open(ctx, s, &line) }) {
			try("tokenizer", func() error { return c.tokenizer(ctx, s) })
			try("weights are finite", func() error { return c.finite(ctx) })
			try("equal bits", func() error { return c.equalBits(ctx, s, c.Model) })
		}
	}
	if err := ctx.Err(); err != nil {
		return stopped(err, "before all was examined")
	}
	if err := s.out.write(nil, line); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d checks failed", failed, len(line.Checks))
	}
	return nil
}

// golden compares the model inside with what fairseq computes with it.
func (c *doctorCmd) golden(ctx context.Context, s *session) error {
	m, err := pocket.Open(append(s.options(ctx), roberta.WithPrecision(roberta.Float32))...)
	if err != nil {
		return err
	}
	defer m.Close()
	for _, want := range []struct {
		head  string
		texts []string
		logp  []float32 // of models/pocket/testdata/expected.json
	}{
		{"mnli", []string{"A man is playing a guitar.", "A man is playing an instrument."}, []float32{-2.4619513, -3.3936167, -0.12653349}},
		{"topic", []string{"The old lady took her umbrella and went out into the rain."}, []float32{-0.050458226, -3.7912304, -3.7805333, -5.7571406, -9.551009, -8.611028, -8.2050085, -8.864006}},
	} {
		p, err := m.Predict(ctx, want.head, m.Encode(want.texts[0], want.texts[1:]...))
		if err != nil {
			return err
		}
		const far = 2e-5 // of fairseq's own float32
		for i, x := range p.Row(0) {
			if !(math.Abs(float64(x-want.logp[i])) <= far) {
				return fmt.Errorf("log-probability %d of %s is %v, and fairseq computes %v", i, want.head, x, want.logp[i])
			}
		}
	}
	return nil
}

// equalBits computes a model's features at every level, on one thread and on all. They
// must not differ in a single bit.
func (c *doctorCmd) equalBits(ctx context.Context, s *session, name string) error {
	first := map[int][sha256.Size]byte{} // of each sequence
	var way string
	threads := slices.Compact([]int{1, s.threads()})
	for _, n := range threads {
		m, err := openModel(name, append(s.options(ctx), roberta.WithThreads(n))...)
		if err != nil {
			return err
		}
		err = func() error {
			defer m.Close()
			all := doctorTokens(m.Config())
			levels := simd.Supported()
			if m.Precision() == roberta.BFloat16 && !simd.BF16Exact() {
				levels = levels[len(levels)-1:] // with bits of its own
			}
			for _, level := range levels {
				restore, err := simd.Use(level)
				if err != nil {
					return err
				}
				tokens := all
				if level == simd.Generic && len(simd.Supported()) > 1 {
					tokens = all[:2] // the others would take a minute in a large model
				}
				x, err := m.ExtractFeatures(ctx, tokens...)
				restore()
				if err != nil {
					return err
				}
				for i := range tokens {
					sum := bits(x, i)
					if want, ok := first[i]; !ok {
						first[i], way = sum, fmt.Sprintf("%v on %d threads", level, n)
					} else if sum != want {
						return fmt.Errorf("%v on %d threads gives other bits than %s", level, n, way)
					}
				}
			}
			return nil
		}()
		if err != nil {
			return err
		}
	}
	return nil
}

// bf16Products says what products in bf16 are computed by.
func bf16Products() string {
	name := "VDPBF16PS"
	if runtime.GOARCH == "arm64" {
		name = "BFDOT"
	}
	switch {
	case !simd.BF16Dots():
		return "fused multiply-adds"
	case !simd.BF16Exact():
		return name + ", with bits of its own"
	}
	return name
}

// doctorTokens are sequences of a few lengths over the whole vocabulary.
func doctorTokens(cfg roberta.Config) (all [][]int) {
	for _, n := range []int{2, 7, 33, 64} {
		ids := make([]int, min(n, cfg.MaxPositions))
		for i := range ids {
			ids[i] = (i*i*7919 + n) % cfg.VocabSize
			if ids[i] == cfg.PadID {
				ids[i] = 0
			}
		}
		all = append(all, ids)
	}
	return all
}

// bits is a hash of the bits of a sequence's features.
func bits(x *roberta.States, sequence int) [sha256.Size]byte {
	h := sha256.New()
	var buf []byte
	for t := range x.Len(sequence) {
		buf = buf[:0]
		for _, v := range x.Row(sequence, t) {
			buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v))
		}
		h.Write(buf)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

func openModel(name string, opts ...roberta.Option) (*roberta.Model, error) {
	if name == pocketModel {
		return pocket.Open(opts...)
	}
	return roberta.Open(name, opts...)
}

// open describes the model.
func (c *doctorCmd) open(ctx context.Context, s *session, line *doctorLine) error {
	if err := s.fetch(ctx, &c.Model); err != nil {
		return err
	}
	m, err := openModel(c.Model, s.options(ctx)...)
	if err != nil {
		return err
	}
	defer m.Close()
	ckpt, err := (&inspectCmd{c.Model}).checkpoint(ctx)
	if err != nil {
		return err
	}
	defer ckpt.Close()
	line.Model = &doctorModel{Name: c.Model, Format: string(ckpt.Format), Precision: m.Precision().String(), Config: m.Config(), Heads: []string{}, Notes: append([]string{}, m.Notes()...)}
	for _, h := range m.Heads() {
		line.Model.Heads = append(line.Model.Heads, h.Name)
	}
	if tok, err := m.Tokenizer(); err == nil {
		line.Model.Tokenizer = newTokenizerInfo(tok, m.TokenizerInfo())
	}
	return nil
}

// doctorText is read by every tokenizer without unknown tokens, and comes back.
const doctorText = "a good day"

// tokenizer reads a text and writes it again.
func (c *doctorCmd) tokenizer(ctx context.Context, s *session) error {
	m, err := openModel(c.Model, s.options(ctx)...)
	if err != nil {
		return err
	}
	defer m.Close()
	tok, err := m.Tokenizer()
	if err != nil {
		return err
	}
	ids := tokenizer.Encode(tok, doctorText)
	if got := strings.TrimSpace(tokenizer.Decode(tok, ids)); got != doctorText {
		return fmt.Errorf("%q is encoded as %v, which stand for %.100q", doctorText, ids, got)
	}
	return nil
}

// finite reads all weights.
func (c *doctorCmd) finite(ctx context.Context) error {
	ckpt, err := (&inspectCmd{c.Model}).checkpoint(ctx)
	if err != nil {
		return err
	}
	defer ckpt.Close()
	for _, t := range ckpt.Tensors() {
		ok, err := allFinite(ctx, t)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("tensor %.200s holds NaN or infinities", t.Name)
		}
	}
	return nil
}

// limits are those of the system and of Go's runtime. Control groups are Linux's.
func limits() doctorLimits {
	l := doctorLimits{CPUs: runtime.NumCPU(), GOMAXPROCS: runtime.GOMAXPROCS(0)}
	if n := debug.SetMemoryLimit(-1); n != math.MaxInt64 {
		l.GOMEMLIMIT = &n
	}
	l.fromSystem(os.DirFS("/"))
	return l
}
