package sentencepiece

import (
	"errors"
	"fmt"
)

var (
	// ErrFormat is wrapped when a file is not a SentencePiece model, or one that the
	// library refuses.
	ErrFormat = errors.New("malformed")

	// ErrUnsupported is wrapped when a model is of a type that this package does not
	// know: word and char.
	ErrUnsupported = errors.New("unsupported")

	// ErrTooLarge is wrapped when a piece has 8000 bytes or more, or a model more
	// than some eight million pieces.
	ErrTooLarge = errors.New("too large")

	// ErrDictionary is wrapped when a dictionary does not fit a model.
	ErrDictionary = errors.New("dictionary does not fit")
)

// A FileError reports why a model could not be read.
type FileError struct {
	File   string // the name given to Load
	Offset int    // the byte of the file that is at fault, or -1
	Piece  string // the piece at fault, or ""
	Err    error
}

func (e *FileError) Error() string {
	s := "sentencepiece: " + e.File
	if e.Offset >= 0 {
		s += fmt.Sprintf(": byte %d", e.Offset)
	}
	if e.Piece != "" {
		s += fmt.Sprintf(": piece %s", quote(e.Piece))
	}
	return s + ": " + e.Err.Error()
}

func (e *FileError) Unwrap() error { return e.Err }

// quote returns s in quotes, with at most some 60 bytes of it.
func quote(s string) string {
	const most = 60
	if len(s) > most {
		return fmt.Sprintf("%q…", s[:most])
	}
	return fmt.Sprintf("%q", s)
}
