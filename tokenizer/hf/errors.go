package hf

import (
	"errors"
	"fmt"

	"github.com/goroberta/goroberta/bpe"
)

// The errors that package bpe has too are the same values.
var (
	// ErrFormat is wrapped when a file does not have the form of its kind.
	ErrFormat = bpe.ErrFormat

	// ErrDuplicate is wrapped when a vocabulary gives a token or an id twice.
	ErrDuplicate = bpe.ErrDuplicate

	// ErrUnknownToken is wrapped when a vocabulary lacks a token that a merge or a
	// setting needs.
	ErrUnknownToken = bpe.ErrUnknownToken

	// ErrNotSupported is wrapped when a file asks for what this package does not do.
	ErrNotSupported = errors.New("not supported")

	// ErrTimeout is wrapped when a regular expression of the file took more than a second
	// for one match.
	ErrTimeout = bpe.ErrTimeout

	// ErrTooLarge is wrapped when a file or a part of it has no sensible size.
	ErrTooLarge = bpe.ErrTooLarge
)

// An Error reports why the files of a tokenizer could not be used.
type Error struct {
	File    string // name of the file
	Section string // the part of it, such as "pre_tokenizer" or "model.vocab"; "" for the whole file
	Token   string // the token at fault, or ""
	Err     error
}

func (e *Error) Error() string {
	s := "hf: " + e.File
	if e.Section != "" {
		s += fmt.Sprintf(": %.80s", e.Section)
	}
	if e.Token != "" {
		s += fmt.Sprintf(": token %.100q", e.Token)
	}
	return fmt.Sprintf("%s: %v", s, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

func formatError(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrFormat}, args...)...)
}

// A PatternError reports a text on which a regular expression of the file gave up.
type PatternError struct {
	Pattern string
	Err     error
}

func (e *PatternError) Error() string {
	return fmt.Sprintf("hf: regular expression %.100q: %v", e.Pattern, e.Err)
}

func (e *PatternError) Unwrap() error { return e.Err }
