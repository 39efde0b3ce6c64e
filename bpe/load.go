package bpe

import (
	"errors"
	"io"
	"io/fs"
	"strings"
)

// An Option changes how New and Load make an Encoder.
type Option func(*options) error

type options struct{ pattern *pattern }

// WithPattern makes the Encoder cut text with the caller's regular expression,
// in the syntax of github.com/dlclark/regexp2, instead of GPT-2's. Text that the
// pattern does not match is cut into pieces of its own, so that nothing is lost;
// empty matches are ignored. The pattern sees a byte that is not UTF-8 as U+FFFD;
// its id is still that of the byte.
//
// Matching gives up if one match needs more than a second or too much memory:
// see Encoder.TryAppend. A pattern that does not compile, or has more than 4096
// bytes, is a *PatternError. Encoding is some ten times slower than with the
// built-in scanner.
func WithPattern(expr string) Option {
	return func(o *options) error {
		p, err := compilePattern(expr)
		o.pattern = p
		return err
	}
}

// New returns the Encoder that GPT-2's two files describe: encoder.json, an
// object of tokens and ids, and vocab.bpe, one merge in each line. Hugging
// Face's vocab.json and merges.txt are the same two files.
//
// Ids may be any integers from 0 to 2^31−1, with gaps. All 256 bytes need a
// token, and merges may only use and make tokens that exist. Otherwise the error
// is a *VocabularyError. It calls the files encoder.json and vocab.bpe unless the
// readers have a Name method, as an *os.File has.
func New(encoderJSON, vocabBPE io.Reader, opts ...Option) (*Encoder, error) {
	return newEncoder(encoderJSON, nameOf(encoderJSON, "encoder.json"), vocabBPE, nameOf(vocabBPE, "vocab.bpe"), opts)
}

func nameOf(r io.Reader, name string) string {
	if f, ok := r.(interface{ Name() string }); ok {
		return f.Name()
	}
	return name
}

// Load returns the Encoder whose files are at the top of fsys: encoder.json and
// vocab.bpe, or else vocab.json and merges.txt. If neither pair is there, the
// error is a *VocabularyError that wraps fs.ErrNotExist and names what is
// missing.
func Load(fsys fs.FS, opts ...Option) (*Encoder, error) {
	var missing []string
	for _, names := range [][2]string{{"encoder.json", "vocab.bpe"}, {"vocab.json", "merges.txt"}} {
		var files [2]fs.File
		for i, name := range names {
			f, err := fsys.Open(name)
			if errors.Is(err, fs.ErrNotExist) {
				missing = append(missing, name)
				break
			}
			if err != nil {
				return nil, &VocabularyError{File: name, Err: err}
			}
			defer f.Close()
			files[i] = f
		}
		if files[1] != nil {
			return newEncoder(files[0], names[0], files[1], names[1], opts)
		}
	}
	return nil, &VocabularyError{File: strings.Join(missing, " and "), Err: fs.ErrNotExist}
}

func newEncoder(encoderJSON io.Reader, encoderName string, vocabBPE io.Reader, mergesName string, opts []Option) (*Encoder, error) {
	var o options
	for _, opt := range opts {
		if err := opt(&o); err != nil {
			return nil, err
		}
	}
	text, err := readFile(encoderJSON, maxFile)
	if err != nil {
		return nil, &VocabularyError{File: encoderName, Err: err}
	}
	entries, err := parseEncoder(text, encoderName)
	if err != nil {
		return nil, err
	}
	text, err = readFile(vocabBPE, maxFile)
	if err != nil {
		return nil, &VocabularyError{File: mergesName, Err: err}
	}
	merges, err := parseMerges(text, mergesName)
	if err != nil {
		return nil, err
	}
	v, err := newVocabulary(entries, merges, encoderName, mergesName)
	if err != nil {
		return nil, err
	}
	return &Encoder{vocabulary: v, file: encoderName, pattern: o.pattern, words: new(words)}, nil
}
