package roberta

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"strings"

	"github.com/goroberta/goroberta/tokenizer"
	"github.com/goroberta/goroberta/tokenizer/auto"
	"github.com/goroberta/goroberta/weights"
)

// tokenizerSource is what package auto is told of the checkpoint.
func (c *checkpoint) tokenizerSource() auto.Source {
	s := &settings{m: c.settings}
	src := auto.Source{
		Files: c.file, Inside: c.file.Files(), Fairseq: !c.hf,
		BPE: s.string("bpe", ""), PrefixSpace: s.bool("bpe_add_prefix_space", false), VocabSize: c.rows(),
	}
	if model := s.string("sentencepiece_model", ""); model != "" {
		src.SentencePiece = path.Base(strings.ReplaceAll(model, `\`, "/")) // its folder is that of the training machine
	}
	return src
}

// rows is the number of rows of the token embedding.
func (c *checkpoint) rows() int {
	if t, ok := c.tensors[embedWeight]; ok && len(t.Shape) == 2 {
		return t.Shape[0]
	}
	if t, ok := c.tensors[embedWeight+scalesSuffix]; ok && len(t.Shape) == 1 {
		return t.Shape[0]
	}
	return 0
}

// tokenizer makes the tokenizer of a checkpoint. The error wraps ErrNoVocabulary.
func (c *checkpoint) tokenizer(plain bool) (tokenizer.Tokenizer, tokenizer.Info, error) {
	var opts []auto.Option
	if plain {
		opts = append(opts, auto.WithPlainText())
	}
	tok, info, err := auto.Read(c.tokenizerSource(), opts...)
	switch {
	case errors.Is(err, auto.ErrNone):
		_, why, _ := strings.Cut(err.Error(), auto.ErrNone.Error())
		err = fmt.Errorf("%w%s", ErrNoVocabulary, why)
	case err != nil:
		err = vocabularyError{err}
	}
	return tok, info, err
}

// A vocabularyError reports a vocabulary that cannot be used.
type vocabularyError struct{ error }

func (e vocabularyError) Unwrap() error { return e.error }

// Is makes errors.Is(err, ErrNoVocabulary) true.
func (e vocabularyError) Is(target error) bool { return target == ErrNoVocabulary }

// A vocabularySet is the files that a checkpoint's tokenizer is made of, by the names
// that a converted file gives them.
type vocabularySet struct{ files map[string][]byte }

// vocabularyFiles reads the files of the tokenizer.
func (c *checkpoint) vocabularyFiles() (vocabularySet, error) {
	files, err := auto.Gather(c.tokenizerSource())
	return vocabularySet{maps.Clone(files)}, err
}

// OpenTokenizer opens the tokenizer of what Open opens as a model. Of the model it reads
// headers and settings alone, no weights, and does not ask whether they are whole.
//
// If path holds no model that Open knows, the tokenizer is looked for alone: path is then
// a folder or a file as package auto's Open takes it.
//
// Info.MaxLength is at most what the model has positions for, and that if no file says it.
// The error wraps ErrNoVocabulary if there is a model and no usable tokenizer.
func OpenTokenizer(name string, opts ...Option) (tokenizer.Tokenizer, tokenizer.Info, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, tokenizer.Info{}, err
	}
	file, err := weights.Open(name, o.weights...)
	if err != nil {
		return openAlone(name, o, err)
	}
	defer file.Close()
	var tok tokenizer.Tokenizer
	var info tokenizer.Info
	known := false
	err = file.Guard(func() (err error) {
		c, err := translate(file)
		if err != nil {
			return err
		}
		known = true
		if tok, info, err = c.tokenizer(o.plainText); err != nil {
			return err
		}
		if c.configure() == nil && (info.MaxLength == 0 || info.MaxLength > c.config.MaxPositions) {
			info.MaxLength = c.config.MaxPositions
		}
		return nil
	})
	switch {
	case err != nil && !known:
		return openAlone(name, o, named(name, err))
	case err != nil:
		return nil, tokenizer.Info{}, named(name, err)
	}
	for _, n := range info.Notes {
		o.log.Info(n, "tokenizer", name)
	}
	return tok, info, nil
}

// openAlone opens a tokenizer that lies beside no model of ours. why is the error that
// the model gave: it is returned if there is no tokenizer either.
func openAlone(name string, o *options, why error) (tokenizer.Tokenizer, tokenizer.Info, error) {
	if o.ctx.Err() != nil {
		return nil, tokenizer.Info{}, why
	}
	var opts []auto.Option
	if o.plainText {
		opts = append(opts, auto.WithPlainText())
	}
	tok, info, err := auto.Open(name, opts...)
	switch {
	case err == nil:
		if !errors.Is(why, weights.ErrNotCheckpoint) {
			o.log.Info("the model cannot be read, its tokenizer can", "tokenizer", name, "error", why)
		}
		return tok, info, nil
	case errors.Is(err, auto.ErrNone):
		return nil, tokenizer.Info{}, why
	}
	return nil, tokenizer.Info{}, err
}
