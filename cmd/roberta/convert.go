package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/goroberta/goroberta/roberta"
)

// convertCmd is `roberta convert`.
type convertCmd struct {
	Packed    bool   `xor:"form" help:"Store the matrices as they are computed with: the file opens in milliseconds, for this program only."`
	Zstd      bool   `xor:"form" help:"Compress the file: smaller, and slower to open."`
	Calibrate string `placeholder:"FILE" help:"With --precision int8: let the texts of FILE decide how matrices are rounded, some hundred of the kind that the model will read, of the form of --input of other commands, - for standard input."`
	In        string `arg:"" name:"in" help:"The checkpoint: a file or directory, hf:NAME[@REVISION], fairseq:NAME, or pocket."`
	Out       string `arg:"" name:"out" help:"The safetensors file to write, or - for standard output. It appears when it is complete."`
}

// Help is shown by kong below the summary.
func (convertCmd) Help() string {
	return `Element types and bits stay as they are, unless --precision asks for another one. The file holds settings, vocabulary, heads and labels, and opens with nothing beside it. ` +
		`With --precision, the new file is compared with the model in float32 on a few built-in English texts, which writes the line that compare writes and warns of what is past its bounds; ` +
		`a file on standard output is compared for the warnings alone. With --calibrate the line has "calibration":{"texts":…,"tokens":…,"sampled":…,"matrices":…,"changed":…,"error":…,"without":…}: ` +
		`the relative error of what the matrices of the layers give for the sampled tokens, with calibration and without. Texts that are too long are cut. Lines of --calibrate are ` + inputForm + `.`
}

// Run is called by kong.
func (c *convertCmd) Run(ctx context.Context, s *session) error {
	opts := []roberta.ConvertOption{roberta.ConvertLogger(s.log)}
	endings := []string{".safetensors"}
	if c.Packed {
		opts = append(opts, roberta.Packed())
	}
	if c.Zstd {
		opts = append(opts, roberta.Zstd())
		endings = append(endings, ".zst")
	}
	rounds := s.Precision != nil && s.precision() != roberta.Float32
	if s.Precision != nil {
		opts = append(opts, roberta.ConvertPrecision(s.precision()))
	}
	if rounds && c.Zstd {
		return usagef("--zstd and --precision %s exclude each other: a compressed file cannot be mapped", *s.Precision)
	}
	if c.Calibrate != "" && (s.Precision == nil || s.precision() != roberta.Int8) {
		return usagef("--calibrate is for --precision int8")
	}
	if c.Out == "-" {
		c.Out = stdoutName
	}
	if err := s.fetch(ctx, &c.In); err != nil {
		return err
	}
	for _, read := range []string{c.In, c.Calibrate} {
		if err := checkOutput(c.Out, nil, read); err != nil {
			return err
		}
	}
	if err := checkEnding(c.Out, endings); err != nil {
		return err
	}
	if rounds || c.In == pocketModel {
		return c.save(ctx, s, rounds, opts)
	}
	return c.stopped(roberta.Convert(ctx, c.In, c.Out, opts...))
}

func (c *convertCmd) stopped(err error) error {
	return stopped(err, "before %s was complete", c.Out)
}

// save writes the file from the model, which is in float32 unless its file has it rounded.
func (c *convertCmd) save(ctx context.Context, s *session, rounds bool, opts []roberta.ConvertOption) error {
	m, err := c.open(ctx, s, c.In)
	if err != nil {
		return c.stopped(err)
	}
	defer m.Close()
	var line convertLine
	texts := calibrationTexts{name: c.Calibrate}
	if c.Calibrate != "" {
		if err := texts.read(ctx, s, m); err != nil {
			return c.stopped(err)
		}
		opts = append(opts, roberta.Calibrate(texts.inputs, func(k roberta.Calibration) {
			line.Calibration = &calibrationLine{k.Texts, k.Tokens, k.Sampled, k.Matrices, k.Changed, figure(digits(k.Error)), figure(digits(k.Without))}
		}))
	}
	if err := m.Save(ctx, c.Out, opts...); err != nil {
		return c.stopped(texts.locate(err))
	}
	if !rounds {
		return nil
	}
	if err := c.compare(ctx, s, m, &line); err != nil {
		if ctx.Err() != nil {
			return stopped(err, "after %s was complete, before it was compared", c.Out)
		}
		s.log.Warn("the new file was not compared with the model in float32: " + describe(err))
	}
	if c.Out == stdoutName || line == (convertLine{}) {
		return nil
	}
	return s.out.write(nil, line)
}

// open opens a model in its file's precision, with options of a session.
func (c *convertCmd) open(ctx context.Context, s *session, name string, opts ...roberta.Option) (*roberta.Model, error) {
	plain, flags := *s, *s.commonFlags
	flags.Precision = nil
	plain.commonFlags = &flags
	return (&modelFlags{name}).open(ctx, &plain, opts...)
}

// convertLine is what a file was compared with and calibrated on.
type convertLine struct {
	*compareLine
	Calibration *calibrationLine `json:"calibration,omitempty"`
}

type calibrationLine struct {
	Texts    int    `json:"texts"`
	Tokens   int    `json:"tokens"`
	Sampled  int    `json:"sampled"`
	Matrices int    `json:"matrices"`
	Changed  int    `json:"changed"`
	Error    figure `json:"error"`
	Without  figure `json:"without"`
}

// calibrationTexts are the lines of --calibrate.
type calibrationTexts struct {
	name   string
	inputs []roberta.Input
	lines  []int // of each input
	pad    int   // the model's
}

func (t *calibrationTexts) read(ctx context.Context, s *session, m *roberta.Model) error {
	prepare, err := encode(m, &limitFlags{Truncate: "longest-first"})
	if err != nil {
		return err
	}
	t.pad = m.Config().PadID
	var failed error
	err = fileItems(ctx, s, t.name, func(it *item) bool {
		var in roberta.Input
		if it.noText() {
			failed = fmt.Errorf(givenError, 0)
		} else {
			in, _, failed = prepare(it.request)
		}
		if failed != nil {
			failed = fmt.Errorf("%s: %w", t.name, it.locate(failed))
			return false
		}
		t.inputs, t.lines = append(t.inputs, in), append(t.lines, cmp.Or(it.at, it.line))
		s.progress.show(func() string { return fmt.Sprintf("%s: %s lines", t.name, count(len(t.inputs))) })
		return true
	})
	switch {
	case err != nil:
		return err
	case failed == nil && len(t.inputs) == 0:
		return fmt.Errorf("%s has no line to calibrate with", t.name)
	}
	return failed
}

// locate adds the line to an error about an input.
func (t *calibrationTexts) locate(err error) error {
	at := -1
	if e, ok := errors.AsType[*roberta.LengthError](err); ok {
		at, err = e.Sequence, e
	} else if e, ok := errors.AsType[*roberta.TokenError](err); ok {
		at, err = e.Sequence, e
	} else if e, ok := errors.AsType[*roberta.TypeError](err); ok {
		at, err = e.Sequence, e
	} else if errors.Is(err, roberta.ErrEmpty) {
		at, err = slices.IndexFunc(t.inputs, t.empty), roberta.ErrEmpty
	}
	if at < 0 || at >= len(t.lines) {
		return err
	}
	return fmt.Errorf("%s: %w", t.name, lineError{t.lines[at], err})
}

// empty says that an input has no tokens but pads.
func (t *calibrationTexts) empty(in roberta.Input) bool {
	return !slices.ContainsFunc(in.Tokens, func(id int) bool { return id != t.pad || in.KeepPads })
}

// compare compares the new file with the model on the built-in texts.
func (c *convertCmd) compare(ctx context.Context, s *session, m *roberta.Model, line *convertLine) error {
	if p := m.Precision(); p != roberta.Float32 {
		return fmt.Errorf("%s holds %v weights alone", clip(c.In), p)
	}
	if _, err := m.Tokenizer(); err != nil {
		return err
	}
	name, opts := c.Out, []roberta.Option{roberta.WithLogger(slog.New(slog.DiscardHandler))} // the new file says nothing new
	if name == stdoutName {
		if c.Calibrate != "" {
			return errors.New("it went to standard output")
		}
		name, opts = c.In, append(opts, roberta.WithPrecision(s.precision())) // which has the same bits
	}
	other, err := c.open(ctx, s, name, opts...)
	if err != nil {
		return err
	}
	defer other.Close()
	limit, err := (&limitFlags{Truncate: "longest-first"}).options(m)
	if err != nil {
		return err
	}
	r, err := compareSample(ctx, m, other, limit...)
	if err != nil {
		return err
	}
	line.compareLine = comparisonLine(s, r)
	return nil
}
