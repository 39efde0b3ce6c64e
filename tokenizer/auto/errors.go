package auto

import (
	"errors"
	"fmt"
)

// ErrNone is wrapped by the error of Open and Read if no file of a tokenizer is there.
// It says which were looked for.
var ErrNone = errors.New("no tokenizer")

// An Error reports a file that a tokenizer cannot be made of.
type Error struct {
	File string // as it is called on disk
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("tokenizer: %s: %v", e.File, e.Err) }

func (e *Error) Unwrap() error { return e.Err }
