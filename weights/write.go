package weights

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/klauspost/compress/zstd"
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

// Size is the number of bytes that Write must write; -1 if the type or the shape is
// invalid or the size overflows.
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

// Entry is an entry that writes t's elements as they are, under that name.
func (t *Tensor) Entry(name string) Entry {
	return Entry{Name: name, DType: t.DType, Shape: t.Shape, Write: func(w io.Writer) error {
		if err := t.readable(); err != nil {
			return err
		}
		r := io.NewSectionReader(t.data.src, t.data.off+int64(t.offset*t.DType.Size()), int64(t.Len()*t.DType.Size()))
		if !t.isContiguous() {
			b, err := t.Bytes()
			if err != nil {
				return err
			}
			r = io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b)))
		}
		// Pieces are copied before they are written: a system call that was given the
		// map's own memory would fail where the file was cut short. Between pieces w can
		// end the work.
		n, err := io.CopyBuffer(w, r, make([]byte, min(r.Size(), 1<<20)+1))
		if err == nil && n < r.Size() {
			err = ErrTruncated
		}
		return err
	}}
}

// The data of a written file begins at a multiple of pageSize, so that mapped tensors
// are aligned for every instruction set.
const pageSize = 4096

// lineSize is the size of a cache line. Tensors begin at a multiple of it where their
// sizes allow that.
const lineSize = 64

// Write writes a safetensors file. Tensors whose size is a multiple of a cache line,
// which most are, come first, so that each begins at one. Otherwise the order is that
// of entries. The only option that it uses is WithContext.
func Write(w io.Writer, metadata map[string]string, entries []Entry, opts ...Option) error {
	o, err := newOptions(opts)
	if err != nil {
		return err
	}
	header, entries, _, err := layout(metadata, entries)
	if err != nil {
		return err
	}
	return writeFile(&contextWriter{o.ctx, w}, header, entries)
}

func writeFile(w io.Writer, header []byte, entries []Entry) error {
	out := bufio.NewWriterSize(w, 1<<20)
	out.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(header))))
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

// layout puts the entries in the order in which they are written. The header is the
// JSON object in front of the data, filled up with spaces so that the data begins at
// a page. size is that of the whole file.
func layout(metadata map[string]string, entries []Entry) (header []byte, sorted []Entry, size int64, err error) {
	entries = slices.Clone(entries)
	slices.SortStableFunc(entries, func(a, b Entry) int {
		return cmp.Compare(min(a.Size()%lineSize, 1), min(b.Size()%lineSize, 1))
	})
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
			return nil, nil, 0, err
		}
	}
	seen := map[string]bool{}
	at := int64(0)
	for _, e := range entries {
		if e.Size() < 0 || seen[e.Name] {
			return nil, nil, 0, inTensor(e.Name, fmt.Errorf("cannot be written: type %v, shape %v, or a name used twice", e.DType, e.Shape))
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
			return nil, nil, 0, err
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
		return nil, nil, 0, fmt.Errorf("weights: %d tensors make a header of %d bytes, more than safetensors allows", len(entries), b.Len())
	}
	return b.Bytes(), entries, int64(8+b.Len()) + at, nil
}

// WriteFile is Write to a file that Create makes: complete or not at all. With
// WithZstd it is compressed.
func WriteFile(path string, metadata map[string]string, entries []Entry, opts ...Option) error {
	o, err := newOptions(opts)
	if err != nil {
		return err
	}
	header, entries, size, err := layout(metadata, entries)
	if err != nil {
		return err
	}
	return Create(path, func(w io.Writer) error {
		if !o.zstd {
			return writeFile(w, header, entries)
		}
		packed := &countingWriter{w: w}
		z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBetterCompression))
		if err != nil {
			return err
		}
		z.ResetContentSize(packed, size)
		if err := writeFile(z, header, entries); err != nil {
			z.Close()
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		return pad(packed, size)
	}, opts...)
}

// pad appends zeros to a zstd file of w.n bytes, in frames that decoders skip, until
// the file is large enough for Open to unpack the size bytes in it: a model of zeros
// shrinks to a 30,000th, as the bombs do that Open refuses.
func pad(w *countingWriter, size int64) error {
	const most = 1 << 30
	zeros := make([]byte, 64<<10)
	for missing := (size-freeUnpacked+unpackRatio-1)/unpackRatio - w.n; missing > 0; {
		n := min(missing, most)
		missing -= n + 8
		frame := binary.LittleEndian.AppendUint32([]byte{0x50, 0x2a, 0x4d, 0x18}, uint32(n))
		if _, err := w.Write(frame); err != nil {
			return err
		}
		for ; n > 0; n -= min(n, int64(len(zeros))) {
			if _, err := w.Write(zeros[:min(n, int64(len(zeros)))]); err != nil {
				return err
			}
		}
	}
	return nil
}
