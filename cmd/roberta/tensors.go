package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"

	"github.com/goroberta/goroberta/internal/outfile"
	"github.com/goroberta/goroberta/weights"
)

// tensorFlags name the file that a command writes tensors to.
type tensorFlags struct {
	Output string `short:"o" required:"" placeholder:"FILE" help:"The .safetensors file to write, or a .npy file for one tensor alone. It appears when it is complete. - is standard output; other results then go to standard error."`
}

// npy reports whether the file is to be of NumPy's format, which holds one tensor.
func (f *tensorFlags) npy() bool { return strings.EqualFold(filepath.Ext(f.Output), ".npy") }

// open returns a spool for the file, or an error now where it would come at the
// end. in and model are what the command reads.
func (f *tensorFlags) open(ctx context.Context, s *session, in *input, model string) (*spool, error) {
	out, err := s.create(ctx, f.Output, in, model, ".safetensors", ".npy")
	if err != nil {
		return nil, err
	}
	if out.file == nil {
		s.out = newOutput(s.progress) // stderr
	}
	return &spool{out: out, npy: f.npy(), shard: in.shard, memory: spoolMemory}, nil
}

// spoolMemory is how many bytes of tensors are kept in memory.
const spoolMemory = 64 << 20

// A spool keeps tensors until all are known, because a safetensors file begins
// with the list of them. What does not fit in memory goes to an unnamed file
// beside the one to be written.
type spool struct {
	out     *outputFile
	npy     bool
	shard   shard // of the input, whose lines number the tensors
	entries []weights.Entry
	memory  int // bytes that may be kept in memory, from here on
	file    *outfile.File
	size    int64  // of file
	buf     []byte // reused for what goes to file
}

// add appends a float32 tensor (rows, cols), or rows of zeros where row returns
// nil. Its errors are about the file.
func (s *spool) add(name string, rows, cols int, row func(i int) []float32) error {
	return s.addShaped(name, []int{rows, cols}, row)
}

// addShaped is add for a tensor of any shape. Its rows run along the last dimension.
func (s *spool) addShaped(name string, shape []int, row func(i int) []float32) error {
	rows, cols := 1, shape[len(shape)-1]
	for _, n := range shape[:len(shape)-1] {
		rows *= n
	}
	if s.npy && len(s.entries) == 1 {
		return fatalError{errors.New("a .npy file holds one tensor, and there are more: write a .safetensors file")}
	}
	n := 4 * rows * cols
	dst := s.buf[:0]
	if n <= s.memory {
		dst = make([]byte, 0, n)
	}
	for i := range rows {
		if values := row(i); values != nil {
			dst = appendFloat32s(dst, values)
		} else {
			dst = append(dst, make([]byte, 4*cols)...)
		}
	}
	write, kept, err := s.keep(dst)
	if err != nil {
		return err
	}
	if !kept {
		s.buf = dst
	}
	s.entries = append(s.entries, weights.Entry{Name: name, DType: weights.F32, Shape: shape, Write: write})
	return nil
}

// keep keeps data until the file is written, in memory if there is room. write writes
// it then. kept says that data itself was kept, so that it must not change.
func (s *spool) keep(data []byte) (write func(io.Writer) error, kept bool, err error) {
	if len(data) <= s.memory {
		s.memory -= len(data)
		return func(w io.Writer) error {
			_, err := w.Write(data)
			return err
		}, true, nil
	}
	if s.file == nil {
		f, err := outfile.Scratch(s.out.scratchDir())
		if err != nil {
			return nil, false, fatalError{err}
		}
		s.file = f
	}
	at, n := s.size, int64(len(data))
	if _, err := s.file.Write(data); err != nil {
		return nil, false, fatalError{err}
	}
	s.size += n
	return func(w io.Writer) error {
		_, err := io.Copy(w, io.NewSectionReader(s.file, at, n))
		return err
	}, false, nil
}

// rows returns a float32 matrix of the spool that grows row by row.
func (s *spool) rows(name string, cols int) *rows {
	return &rows{spool: s, name: name, cols: cols}
}

// A rows is a matrix whose number of rows is known at its end.
type rows struct {
	spool   *spool
	name    string
	cols, n int
	buf     []byte // of the last rows
	parts   []func(io.Writer) error
	packed  *packedRows // nil: rows are written as they are
}

// partBytes is how many bytes of rows are kept at a time.
const partBytes = 1 << 20

// add appends a row. Its errors are about the file.
func (r *rows) add(values []float32) error {
	r.buf, r.n = appendFloat32s(r.buf, values), r.n+1
	if len(r.buf) < partBytes {
		return nil
	}
	return r.keep()
}

// keep keeps the rows in buf.
func (r *rows) keep() error {
	write, kept, err := r.spool.keep(r.buf)
	if err != nil {
		return err
	}
	if r.parts, r.buf = append(r.parts, write), r.buf[:0]; kept {
		r.buf = nil
	}
	return nil
}

// end adds the matrix to the spool's tensors.
func (r *rows) end() error {
	if err := r.keep(); err != nil {
		return err
	}
	entry := weights.Entry{Name: r.name, DType: weights.F32, Shape: []int{r.n, r.cols}, Write: func(w io.Writer) error {
		for _, write := range r.parts {
			if err := write(w); err != nil {
				return err
			}
		}
		return nil
	}}
	if r.packed != nil {
		entry = r.packed.entry(entry)
	}
	r.spool.entries = append(r.spool.entries, entry)
	return nil
}

// finish writes the file, unless err, which answer returned, says that the
// command was stopped. Requests that --keep-going left out have no tensors in it.
func (s *spool) finish(ctx context.Context, err error) error {
	if e, ok := errors.AsType[stoppedError](err); ok {
		return stoppedError{e.far + "; nothing is written to " + s.out.name, e.err}
	}
	if _, some := errors.AsType[failedError](err); err != nil && !some {
		return err
	}
	w := s.out
	if s.npy {
		if len(s.entries) == 0 {
			return errors.Join(err, errors.New("there is no tensor to write"))
		}
		if _, writeErr := w.Write(npyHeader(s.entries[0].DType, s.entries[0].Shape)); writeErr != nil {
			return writeErr
		}
		if writeErr := s.entries[0].Write(w); writeErr != nil {
			return stopped(writeErr, "before %s was complete", s.out.name)
		}
	} else if writeErr := weights.Write(w, nil, s.entries, weights.WithContext(ctx)); writeErr != nil {
		return stopped(writeErr, "before %s was complete", s.out.name)
	}
	if writeErr := s.out.commit(); writeErr != nil {
		return writeErr
	}
	return err
}

// close gives the spool's memory and files back.
func (s *spool) close() {
	if s.file != nil {
		s.file.Close()
	}
	s.out.close()
}

// npyTypes are NumPy's names of element types.
var npyTypes = map[weights.DType]string{weights.F32: "<f4", weights.I8: "|i1", weights.U8: "|u1"}

// npyHeader is what stands before a tensor in NumPy's format, version 1.0: a
// magic number, a length, and a Python dictionary that ends at a multiple of 64 bytes.
func npyHeader(dtype weights.DType, shape []int) []byte {
	sizes := ""
	for _, n := range shape {
		sizes += fmt.Sprintf("%d, ", n) // a tuple of one ends with a comma
	}
	if len(shape) > 1 {
		sizes = strings.TrimSuffix(sizes, ", ")
	}
	dict := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", npyTypes[dtype], strings.TrimSuffix(sizes, " "))
	const before = 10
	dict += strings.Repeat(" ", 63-(before+len(dict))%64) + "\n"
	h := append([]byte("\x93NUMPY\x01\x00"), 0, 0)
	binary.LittleEndian.PutUint16(h[8:], uint16(len(dict)))
	return append(h, dict...)
}

// appendFloat32s appends values as safetensors stores them, little-endian.
func appendFloat32s(dst []byte, values []float32) []byte {
	for _, v := range values {
		dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(v))
	}
	return dst
}
