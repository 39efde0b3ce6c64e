package bpe

import (
	"errors"
	"fmt"
)

var (
	// ErrFormat is wrapped by the errors of files that are not laid out as
	// their kind of file is.
	ErrFormat = errors.New("malformed")

	// ErrDuplicate is wrapped when a file gives a symbol, a token or an id twice.
	ErrDuplicate = errors.New("duplicate")

	// ErrUnknownToken is wrapped when a vocabulary lacks a token that a byte or a
	// merge needs, and by Encoder.Decode for an id that is no token's.
	ErrUnknownToken = errors.New("unknown token")

	// ErrLFSPointer is wrapped when a file holds a Git LFS pointer in place of
	// the content: the repository was cloned without git-lfs.
	ErrLFSPointer = errors.New("file is a Git LFS pointer, not the content (run git lfs pull)")

	// ErrTimeout is wrapped when a caller's pattern took longer than a second
	// to find one match.
	ErrTimeout = errors.New("match timed out")

	// ErrTooLarge is wrapped when a file is larger than any vocabulary, or a
	// pattern longer than any that is meant.
	ErrTooLarge = errors.New("too large")
)

// A VocabularyError reports why encoder.json, vocab.bpe or their Hugging Face
// twins vocab.json and merges.txt could not be used.
type VocabularyError struct {
	File  string // name of the file
	Line  int    // line in File from 1, or 0 if the whole file is at fault
	Token string // the token as the file writes it, or ""
	Err   error
}

func (e *VocabularyError) Error() string {
	s := "bpe: " + e.File
	if e.Line > 0 {
		s += fmt.Sprintf(":%d", e.Line)
	}
	if e.Token != "" {
		s += fmt.Sprintf(": token %.100q", e.Token)
	}
	return s + ": " + e.Err.Error()
}

func (e *VocabularyError) Unwrap() error { return e.Err }

// A DictionaryError reports why a dict.txt could not be read.
type DictionaryError struct {
	File string // the name given to ParseDictionary
	Line int    // line in File from 1, or 0 if the whole file is at fault
	Err  error
}

func (e *DictionaryError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("bpe: %s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("bpe: %s:%d: %v", e.File, e.Line, e.Err)
}

func (e *DictionaryError) Unwrap() error { return e.Err }

// A PatternError reports a caller's pattern that does not compile, or that gave
// up on a text.
type PatternError struct {
	Pattern string
	Offset  int // where in the text matching stopped, in bytes; of no meaning for a pattern that was refused
	Err     error
}

func (e *PatternError) Error() string {
	return fmt.Sprintf("bpe: pattern %q: at byte %d: %v", e.Pattern, e.Offset, e.Err)
}

func (e *PatternError) Unwrap() error { return e.Err }

// An IDError reports an id that the vocabulary does not have.
type IDError struct {
	ID    int
	Index int // its place among the ids given
}

func (e *IDError) Error() string {
	return fmt.Sprintf("bpe: ids[%d] = %d: %v", e.Index, e.ID, ErrUnknownToken)
}

func (e *IDError) Unwrap() error { return ErrUnknownToken }
