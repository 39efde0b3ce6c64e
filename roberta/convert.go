package roberta

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/goroberta/goroberta/internal/parallel"
	"github.com/goroberta/goroberta/internal/simd"
	"github.com/goroberta/goroberta/weights"
)

// A ConvertOption changes how Convert and Model.Save write.
type ConvertOption func(*convertOptions) error

type convertOptions struct {
	packed, zstd bool
	precision    *Precision                                                                         // nil: the file's
	calibrate    func(context.Context, *checkpoint, *network, *parallel.Pool) (*calibration, error) // nil: not
	log          *slog.Logger
}

// Packed writes matrices as kernels read them, so that opening the file is a
// memory map: it starts in milliseconds, and processes that open it share its
// pages. The file is for goroberta alone.
func Packed() ConvertOption {
	return func(o *convertOptions) error { o.packed = true; return o.check() }
}

// ConvertPrecision rounds the model's matrices; see WithPrecision. The file is Packed: in
// Int8 it has about a quarter of the size of float32's, in BFloat16 half. With Float32 it is
// Packed only if the model's file has matrices in BFloat16, whose values stay rounded. A file
// in Int8 becomes one of no other precision: ErrPrecision.
func ConvertPrecision(p Precision) ConvertOption {
	return func(o *convertOptions) error {
		if int(p) >= len(precisionNames) {
			return fmt.Errorf("roberta: no precision %d", p)
		}
		o.precision = &p
		if p != Float32 {
			o.packed = true
		}
		return o.check()
	}
}

// Zstd compresses the file. It is unpacked into memory when opened, so this is
// for moving files, not for serving them.
func Zstd() ConvertOption {
	return func(o *convertOptions) error { o.zstd = true; return o.check() }
}

// ConvertLogger sets where warnings go of what the written file does not hold. The default
// of Convert discards them, that of Save is the model's logger.
func ConvertLogger(l *slog.Logger) ConvertOption {
	return func(o *convertOptions) error { o.log = l; return nil }
}

// ErrConvert is returned by Convert for options that exclude each other.
var ErrConvert = errors.New("roberta: Packed and Zstd exclude each other: a compressed file cannot be mapped")

func newConvertOptions(opts []ConvertOption, log *slog.Logger) (o convertOptions, err error) {
	for _, opt := range opts {
		if err = opt(&o); err != nil {
			break
		}
	}
	if o.log == nil {
		o.log = log
	}
	if err == nil && o.calibrate != nil && (o.precision == nil || *o.precision != Int8) {
		err = fmt.Errorf("roberta: Calibrate is for ConvertPrecision(Int8)")
	}
	return o, err
}

// computed says whether matrices are written as the model computes with them: c's own are
// of another form or precision.
func (o *convertOptions) computed(c *checkpoint) bool {
	return o.packed || o.precision != nil && (c.int8 || c.bf16)
}

func (o *convertOptions) check() error {
	if o.packed && o.zstd {
		return ErrConvert
	}
	return nil
}

// network is the model in the precision that was asked for. full is the model in float32
// if that is at hand, else nil.
func (o *convertOptions) network(ctx context.Context, c *checkpoint, full *network, pool *parallel.Pool) (*network, error) {
	p, err := c.precision(o.precision)
	if err != nil || o.calibrate == nil {
		if err != nil {
			return nil, err
		}
		return load(ctx, c, p, pool, nil)
	}
	if c.int8 {
		return nil, fmt.Errorf("%w: the file's matrices are rounded already", ErrPrecision)
	}
	if full == nil {
		if full, err = load(ctx, c, Float32, pool, nil); err != nil {
			return nil, err
		}
		full.enc.Prepare()
	}
	k, err := o.calibrate(ctx, c, full, pool)
	if err != nil {
		return nil, err
	}
	if k.rows < sampleRows {
		o.log.Warn("few tokens to calibrate with: other texts may be rounded worse than without; some hundred texts are enough", "tokens", k.rows)
	}
	full = nil // the memory goes before the next takes its place
	n, err := load(ctx, c, p, pool, k)
	if err == nil {
		k.done(c, n)
	}
	return n, err
}

// Convert writes any checkpoint that Open reads as one safetensors file with
// settings, the tokenizer's files, heads and labels inside, and of a Hugging Face folder
// config.json and what makes it a sentence embedder. It opens with nothing beside it, and
// gives the same tokens and bits. Element types and bits stay as they are. What the file
// does not hold is said to the ConvertLogger. out is replaced when the new file
// is complete, and untouched if anything fails. Convert ends with the context's
// error once that is done.
func Convert(ctx context.Context, in, out string, opts ...ConvertOption) error {
	o, err := newConvertOptions(opts, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	if err := weights.CheckOutput(out, in); err != nil {
		return err
	}
	file, err := weights.Open(in, weights.WithContext(ctx))
	if err != nil {
		return err
	}
	defer file.Close()
	return file.Guard(func() error {
		c, err := newCheckpoint(file)
		if err != nil {
			return named(in, err)
		}
		f := modelFile{checkpoint: c, zstd: o.zstd, log: o.log}
		if o.computed(c) {
			if err := simd.Err(); err != nil {
				return fmt.Errorf("roberta: %w", err)
			}
			pool := parallel.New(0)
			defer pool.Close()
			n, err := o.network(ctx, c, nil, pool)
			if err != nil {
				return named(in, err)
			}
			f.packed, f.tables = c.matrices(n), c.tables(n)
		}
		return f.write(ctx, out)
	})
}
