package weights

import (
	"errors"
	"fmt"
)

// Errors that a caller can test for with errors.Is.
var (
	// ErrNotCheckpoint is returned for a file or directory that is no
	// checkpoint in any form that this package reads.
	ErrNotCheckpoint = errors.New("not a checkpoint")
	// ErrUnsupported is returned for a checkpoint of a kind that is recognised
	// but not read, such as TensorFlow's or a big-endian one.
	ErrUnsupported = errors.New("unsupported")
	// ErrTruncated is returned for a file that ends too early.
	ErrTruncated = errors.New("truncated")
	// ErrCorrupt is returned for a file that contradicts itself.
	ErrCorrupt = errors.New("corrupt")
	// ErrForbidden is returned for a pickle that names a function or class that
	// checkpoints have no need of. Nothing of it was run.
	ErrForbidden = errors.New("forbidden global in pickle")
	// ErrTooLarge is returned for a file that unpacks to far more than a
	// checkpoint of its size can hold.
	ErrTooLarge = errors.New("too large")
	// ErrSameFile is returned by Convert if its output is its input.
	ErrSameFile = errors.New("input and output are one file")
	// ErrClosed is returned for tensors of a checkpoint that is closed.
	ErrClosed = errors.New("checkpoint is closed")
)

// A FileError says where in a checkpoint something is wrong.
type FileError struct {
	Path   string // file, or name in an archive
	Entry  string // part of the file: a zip entry, "pickle", "header"; may be empty
	Tensor string // tensor at fault; may be empty
	Offset int64  // byte in the file or entry, or -1
	Err    error  // one of this package's errors, wrapped with the reason
}

func (e *FileError) Error() string {
	s := "weights: "
	if e.Path != "" {
		s += e.Path + ": "
	}
	if e.Entry != "" {
		s += e.Entry + ": "
	}
	if e.Tensor != "" {
		s += "tensor " + e.Tensor + ": "
	}
	if e.Offset >= 0 {
		s += fmt.Sprintf("at byte %d: ", e.Offset)
	}
	return s + e.Err.Error()
}

func (e *FileError) Unwrap() error { return e.Err }

// inFile completes an error with the file it is about.
func inFile(path string, err error) error {
	if err == nil {
		return nil
	}
	var fe *FileError
	if errors.As(err, &fe) {
		if fe.Path == "" {
			fe.Path = path
		}
		return err
	}
	return &FileError{Path: path, Offset: -1, Err: err}
}

func inEntry(entry string, offset int64, err error) error {
	return &FileError{Entry: entry, Offset: offset, Err: err}
}

func inTensor(name string, err error) error {
	var fe *FileError
	if errors.As(err, &fe) {
		if fe.Tensor == "" {
			fe.Tensor = name
		}
		return err
	}
	return &FileError{Tensor: name, Offset: -1, Err: err}
}
