package weights

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// streamed is data as one frame that does not say how large its content is, with a
// window of that descriptor, as zstd writes from a pipe.
func streamed(data []byte, window byte) []byte {
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b, zstd.WithWindowSize(1<<20), zstd.WithEncoderConcurrency(1))
	must(err)
	_, err = w.Write(data)
	must(err)
	must(w.Flush())
	must(w.Close())
	out := b.Bytes()
	if out[4]&0xe3 != 0 { // content size, single segment, dictionary
		panic("a header of another form")
	}
	out[5] = window
	return out
}

// skipped is a frame that decoders skip.
func skipped(kind byte, n int) []byte {
	b := binary.LittleEndian.AppendUint32([]byte{0x50 | kind, 0x2a, 0x4d, 0x18}, uint32(n))
	return append(b, bytes.Repeat([]byte{0xfe}, n)...)
}

// rle is a frame of blocks that repeat one byte, n times each, with the flags and what
// follows them in the header.
func rle(header string, n, blocks int) []byte {
	b := append(bytes.Clone(zstdMagic), header...)
	for i := range blocks {
		v := uint32(n)<<3 | 1<<1
		if i == blocks-1 {
			v |= 1
		}
		b = append(b, byte(v), byte(v>>8), byte(v>>16), 'x')
	}
	return b
}

const (
	window2G = (31 - 10) << 3
	windowTB = 0xff
)

// TestZstd: every form of zstd files opens, and a window that is never filled costs
// nothing.
func TestZstd(t *testing.T) {
	model := tinyZip()
	long := torchZip(small("x", strings.Repeat("0123456789abcdef", 40_000)), entry{"0", floats(6)})
	half := len(long) / 2
	for name, file := range map[string][]byte{
		"with its size":           zstandard(model),
		"streamed":                streamed(model, 0x50),
		"window of 2 GiB":         streamed(model, window2G),
		"window of 3.75 TB":       streamed(model, windowTB),
		"larger than its window":  streamed(long, window2G),
		"skippable before":        append(skipped(0, 4), zstandard(model)...),
		"skippable behind":        append(zstandard(model), skipped(15, 1000)...),
		"skippable, empty":        append(skipped(7, 0), append(skipped(7, 0), zstandard(model)...)...),
		"skippable, long":         append(skipped(1, 20_000), zstandard(model)...),
		"frames":                  append(zstandard(long[:half]), streamed(long[half:], window2G)...),
		"frames, one empty":       append(zstandard(nil), append(zstandard(long[:half]), zstandard(long[half:])...)...),
		"frames and skippable":    bytes.Join([][]byte{skipped(0, 4), zstandard(long[:half]), skipped(0, 4), skipped(3, 9000), streamed(long[half:], windowTB), skipped(0, 0)}, nil),
		"frames of very few each": pieces(model, 100),
	} {
		c, err := load(file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if x, ok := c.Tensor("w"); !ok || !bytes.Equal(mustBytes(t, x), floats(6)) {
			t.Errorf("%s: tensors %q", name, names(c))
		}
		if n := allocated(func() { _, err = load(file) }); n > 24<<20 {
			t.Errorf("%s: %d MB allocated for a file of %d KB", name, n>>20, len(file)>>10)
		}
	}
}

// pieces compresses data in pieces of n bytes, a frame each, as pzstd does.
func pieces(data []byte, n int) []byte {
	var b []byte
	for ; len(data) > 0; data = data[min(n, len(data)):] {
		frame := zstandard(data[:min(n, len(data))])
		b = append(append(b, skipped(0, 4)...), frame...)
	}
	return b
}

// TestZstdFaults: what is wrong is said, in numbers, and costs no memory.
func TestZstdFaults(t *testing.T) {
	model := zstandard(tinyZip())
	for _, tc := range []struct {
		name string
		file []byte
		is   error
		says string
	}{
		{"only skippable", append(skipped(0, 4), skipped(1, 4)...), ErrNotCheckpoint, "empty"},
		{"skippable beyond the end", skipped(0, 40)[:30], ErrTruncated, "40"},
		{"skippable, cut in its header", append(skipped(0, 4), 0x50, 0x2a, 0x4d, 0x18, 0), ErrTruncated, ""},
		{"frame cut after skippable", append(skipped(0, 4), model[:len(model)-1]...), ErrTruncated, ""},
		{"frame cut in its header", append(skipped(0, 4), model[:8]...), ErrTruncated, ""},
		{"LZ4", append(skipped(0, 4), "\x04\x22\x4d\x18\x60\x40\x82\x00\x00"...), ErrUnsupported, "LZ4"},
		{"something else", append(skipped(0, 4), "something else"...), ErrNotCheckpoint, "73 6f 6d 65"},
		{"something behind", append(bytes.Clone(model), "something else"...), ErrCorrupt, "73 6f 6d 65"},
		{"dictionary", rle("\x01\x50\x07", 100, 1), ErrUnsupported, "dictionary"},
		{"content of 2^62", rle("\xc4\x50\x00\x00\x00\x00\x00\x00\x00\x40", 100, 1), ErrTruncated, ""},
		{"content of 2^62, no checksum", rle("\xc0\x50\x00\x00\x00\x00\x00\x00\x00\x40", 100, 1), ErrTooLarge, "16 times"},
		{"single segment of 15 MB", rle("\xa0\x00\x00\xf0\x00", 100, 1), ErrCorrupt, "15728640"},
		{"single segment of 4 GB", rle("\xa0\x00\x00\x00\xf0", 100, 1), ErrTooLarge, "16 times"},
		{"a bomb with a window of 2 GiB", rle(string([]byte{0, window2G}), zstdBlock, 200), ErrTooLarge, "16 times"},
		{"a bomb of small blocks", append(rle(string([]byte{0, windowTB}), 1, 1000), rle(string([]byte{0, windowTB}), zstdBlock, 200)...), ErrTooLarge, "16 times"},
		{"block of the reserved type", append(append(bytes.Clone(zstdMagic), 0, window2G), 7, 0, 0), ErrCorrupt, ""},
	} {
		var err error
		n := allocated(func() { _, err = load(tc.file) })
		if !errors.Is(err, tc.is) || !isTyped(err) || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v, want a *FileError of %v that says %q", tc.name, err, tc.is, tc.says)
		}
		// Content of 16 MB in parts that double, and a window as large.
		if n > 68<<20 {
			t.Errorf("%s: %d MB allocated for a file of %d bytes", tc.name, n>>20, len(tc.file))
		}
	}
}

// TestZstdWindow: a window that a large file does fill has a limit, which the error
// names.
func TestZstdWindow(t *testing.T) {
	for _, tc := range []struct {
		window byte
		blocks int
		limit  int64
		says   string
	}{
		{windowTB, 1 << 15, 1 << 40, fmt.Sprintf("a window of 4123168604160 bytes, at most %d", mostWindow)},
		{window2G + 1, 1 << 15, 1 << 40, fmt.Sprintf("a window of 2415919104 bytes, at most %d", mostWindow)},
		{window2G, mostWindow / zstdBlock, 1 << 40, ""},
		{windowTB, mostWindow / zstdBlock, 1 << 40, ""},
		{windowTB, 1 << 13, 1 << 40, ""},
	} {
		z := &zstdFrames{src: memorySource(rle(string([]byte{0, tc.window}), zstdBlock, tc.blocks)), limit: tc.limit}
		err := z.next()
		if tc.says == "" && err == nil {
			continue
		}
		if !errors.Is(err, ErrTooLarge) || !strings.HasSuffix(err.Error(), tc.says) {
			t.Errorf("window %#x, %d blocks: %v, want %q", tc.window, tc.blocks, err, tc.says)
		}
	}
}

// TestWindowDescriptor: the smallest window that is large enough.
func TestWindowDescriptor(t *testing.T) {
	size := func(d byte) uint64 { return (8 + uint64(d&7)) << (10 + d>>3) >> 3 }
	check := func(n uint64) {
		d := windowDescriptor(n)
		if size(d) < n || d > 0 && size(d-1) >= n {
			t.Errorf("windowDescriptor(%d) = %#x, %d bytes", n, d, size(d))
		}
	}
	for d := range 256 {
		for n := size(byte(d)) - 2; n <= size(byte(d))+2 && n <= size(255); n++ {
			check(n)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		check(r.Uint64N(size(255)))
	}
}

// FuzzZstd: what is read of a zstd file is what the decoder gives without zstdFrames.
func FuzzZstd(f *testing.F) {
	f.Add(zstandard([]byte("abc")))
	f.Add(append(skipped(0, 4), streamed(bytes.Repeat([]byte("abc"), 1000), window2G)...))
	f.Add(append(rle("\x00\x08", 100, 3), skipped(3, 2)...))
	f.Add(append(zstandard(nil), rle("\x24\x40", 64, 1)...))
	f.Add(pieces([]byte("hello, hello, hello"), 7))
	f.Add(rle("\xa0\x00\x00\xf0\x00", 100, 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 || len(data) < 4 || !isZstd(data) {
			return
		}
		var got *source
		var err error
		if n := allocated(func() { got, err = unzstd(memorySource(data)) }); n > 80<<20+16*uint64(len(data)) {
			t.Errorf("%d bytes of memory for %d", n, len(data))
		}
		if err != nil && !isTyped(inFile("file", err)) {
			t.Errorf("%T of no known kind: %v", err, err)
		}
		limit := memorySource(data).expandLimit()
		z, zerr := zstd.NewReader(bytes.NewReader(data), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(64<<20))
		if zerr != nil {
			t.Fatal(zerr)
		}
		defer z.Close()
		want, werr := io.ReadAll(io.LimitReader(z, limit+1))
		switch {
		case werr == nil && int64(len(want)) > limit:
			if !errors.Is(err, ErrTooLarge) {
				t.Errorf("%v, want ErrTooLarge", err)
			}
		case werr == nil && (err != nil || !bytes.Equal(got.mem, want)):
			t.Errorf("%v, want %d bytes", err, len(want))
		case err == nil && werr != nil && !errors.Is(werr, zstd.ErrDecoderSizeExceeded) && !errors.Is(werr, zstd.ErrWindowSizeExceeded):
			t.Errorf("opens, although %v", werr)
		}
	})
}
