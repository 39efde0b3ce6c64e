package bpe

import (
	"errors"
	"fmt"
)

var (
	// ErrFormat is wrapped when a file does not have the form of its kind.
	ErrFormat = errors.New("malformed")

	// ErrDuplicate is wrapped when a file gives a symbol, a token or an id twice.
	ErrDuplicate = errors.New("duplicate")

	// ErrUnknownToken is wrapped when a vocabulary lacks a token that a byte or a
	// merge needs.
	ErrUnknownToken = errors.New("unknown token")

	// ErrLFSPointer is wrapped when a file is a Git LFS pointer: the repository
	// was cloned without git-lfs.
	ErrLFSPointer = errors.New("file is a Git LFS pointer, not the content (run git lfs pull)")

	// ErrTimeout is wrapped when a caller's pattern took more than a second for
	// one match.
	ErrTimeout = errors.New("match timed out")

	// ErrTooLarge is wrapped when a file has more than 64 MB, or a caller's
	// pattern more than 4096 bytes.
	ErrTooLarge = errors.New("too large")
)

// A VocabularyError reports why encoder.json and vocab.bpe, or Hugging Face's
// vocab.json and merges.txt, could not be used.
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

// A PatternError reports a caller's pattern that does not compile, or a text on
// which matching gave up.
type PatternError struct {
	Pattern string
	Offset  int // where in the text matching stopped, in bytes; meaningless if the pattern does not compile
	Err     error
}

func (e *PatternError) Error() string {
	return fmt.Sprintf("bpe: pattern %q: at byte %d: %v", e.Pattern, e.Offset, e.Err)
}

func (e *PatternError) Unwrap() error { return e.Err }
