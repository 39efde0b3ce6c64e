package weights

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync/atomic"
)

// A source is a file's content: in memory (mapped or read), or behind an io.ReaderAt.
type source struct {
	r      io.ReaderAt
	size   int64
	mem    []byte // nil if only r gives the bytes
	free   func() error
	mapped bool // mem is the file, mapped
	closed atomic.Bool

	inArchive  bool    // it is a file of an archive
	expanded   bool    // it was compressed, or what it lies in
	unpackedIn *source // the file that closes with it, if it is a part that was unpacked
}

// memorySource is a source of b, which it keeps.
func memorySource(b []byte) *source {
	if b == nil {
		b = []byte{}
	}
	return &source{size: int64(len(b)), mem: b}
}

func (s *source) isClosed() bool {
	return s.closed.Load() || s.unpackedIn != nil && s.unpackedIn.isClosed()
}

// bytes returns n bytes from off on; they may be the source's own memory.
func (s *source) bytes(off, n int64) ([]byte, error) {
	if s.isClosed() {
		return nil, ErrClosed
	}
	if off < 0 || n < 0 || off > s.size || n > s.size-off {
		return nil, fmt.Errorf("%w: bytes %d to %d of %d", ErrTruncated, off, off+n, s.size)
	}
	if s.mem != nil {
		return s.mem[off : off+n : off+n], nil
	}
	b := make([]byte, n)
	if _, err := s.r.ReadAt(b, off); err != nil && !(err == io.EOF && n == 0) {
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			err = ErrTruncated
		}
		return nil, err
	}
	return b, nil
}

// ReadAt makes a source an io.ReaderAt.
func (s *source) ReadAt(p []byte, off int64) (int, error) {
	if s.isClosed() {
		return 0, ErrClosed
	}
	if off < 0 || off >= s.size {
		return 0, io.EOF
	}
	if s.mem == nil {
		return s.r.ReadAt(p, off)
	}
	n := copy(p, s.mem[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (s *source) close() error {
	if s.closed.Swap(true) || s.free == nil {
		return nil
	}
	s.mem = nil
	return s.free()
}

// openFile maps a file of the operating system into memory, or reads it
// piecemeal where that does not work.
func openFile(path string) (*source, error) {
	// Opening a pipe would wait for its writer.
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: not a regular file", ErrNotCheckpoint)
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
	if mem, unmap, err := mapFile(f, info.Size()); err == nil {
		f.Close()
		return &source{size: info.Size(), mem: mem, mapped: true, free: unmap}, nil
	}
	return &source{r: f, size: info.Size(), free: f.Close}, nil
}

// openFSFile opens a file of any file system: piecemeal if it can be read so,
// else by reading it whole.
func openFSFile(fsys fs.FS, name string) (*source, error) {
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
		return &source{r: r, size: info.Size(), free: f.Close}, nil
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	return memorySource(b), nil
}
