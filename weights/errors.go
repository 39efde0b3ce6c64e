package weights

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
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
	// ErrTooLarge is returned for a file that asks for more memory than a
	// checkpoint of its size needs. docs/formats.md lists the limits.
	ErrTooLarge = errors.New("too large")
	// ErrChanged is returned for a mapped file that became shorter after it was
	// opened. See Checkpoint.Guard.
	ErrChanged = errors.New("the file was cut short while it was open")
	// ErrSameFile is returned for an output that is the input, or a file that
	// belongs to it. See CheckOutput.
	ErrSameFile = errors.New("input and output are one file")
	// ErrClosed is returned for tensors of a checkpoint that is closed.
	ErrClosed = errors.New("checkpoint is closed")
)

// A FileError says where in a checkpoint something is wrong. Error returns one line
// that quotes long names and causes in part.
type FileError struct {
	Path   string // file; in an archive, its name there after the archive's
	Entry  string // part of the file: a zip entry, "pickle", "header"; may be empty
	Tensor string // tensor at fault; may be empty
	Offset int64  // byte in the file or entry, or -1
	Err    error  // one of this package's errors, wrapped with the reason
}

func (e *FileError) Error() string {
	s := "weights: "
	if e.Path != "" {
		s += shorten(e.Path, 2*maxQuote) + ": "
	}
	if e.Entry != "" {
		s += shorten(e.Entry, maxQuote) + ": "
	}
	if e.Tensor != "" {
		s += "tensor " + shorten(e.Tensor, maxQuote) + ": "
	}
	if e.Offset >= 0 {
		s += fmt.Sprintf("at byte %d: ", e.Offset)
	}
	return s + shorten(e.Err.Error(), maxReason)
}

func (e *FileError) Unwrap() error { return e.Err }

// quote is a text of a file as a message has it: in quotation marks, on one line,
// and at most maxQuote bytes of it.
func quote(s string) string { return strconv.Quote(cut(s, maxQuote)) }

// shorten is a name or a message, on one line and with its middle left out if it has
// more than n bytes.
func shorten(s string, n int) string {
	s = cut(s, n)
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) || !utf8.ValidString(s) {
		q := strconv.Quote(s)
		return q[1 : len(q)-1]
	}
	return s
}

// cut is s, or if s has more than n bytes, its first two thirds of n bytes and the
// last third.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n-n/3], "") + "…" + strings.ToValidUTF8(s[len(s)-n/3:], "")
}

// someOf lists the first of names.
func someOf(names []string) string {
	const most = 5
	if n := len(names) - most; n > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), n)
	}
	return strings.Join(names, ", ")
}

// shapeText is a shape as a message has it.
func shapeText(shape []int) string {
	const most = 8
	if len(shape) <= most {
		return fmt.Sprint(shape)
	}
	return fmt.Sprintf("%v… of %d dimensions", shape[:most], len(shape))
}

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

// inPart is inFile for a file that may be an archive in which err names a file.
func inPart(name string, err error) error {
	if fe, ok := errors.AsType[*FileError](err); ok && fe.Path != "" {
		fe.Path = path.Join(name, fe.Path)
		return err
	}
	return inFile(name, err)
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
