package main

import (
	"log/slog"

	"github.com/goroberta/goroberta/bpe"
	"github.com/goroberta/goroberta/models/pocket"
	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// pocketModel names the embedded model; ./pocket is a file or folder of that name.
const pocketModel = "pocket"

// threadFlags are common to all commands that compute.
type threadFlags struct {
	Threads *int `placeholder:"N" help:"Goroutines to compute with, from 1. Default: GOMAXPROCS. Results do not depend on it."`
}

// Validate is called by kong.
func (f *threadFlags) Validate() error {
	if f.Threads != nil && (*f.Threads < 1 || *f.Threads > 4096) {
		return usagef("--threads %d: want 1 to 4096", *f.Threads)
	}
	return nil
}

// options are the options to open a model with.
func (f *threadFlags) options(log *slog.Logger) []roberta.Option {
	opts := []roberta.Option{roberta.WithLogger(log)}
	if f.Threads != nil {
		opts = append(opts, roberta.WithThreads(*f.Threads))
	}
	return opts
}

// modelFlags name a model.
type modelFlags struct {
	Model string `short:"m" default:"pocket" placeholder:"MODEL" help:"A model.pt, .safetensors or release archive, a directory with one, or pocket, the small model inside this program (default)."`
	threadFlags
}

func (f *modelFlags) open(log *slog.Logger) (*roberta.Model, error) {
	if f.Model == pocketModel {
		return pocket.Open(f.options(log)...)
	}
	return roberta.Open(f.Model, f.options(log)...)
}

// tokenizerFlags name a model of which only the vocabulary is needed.
type tokenizerFlags struct {
	Model string `short:"m" placeholder:"MODEL" help:"The model whose vocabulary to use. Default: that of the released models."`
	threadFlags
}

func (f *tokenizerFlags) open(log *slog.Logger) (tokenizer.Tokenizer, error) {
	if f.Model == "" {
		return bpe.DefaultTokenizer(), nil
	}
	m, err := (&modelFlags{f.Model, f.threadFlags}).open(log)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	return m.Tokenizer() // keeps nothing of the model
}
