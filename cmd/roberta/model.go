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

func (f *modelFlags) open(ctx context.Context, s *session, opts ...roberta.Option) (*roberta.Model, error) {
	if err := s.fetch(ctx, &f.Model); err != nil {
		return nil, err
	}
	if err := s.checkStdout(nil, f.Model); err != nil {
		return nil, err
	}
	opts = append(s.options(ctx), opts...)
	if f.Model == pocketModel {
		return pocket.Open(opts...)
	}
	return roberta.Open(f.Model, opts...)
}

// plainFlag says how the names of special tokens in texts are read.
type plainFlag struct {
	Plain bool `help:"Read <mask>, </s> and other special tokens in a text as letters, as fairseq does, in a Hugging Face folder too."`
}

func (f *plainFlag) options() []roberta.Option {
	if f.Plain {
		return []roberta.Option{roberta.WithPlainText()}
	}
	return nil
}

// tokenizerFlags name a tokenizer: that of a model, or a file or folder that holds one
// alone.
type tokenizerFlags struct {
	Model string `short:"m" placeholder:"MODEL" help:"The model whose vocabulary to use, or a tokenizer alone: tokenizer.json, a SentencePiece .model, or a folder with the files of one. Default: that of the released models."`
	plainFlag
}

// open opens the tokenizer. Of a model it reads headers and settings alone.
func (f *tokenizerFlags) open(ctx context.Context, s *session) (tokenizer.Tokenizer, tokenizer.Info, error) {
	if f.Model == "" {
		return bpe.DefaultTokenizer(), tokenizer.Info{Kind: "byte-level BPE"}, nil
	}
	if err := s.fetch(ctx, &f.Model, hub.TokenizerOnly()); err != nil {
		return nil, tokenizer.Info{}, err
	}
	if err := s.checkStdout(nil, f.Model); err != nil {
		return nil, tokenizer.Info{}, err
	}
	opts := append(s.options(ctx), f.options()...)
	if f.Model != pocketModel {
		return roberta.OpenTokenizer(f.Model, opts...)
	}
	m, err := pocket.Open(opts...)
	if err != nil {
		return nil, tokenizer.Info{}, err
	}
	defer m.Close()
	tok, err := m.Tokenizer() // keeps nothing of the model
	return tok, m.TokenizerInfo(), err
}
