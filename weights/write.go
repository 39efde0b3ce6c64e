package weights

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/klauspost/compress/zstd"

	"github.com/goroberta/goroberta/internal/outfile"
)

// An Entry is a tensor to be written.
type Entry struct {
	Name  string
	DType DType
	Shape []int
	// Write writes the elements, row-major and little-endian: exactly as many
	// bytes as type and shape say.
	Write func(w io.Writer) error
}

// Size is the number of bytes that Write must write; -1 if type or shape are
// none, or the size is beyond all bounds.
func (e *Entry) Size() int64 {
	n := int64(e.DType.Size())
	if n == 0 {
		return -1
	}
	if len(e.Shape) > 0 && slices.Min(e.Shape) < 0 {
		return -1
	}
	if slices.Contains(e.Shape, 0) {
		return 0
	}
	for _, d := range e.Shape {
		if n > math.MaxInt64/int64(d) {
			return -1
		}
		n *= int64(d)
	}
	return n
}

// pageSize is where the data of a written file begins to be aligned to, so that
// mapped tensors lie at addresses that suit every instruction set.
const pageSize = 4096

// lineSize is the cache line that tensors begin at, as far as sizes allow.
const lineSize = 64

// Write writes a safetensors file. Tensors whose size is a multiple of a cache
// line come first, so that they, and nearly all are such, begin at one. Within
// that they keep their order.
func Write(w io.Writer, metadata map[string]string, entries []Entry) error {
	entries = slices.Clone(entries)
	slices.SortStableFunc(entries, func(a, b Entry) int {
		return cmp.Compare(min(a.Size()%lineSize, 1), min(b.Size()%lineSize, 1))
	})
	header, err := header(metadata, entries)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 1<<20)
	var n [8]byte
	binary.LittleEndian.PutUint64(n[:], uint64(len(header)))
	out.Write(n[:])
	out.Write(header)
	for _, e := range entries {
		c := &countingWriter{w: out}
		if err := e.Write(c); err != nil {
			return inTensor(e.Name, err)
		}
		if c.n != e.Size() {
			return inTensor(e.Name, fmt.Errorf("%d bytes written for a tensor of %d", c.n, e.Size()))
		}
	}
	return out.Flush()
}

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// header is the JSON object in front of the data, filled up with spaces so that
// the data begins at a page.
func header(metadata map[string]string, entries []Entry) ([]byte, error) {
	var b bytes.Buffer
	sep := byte('{')
	member := func(name string, value any) error {
		k, err := json.Marshal(name)
		if err != nil {
			return err
		}
		v, err := json.Marshal(value)
		if err != nil {
			return err
		}
		b.WriteByte(sep)
		b.Write(k)
		b.WriteByte(':')
		b.Write(v)
		sep = ','
		return nil
	}
	if len(metadata) > 0 {
		if err := member("__metadata__", metadata); err != nil {
			return nil, err
		}
	}
	seen := map[string]bool{}
	at := int64(0)
	for _, e := range entries {
		if e.Size() < 0 || seen[e.Name] {
			return nil, inTensor(e.Name, fmt.Errorf("cannot be written: type %v, shape %v, or a name used twice", e.DType, e.Shape))
		}
		seen[e.Name] = true
		shape := e.Shape
		if shape == nil {
			shape = []int{}
		}
		err := member(e.Name, struct {
			DType   string   `json:"dtype"`
			Shape   []int    `json:"shape"`
			Offsets [2]int64 `json:"data_offsets"`
		}{e.DType.String(), shape, [2]int64{at, at + e.Size()}})
		if err != nil {
			return nil, err
		}
		at += e.Size()
	}
	if sep == '{' {
		b.WriteByte('{')
	}
	b.WriteByte('}')
	for (8+b.Len())%pageSize != 0 {
		b.WriteByte(' ')
	}
	if b.Len() > maxHeader {
		return nil, fmt.Errorf("weights: %d tensors make a header of %d bytes, more than safetensors allows", len(entries), b.Len())
	}
	return b.Bytes(), nil
}

// WriteFile is Write to a file, compressed with zstd on request. The file
// appears under its name only when it is complete: an old one of that name is
// replaced then, and stays as it is if anything fails. A device or pipe is
// written to directly.
//
// The new file has the mode of the old one, which is not replaced if it is
// write-protected (outfile.ErrWriteProtected). Nothing else is left behind, on
// Linux not even by a process that is killed.
func WriteFile(path string, metadata map[string]string, entries []Entry, compress bool) error {
	f, err := outfile.Create(context.Background(), path)
	if err != nil {
		return err
	}
	defer f.Close()
	if compress {
		err = writeZstd(f, metadata, entries)
	} else {
		err = Write(f, metadata, entries)
	}
	if err != nil {
		return err
	}
	return f.Commit()
}

// writeZstd is Write, compressed.
func writeZstd(w io.Writer, metadata map[string]string, entries []Entry) error {
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedBetterCompression))
	if err != nil {
		return err
	}
	if err := Write(z, metadata, entries); err != nil {
		z.Close()
		return err
	}
	return z.Close()
}
