package weights

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync/atomic"
)

// A source is a file's content: in memory (mapped or read), or behind an io.ReaderAt.
type source struct {
	name   string // as it was opened; empty for a part of a file
	r      io.ReaderAt
	size   int64
	mem    []byte // nil if only r gives the bytes
	free   func() error
	mapped bool            // mem is the file, mapped
	ctx    context.Context // of the call that opens the checkpoint; nil afterwards
	closed atomic.Bool

	inArchive  bool    // it is a file of an archive
	expanded   bool    // it was compressed, or what it lies in
	unpackedIn *source // the file of which this is an unpacked part, closed with it; or nil
	unpacked   int64   // bytes of the unpacked parts of this file
	left       *budget // what its values may still take; see values
	viewed     int64   // bytes of the tensors of this file and its parts
}

// memorySource is a source of b, which it keeps.
func memorySource(b []byte) *source {
	if b == nil {
		b = []byte{}
	}
	return &source{size: int64(len(b)), mem: b}
}

// readerSource is a source of size bytes that r gives.
func readerSource(r io.ReaderAt, size int64) (*source, error) {
	s := &source{r: r, size: size}
	if size > 0 { // the size is a claim, until the last byte was seen
		if _, err := s.read(size-1, 1); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// values is what the values of a file may still take in memory: names, shapes,
// settings. Files of an archive share it.
func (s *source) values() *budget {
	if s.left == nil {
		b := budget(times(freeValues, valueRatio, s.size))
		s.left = &b
	}
	return s.left
}

// done is the error of the context in which the checkpoint is opened.
func (s *source) done() error {
	if s.ctx == nil {
		return nil
	}
	return s.ctx.Err()
}

func (s *source) isClosed() bool {
	return s.closed.Load() || s.unpackedIn != nil && s.unpackedIn.isClosed()
}

// bytes returns n bytes from off on, which may be the source's own memory: where that
// is a map, they are read under guard.
func (s *source) bytes(off, n int64) ([]byte, error) {
	if s.mem == nil {
		return s.read(off, n)
	}
	if err := s.has(off, n); err != nil {
		return nil, err
	}
	return s.mem[off : off+n : off+n], nil
}

// read returns a copy of n bytes from off on.
func (s *source) read(off, n int64) ([]byte, error) {
	if err := s.has(off, n); err != nil || n == 0 {
		return nil, err
	}
	b := make([]byte, n)
	if m, err := s.ReadAt(b, off); m < len(b) {
		if err == nil || err == io.EOF || err == io.ErrUnexpectedEOF {
			err = ErrTruncated
		}
		return nil, err
	}
	return b, nil
}

func (s *source) has(off, n int64) error {
	if s.isClosed() {
		return ErrClosed
	}
	if off < 0 || n < 0 || off > s.size || n > s.size-off {
		return fmt.Errorf("%w: bytes %d to %d of %d", ErrTruncated, off, off+n, s.size)
	}
	return nil
}

// ReadAt makes a source an io.ReaderAt. While the checkpoint is being opened, it
// fails once the context is done.
func (s *source) ReadAt(p []byte, off int64) (n int, err error) {
	if s.isClosed() {
		return 0, ErrClosed
	}
	if err := s.done(); err != nil {
		return 0, err
	}
	if off < 0 || off >= s.size {
		return 0, io.EOF
	}
	atEnd := error(nil)
	if int64(len(p)) > s.size-off {
		p, atEnd = p[:s.size-off], io.EOF
	}
	if s.mem != nil {
		err = s.guard(func() error { n = copy(p, s.mem[off:]); return nil })
	} else if n, err = s.r.ReadAt(p, off); n == len(p) {
		err = nil // it may be io.EOF
	}
	if err == nil {
		err = atEnd
	}
	return n, err
}

func (s *source) close() error {
	if s.closed.Swap(true) || s.free == nil {
		return nil
	}
	s.mem = nil
	return s.free()
}

// notRegular is the error for what has no content of its own. Opening a pipe would
// wait for its writer; a device may never end.
func notRegular(mode fs.FileMode) error {
	what := "a device"
	switch {
	case mode.IsDir():
		what = "a directory"
	case mode&fs.ModeNamedPipe != 0:
		what = "a pipe"
	case mode&fs.ModeSocket != 0:
		what = "a socket"
	}
	return fmt.Errorf("%w: %s, not a regular file", ErrNotCheckpoint, what)
}

// openFile opens a file of the operating system: it maps it, or reads it piecemeal
// where that does not work or is not wanted.
func openFile(path string, o *options) (*source, error) {
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, notRegular(info.Mode())
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	if !o.unmapped {
		if mem, unmap, err := mapFile(f, info.Size()); err == nil {
			f.Close()
			return &source{name: path, size: info.Size(), mem: mem, mapped: true, free: unmap}, nil
		}
	}
	return &source{name: path, r: f, size: info.Size(), free: f.Close}, nil
}

// openFSFile opens a file of any file system: piecemeal if it can be read so,
// else by reading it whole.
func openFSFile(fsys fs.FS, name string, o *options) (*source, error) {
	if info, err := fs.Stat(fsys, name); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, notRegular(info.Mode())
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	if r, ok := f.(io.ReaderAt); ok {
		return &source{name: name, r: r, size: info.Size(), free: f.Close}, nil
	}
	defer f.Close()
	b, err := io.ReadAll(&contextReader{o.ctx, f})
	if err != nil {
		return nil, err
	}
	return memorySource(b), nil
}

// A contextReader fails once the context is done.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
