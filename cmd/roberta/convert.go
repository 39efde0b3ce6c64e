package main

import (
	"context"

	"github.com/goroberta/goroberta/roberta"
)

// convertCmd is `roberta convert`.
type convertCmd struct {
	Packed bool   `xor:"form" help:"Store the matrices as they are computed with: the file opens in milliseconds, for this program only."`
	Zstd   bool   `xor:"form" help:"Compress the file: smaller, and slower to open."`
	In     string `arg:"" name:"in" help:"The checkpoint: a file or directory, hf:NAME[@REVISION], fairseq:NAME, or pocket."`
	Out    string `arg:"" name:"out" help:"The safetensors file to write, or - for standard output. It appears when it is complete."`
}

// Help is shown by kong below the summary.
func (convertCmd) Help() string {
	return "Element types and bits stay as they are. The file holds settings, vocabulary, heads and labels, and opens with nothing beside it."
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
	if s.Precision != nil {
		opts = append(opts, roberta.ConvertPrecision(s.precision()))
	}
	if c.Out == "-" {
		c.Out = stdoutName
	}
	if err := s.fetch(ctx, &c.In); err != nil {
		return err
	}
	if err := checkOutput(c.Out, nil, c.In); err != nil {
		return err
	}
	if err := checkEnding(c.Out, endings); err != nil {
		return err
	}
	return stopped(c.convert(ctx, s, opts), "before %s was complete", c.Out)
}

func (c *convertCmd) convert(ctx context.Context, s *session, opts []roberta.ConvertOption) error {
	if c.In != pocketModel {
		return roberta.Convert(ctx, c.In, c.Out, opts...)
	}
	m, err := (&modelFlags{c.In}).open(ctx, s)
	if err != nil {
		return err
	}
	defer m.Close()
	return m.Save(ctx, c.Out, opts...)
}
