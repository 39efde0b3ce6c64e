package datasets

import (
	"errors"
	"fmt"
	"strings"
)

// Errors that a caller can test for with errors.Is.
var (
	// ErrFormat is returned, as a *LineError, for what is not of the file's format.
	ErrFormat = errors.New("datasets: not in the format")
	// ErrNoLabels is returned, as a *LineError, for a file without labels, as GLUE's
	// test files are.
	ErrNoLabels = errors.New("datasets: the file has no labels")
	// ErrTask is returned for a task that the package does not know.
	ErrTask = errors.New("datasets: unknown task")
)

// A LineError says where in a file an error is.
type LineError struct {
	File string // the name that the caller gave
	Line int    // from 1
	Err  error
}

func (e *LineError) Error() string {
	return fmt.Sprintf("datasets: %s: line %d: %s", e.File, e.Line, strings.TrimPrefix(e.Err.Error(), "datasets: "))
}

func (e *LineError) Unwrap() error { return e.Err }
