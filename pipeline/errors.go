package pipeline

import (
	"errors"
	"fmt"

	"github.com/goroberta/goroberta/roberta"
)

// Errors that a caller can test for with errors.Is. Those of the model, its
// vocabulary and its files come as packages roberta, tokenizer and weights have them.
var (
	// ErrOption is returned, with the reason, for an option that the pipeline does not
	// have or that its model does not allow.
	ErrOption = errors.New("pipeline: invalid option")
	// ErrHead is returned if the model has no head that serves, or the head was replaced
	// by another one.
	ErrHead = errors.New("pipeline: no head to use")
	// ErrHeads is returned, with their names, if several heads serve and none is named.
	ErrHeads = errors.New("pipeline: several heads to choose from")
	// ErrClasses is returned by a ZeroShot, with the names that there are, if they do not
	// say which class of the head is entailment or contradiction.
	ErrClasses = errors.New("pipeline: unknown which class is which")

	// ErrVector is returned for a vector, or for ranges of vectors, that a function
	// cannot take: NaN among the values, or another number of them than the others have.
	ErrVector = errors.New("pipeline: unsuitable vector")
	// ErrModels is returned for two models that cannot be compared: of different sizes, or
	// with different heads.
	ErrModels = errors.New("pipeline: models that cannot be compared")
	// ErrInput is returned for an Input that the pipeline does not answer.
	ErrInput = errors.New("pipeline: unsuitable input")
)

// An InputError says which of several inputs an error is about.
type InputError struct {
	Index int // from 0
	Err   error
}

func (e *InputError) Error() string {
	if err, ok := e.Err.(*roberta.LengthError); ok { // it would say "sequence 0"
		return fmt.Sprintf("input %d: %s", e.Index, err.Reason())
	}
	return fmt.Sprintf("input %d: %v", e.Index, e.Err)
}

func (e *InputError) Unwrap() error { return e.Err }
