package main

import (
	"context"

	"github.com/goroberta/goroberta/bpe"
	"github.com/goroberta/goroberta/hub"
	"github.com/goroberta/goroberta/models/pocket"
	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// pocketModel names the embedded model; ./pocket is a file or folder of that name.
const pocketModel = "pocket"

// modelFlags name a model.
type modelFlags struct {
	Model string `short:"m" default:"pocket" placeholder:"MODEL" help:"A model.pt, .safetensors or release archive, a directory with one, hf:NAME[@REVISION] from Hugging Face, fairseq:NAME, or pocket, the small model inside this program (default)."`
}

func (f *modelFlags) open(ctx context.Context, s *session) (*roberta.Model, error) {
	if err := s.fetch(ctx, &f.Model); err != nil {
		return nil, err
	}
	if err := s.checkStdout(nil, f.Model); err != nil {
		return nil, err
	}
	if f.Model == pocketModel {
		return pocket.Open(s.options(ctx)...)
	}
	return roberta.Open(f.Model, s.options(ctx)...)
}

// tokenizerFlags name a model of which only the vocabulary is needed.
type tokenizerFlags struct {
	Model string `short:"m" placeholder:"MODEL" help:"The model whose vocabulary to use. Default: that of the released models."`
}

func (f *tokenizerFlags) open(ctx context.Context, s *session) (tokenizer.Tokenizer, error) {
	if f.Model == "" {
		return bpe.DefaultTokenizer(), nil
	}
	if err := s.fetch(ctx, &f.Model, hub.TokenizerOnly()); err != nil {
		return nil, err
	}
	m, err := (&modelFlags{f.Model}).open(ctx, s)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	return m.Tokenizer() // keeps nothing of the model
}
