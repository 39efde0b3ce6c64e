package main

import (
	"context"
	"errors"
	"math"
	"os"

	"github.com/goroberta/goroberta/models/pocket"
	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
	"github.com/goroberta/goroberta/tokenizer/auto"
	"github.com/goroberta/goroberta/weights"
)

// inspectCmd is `roberta inspect`.
type inspectCmd struct {
	Model string `arg:"" help:"The checkpoint: a file or directory, hf:NAME[@REVISION], fairseq:NAME, or pocket; or a tokenizer."`
}

// Help is shown by kong below the summary.
func (inspectCmd) Help() string {
	return `Writes {"format":…,"precision":…,"config":{…},"vocabulary":…,"tokenizer":{"kind":…,"file":…},"heads":{…},"tensors":[{"name":…,"dtype":…,"shape":[…]}],"notes":[…],"nan":[…]}: ` +
		`settings, number of symbols, which tokenizer and from which file, heads by name, tensors by their names in the file, remarks, and tensors that hold NaN or infinities. ` +
		`Of a tokenizer without a model it writes "vocabulary", "tokenizer" and "notes".`
}

type inspectLine struct {
	Format     string              `json:"format"`
	Precision  string              `json:"precision"` // of the matrices as they are computed with
	Config     roberta.Config      `json:"config"`
	Vocabulary int                 `json:"vocabulary,omitempty"`
	Tokenizer  *tokenizerInfo      `json:"tokenizer"` // null without: a note says why
	Heads      map[string]headInfo `json:"heads"`
	File       string              `json:"file,omitempty"` // that holds the tensors
	Tensors    []tensorInfo        `json:"tensors"`
	Notes      []string            `json:"notes"`
	NaN        []string            `json:"nan,omitempty"`
}

// A tokenizerLine is about a tokenizer without a model.
type tokenizerLine struct {
	Vocabulary int            `json:"vocabulary"`
	Tokenizer  *tokenizerInfo `json:"tokenizer"`
	Notes      []string       `json:"notes"`
}

type tokenizerInfo struct {
	Kind         string         `json:"kind"`
	File         *string        `json:"file"` // null if it is built in
	Special      map[string]int `json:"special"`
	MaxLength    int            `json:"max_length,omitempty"`
	TruncateSide string         `json:"truncate_side,omitempty"`
	Truncation   bool           `json:"truncation,omitempty"` // sections of tokenizer.json, for --truncate file
	Padding      bool           `json:"padding,omitempty"`    // and --pad
}

func newTokenizerInfo(tok tokenizer.Tokenizer, info tokenizer.Info) *tokenizerInfo {
	t := &tokenizerInfo{Kind: info.Kind, Special: map[string]int{}, MaxLength: info.MaxLength, Truncation: info.Truncation != nil, Padding: info.Padding != nil}
	if info.File != "" {
		t.File = &info.File
	}
	s := tok.Special()
	for name, id := range map[string]int{"bos": s.BOS, "pad": s.Pad, "eos": s.EOS, "unk": s.Unk, "mask": s.Mask} {
		if id >= 0 {
			t.Special[name] = id
		}
	}
	if info.TruncateLeft {
		t.TruncateSide = "left"
	}
	return t
}

type headInfo struct {
	Reads    roberta.Reads    `json:"reads,omitempty"`
	Classes  int              `json:"classes"`
	InnerDim int              `json:"inner_dim"`
	Function roberta.Function `json:"function,omitempty"`
	Labels   []string         `json:"labels,omitempty"`
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
	if info, statErr := os.Stat(c.Model); errors.Is(err, weights.ErrNotCheckpoint) || err != nil && statErr == nil && info.Mode().IsRegular() {
		if done, err := c.tokenizerAlone(s, err); done {
			return err
		}
	}
	if err != nil {
		return err
	}
	defer ckpt.Close()
	m, err := (&modelFlags{c.Model}).open(ctx, s)
	if err != nil {
		return err
	}
	defer m.Close()

	line := inspectLine{Format: string(ckpt.Format), Precision: m.Precision().String(), Config: m.Config(), Heads: map[string]headInfo{}, Notes: m.Notes()}
	if tok, err := m.Tokenizer(); err == nil { // an error is among the notes
		line.Vocabulary, line.Tokenizer = tok.Len(), newTokenizerInfo(tok, m.TokenizerInfo())
	}
	for _, h := range m.Heads() {
		line.Heads[h.Name] = headInfo{h.Reads, h.Classes, h.InnerDim, h.Function, h.Labels}
	}
	for _, t := range ckpt.Tensors() {
		line.Tensors = append(line.Tensors, tensorInfo{t.Name, t.Type(), t.Shape})
		ok, err := allFinite(ctx, t)
		if err != nil {
			return err
		}
		if !ok {
			line.NaN = append(line.NaN, t.Name)
		}
	}
	line.File = ckpt.Source
	if line.Notes == nil {
		line.Notes = []string{}
	}
	return s.out.write(nil, line)
}

// tokenizerAlone describes a file or folder that holds a tokenizer and no model; done is
// false if it holds none. A note says which of a folder's files is no model, though its
// name is that of one.
func (c *inspectCmd) tokenizerAlone(s *session, noModel error) (done bool, err error) {
	tok, info, err := auto.Open(c.Model)
	if errors.Is(err, auto.ErrNone) {
		return false, nil
	}
	if err != nil {
		return true, err
	}
	notes := append([]string{}, info.Notes...)
	if e, ok := errors.AsType[*weights.FileError](noModel); ok && (e.Entry != "" || e.Path != c.Model) {
		notes = append(notes, "there is no model: "+describe(noModel))
	}
	return true, s.out.write(nil, tokenizerLine{tok.Len(), newTokenizerInfo(tok, info), notes})
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
