package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/goroberta/goroberta/weights"
)

// tensorFlags name the file that a command writes tensors to.
type tensorFlags struct {
	Output string `short:"o" required:"" placeholder:"FILE" help:"The safetensors file to write. It appears when it is complete."`
}

// open returns a spool for the file, or an error now where it would come at the end.
func (f *tensorFlags) open() (*spool, error) {
	s := &spool{path: f.Output, memory: spoolMemory}
	switch info, err := os.Stat(f.Output); {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("%s is a directory", f.Output)
	case err == nil && !info.Mode().IsRegular():
		return s, nil // a device or pipe; nothing belongs beside it
	}
	s.dir = filepath.Dir(f.Output)
	if _, err := os.Stat(s.dir); err != nil {
		return nil, err
	}
	return s, nil
}

// spoolMemory is how many bytes of tensors are kept in memory.
const spoolMemory = 64 << 20

// A spool keeps tensors until all are known, because a safetensors file begins
// with the list of them. What does not fit in memory goes to an unnamed file
// beside the one to be written.
type spool struct {
	path, dir string
	entries   []weights.Entry
	memory    int // bytes that may be kept in memory, from here on
	file      *os.File
	size      int64  // of file
	buf       []byte // reused for what goes to file
}

// add appends a tensor of row-major values, which it does not keep. Its errors
// are about the disk.
func (s *spool) add(name string, shape []int, values []float32) error {
	entry := weights.Entry{Name: name, DType: weights.F32, Shape: shape}
	n := 4 * len(values)
	if n <= s.memory {
		data := appendFloat32s(make([]byte, 0, n), values)
		s.memory -= n
		entry.Write = func(w io.Writer) error {
			_, err := w.Write(data)
			return err
		}
	} else {
		if s.file == nil {
			f, err := os.CreateTemp(s.dir, ".roberta-*")
			if err != nil {
				return fatalError{err}
			}
			s.file = f
			// Where the system lets an open file go without its name, nothing
			// stays behind however the process ends; close deals with the others.
			os.Remove(f.Name())
		}
		s.buf = appendFloat32s(s.buf[:0], values)
		at := s.size
		if _, err := s.file.Write(s.buf); err != nil {
			return fatalError{err}
		}
		s.size += int64(n)
		entry.Write = func(w io.Writer) error {
			_, err := io.Copy(w, io.NewSectionReader(s.file, at, int64(n)))
			return err
		}
	}
	s.entries = append(s.entries, entry)
	return nil
}

// finish writes the safetensors file, unless err, which answer returned, says
// that the command was stopped. Requests that --keep-going left out have no
// tensors in it.
func (s *spool) finish(err error) error {
	if _, some := errors.AsType[failedError](err); err != nil && !some {
		return err
	}
	if writeErr := weights.WriteFile(s.path, nil, s.entries); writeErr != nil {
		return writeErr
	}
	return err
}

// close gives the spool's memory and file back.
func (s *spool) close() {
	if s.file != nil {
		s.file.Close()
		os.Remove(s.file.Name())
	}
}

// appendFloat32s appends values as safetensors stores them, little-endian.
func appendFloat32s(dst []byte, values []float32) []byte {
	for _, v := range values {
		dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(v))
	}
	return dst
}
