package train

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goroberta/goroberta/roberta"
)

// Errors that a caller can test for with errors.Is. Those of the model and of its
// vocabulary come as packages roberta and tokenizer have them.
var (
	// ErrExamples is returned, with the reason, for examples that no head can be fitted
	// on: none, of one class alone, without a label.
	ErrExamples = errors.New("train: unsuitable examples")
	// ErrFeatures is returned for features that are not finite or have the wrong size.
	ErrFeatures = errors.New("train: unsuitable features")
	// ErrNoMinimum is returned if the objective has no minimum, or no single one: without
	// a penalty, where weights tell the classes apart or features depend on one another.
	ErrNoMinimum = errors.New("train: the objective has no single minimum")
	// ErrOption is returned, with the reason, for an option that cannot be used.
	ErrOption = errors.New("train: invalid option")
)

// An ExampleError says which of the examples an error is about.
type ExampleError struct {
	Index int // from 0
	Err   error
}

func (e *ExampleError) Error() string {
	if err, ok := e.Err.(*roberta.LengthError); ok { // it would say "sequence 0"
		return fmt.Sprintf("train: example %d: %s", e.Index, err.Reason())
	}
	return fmt.Sprintf("train: example %d: %s", e.Index, strings.TrimPrefix(e.Err.Error(), "train: "))
}

func (e *ExampleError) Unwrap() error { return e.Err }
