package main

import (
	"context"
	"errors"
	"math"

	"github.com/goroberta/goroberta/models/pocket"
	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/weights"
)

// inspectCmd is `roberta inspect`.
type inspectCmd struct {
	Model string `arg:"" help:"The checkpoint: a file or directory, hf:NAME[@REVISION], fairseq:NAME, or pocket."`
}

// Help is shown by kong below the summary.
func (inspectCmd) Help() string {
	return `Writes {"format":…,"config":{…},"vocabulary":…,"heads":{…},"tensors":[{"name":…,"dtype":…,"shape":[…]}],"notes":[…],"nan":[…]}: ` +
		`settings, number of symbols, heads by name, tensors by their names in the file, remarks, and tensors that hold NaN or infinities.`
}

type inspectLine struct {
	Format     string              `json:"format"`
	Config     roberta.Config      `json:"config"`
	Vocabulary int                 `json:"vocabulary,omitempty"`
	Heads      map[string]headInfo `json:"heads"`
	Tensors    []tensorInfo        `json:"tensors"`
	Notes      []string            `json:"notes"`
	NaN        []string            `json:"nan,omitempty"`
}

type headInfo struct {
	Classes  int      `json:"classes"`
	InnerDim int      `json:"inner_dim"`
	Labels   []string `json:"labels,omitempty"`
}

type tensorInfo struct {
	Name  string `json:"name"`
	DType string `json:"dtype"`
	Shape []int  `json:"shape"`
}

// Run is called by kong.
func (c *inspectCmd) Run(ctx context.Context, s *session) error {
	if err := s.fetch(ctx, &c.Model); err != nil {
		return err
	}
	ckpt, err := c.checkpoint(ctx)
	if err != nil {
		return err
	}
	defer ckpt.Close()
	m, err := (&modelFlags{c.Model}).open(ctx, s)
	if err != nil {
		return err
	}
	defer m.Close()

	line := inspectLine{Format: string(ckpt.Format), Config: m.Config(), Heads: map[string]headInfo{}, Notes: m.Notes()}
	switch tok, err := m.Tokenizer(); {
	case err == nil:
		line.Vocabulary = tok.Len()
	case !errors.Is(err, roberta.ErrNoVocabulary): // which is among the notes
		return err
	}
	for _, h := range m.Heads() {
		line.Heads[h.Name] = headInfo{h.Classes, h.InnerDim, h.Labels}
	}
	for _, t := range ckpt.Tensors() {
		line.Tensors = append(line.Tensors, tensorInfo{t.Name, t.DType.String(), t.Shape})
		ok, err := allFinite(ctx, t)
		if err != nil {
			return err
		}
		if !ok {
			line.NaN = append(line.NaN, t.Name)
		}
	}
	if line.Notes == nil {
		line.Notes = []string{}
	}
	return s.out.write(nil, line)
}

// checkpoint opens the tensors that the model is made of.
func (c *inspectCmd) checkpoint(ctx context.Context) (*weights.Checkpoint, error) {
	if c.Model == pocketModel {
		return weights.OpenFS(pocket.FS(), pocket.Name, weights.WithContext(ctx))
	}
	return weights.Open(c.Model, weights.WithContext(ctx))
}

// allFinite reports whether a tensor is free of NaN and infinities, among them
// float64 values that are infinite as the float32 that a model computes with.
func allFinite(ctx context.Context, t *weights.Tensor) (bool, error) {
	if !t.DType.IsFloat() || t.Len() == 0 {
		return true, nil
	}
	if len(t.Shape) == 0 {
		var v [1]float32
		err := t.Float32s(v[:])
		return finite(t.Name, v[0]) == nil, err
	}
	// Some rows at a time: an embedding matrix is hundreds of megabytes.
	const chunk = 1 << 18
	rows, cols := t.Shape[0], t.Len()/t.Shape[0]
	step := max(1, chunk/cols)
	buf := make([]float32, min(step, rows)*cols)
	for lo := 0; lo < rows; lo += step {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		hi := min(lo+step, rows)
		part := buf[:(hi-lo)*cols]
		if err := t.RowsFloat32(part, lo, hi); err != nil {
			return false, err
		}
		for _, v := range part {
			// The exponent's bits are all set in NaN and infinities only.
			if math.Float32bits(v)>>23&0xff == 0xff {
				return false, nil
			}
		}
	}
	return true, nil
}
