package main

import (
	"context"

	"github.com/goroberta/goroberta/internal/synth"
	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/weights"
)

// synthCmd is `roberta synth`.
type synthCmd struct {
	Arch string `required:"" enum:"roberta.base,roberta.large" placeholder:"NAME" help:"The architecture: roberta.base or roberta.large."`
	Seed uint64 `default:"1" placeholder:"N" help:"Chooses the weights (default 1)."`
	Out  string `arg:"" name:"out" help:"The safetensors file to write, or - for standard output. It appears when it is complete."`
}

// Help is shown by kong below the summary.
func (synthCmd) Help() string {
	return "The weights are numbers computed from names, positions and the seed, so that any implementation can make the same ones; " +
		"activations and attention behave as in a trained model. The file has a head, mnli, and opens with nothing beside it."
}

// Run is called by kong.
func (c *synthCmd) Run(ctx context.Context, s *session) error {
	if s.Precision != nil && s.precision() != roberta.Float32 {
		return usagef("--precision %s: synth writes float32, and convert --precision makes another file of it", *s.Precision)
	}
	m, err := synth.Arch(c.Arch)
	if err != nil {
		return err
	}
	out, err := s.create(ctx, c.Out, nil, "", ".safetensors")
	if err != nil {
		return err
	}
	defer out.close()
	metadata, entries, err := m.Entries(ctx, c.Seed)
	if err != nil {
		return err
	}
	if err := weights.Write(out, metadata, entries, weights.WithContext(ctx)); err != nil {
		return stopped(err, "before %s was complete", out.name)
	}
	return out.commit()
}
