package weights

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"github.com/klauspost/compress/zstd"
)

// unzstd unpacks a zstd file into memory.
func unzstd(src *source) (*source, error) {
	left := src.expandLimit()
	frames := &zstdFrames{src: src, limit: left}
	if err := frames.next(); err != nil && err != io.EOF {
		return nil, err
	}
	claimed := src.size + src.size/4 // weights hardly compress
	if frames.hasContent {
		claimed = int64(min(frames.content, 1<<62))
	}
	// Windows are bounded by zstdFrames.
	z, err := zstd.NewReader(frames, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxWindow(mostWindow))
	if err != nil {
		return nil, unpackError(err)
	}
	defer z.Close()
	b, err := readLimited(z, &left, claimed, src.size)
	if err != nil {
		return nil, err
	}
	inner := memorySource(b)
	inner.expanded, inner.left = true, src.values()
	return inner, nil
}

// isZstd says whether a file begins with a frame of zstd, or with one that decoders
// skip, as pzstd's files do.
func isZstd(head []byte) bool {
	return len(head) >= 4 && (string(head[:4]) == string(zstdMagic) || isSkippable(head))
}

// isSkippable says whether a frame begins that holds no content. LZ4 has the same.
func isSkippable(head []byte) bool {
	return head[0]&0xf0 == 0x50 && string(head[1:4]) == "\x2a\x4d\x18"
}

// zstdFrames is a zstd file as the decoder gets it: without frames that are skipped, and
// with windows that are no larger than what a frame can unpack to.
//
// A decoder allocates the window that a frame's header names before it has seen the
// content. With --long, --ultra or from a pipe that can be 2 GiB for a file of a few
// bytes. What a frame can unpack to shows in the sizes of its blocks, and no match
// reaches further back than that: so a smaller window gives the same content.
//
//	magic | header: flags, window, dictionary, size of the content | blocks | checksum
//	block: 1 bit: last; 2 bits: raw, RLE or compressed; 21 bits: size | data
type zstdFrames struct {
	src        *source
	limit      int64  // what the file may unpack to
	hasContent bool   // the first frame's header has the size of its content
	content    uint64 // which is this
	begun      bool

	pos    int64            // of what is read next
	head   []byte           // what comes before that: the rest of a header that was rewritten
	end    int64            // of the frame
	header [zstdHeader]byte // of the frame
	buf    []byte           // a part of the file, for headers of blocks
	at     int64            // where buf begins
}

// The parts of a frame.
const (
	zstdBlock    = 128 << 10 // the most bytes that a block can unpack to
	zstdHeader   = zstd.HeaderMaxSize
	zstdChecksum = 4
)

// next finds the next frame with content and where it ends. At the end of the file it
// returns io.EOF.
func (z *zstdFrames) next() error {
	for {
		if z.end == z.src.size {
			return io.EOF
		}
		z.pos = z.end
		b, err := z.peek(z.pos, 8)
		if err != nil {
			return err
		}
		if len(b) < 8 {
			return ErrTruncated // the smallest frame has 9 bytes
		}
		if !isSkippable(b) {
			break
		}
		n := int64(binary.LittleEndian.Uint32(b[4:]))
		if n > z.src.size-z.pos-8 {
			return fmt.Errorf("%w: a frame of %d bytes with %d left", ErrTruncated, n, z.src.size-z.pos-8)
		}
		z.end = z.pos + 8 + n
	}
	b, err := z.peek(z.pos, zstdHeader)
	if err != nil {
		return err
	}
	header := append(z.header[:0], b...) // peek reuses b
	if string(header[:4]) != string(zstdMagic) {
		switch {
		case z.begun:
			return fmt.Errorf("%w: % x at byte %d, where a frame should begin", ErrCorrupt, header[:4], z.pos)
		case string(header[:4]) == lz4Magic:
			return fmt.Errorf("%w: looks like an LZ4 file", ErrUnsupported)
		}
		return fmt.Errorf("%w: frames that are skipped, then % x, as no form that is known", ErrNotCheckpoint, header[:4])
	}
	var h zstd.Header
	if err := h.Decode(header); err != nil {
		return unpackError(err)
	}
	if !z.begun {
		z.begun, z.hasContent, z.content = true, h.HasFCS, h.FrameContentSize
	}
	least, most, err := z.blocks(z.pos+int64(h.HeaderSize), h.HasCheckSum)
	if err != nil {
		return err
	}
	if least > uint64(z.limit) {
		return errExpands
	}
	if h.HasFCS {
		switch {
		case h.FrameContentSize > uint64(z.limit):
			return errExpands
		case h.FrameContentSize > most:
			return fmt.Errorf("%w: a frame of %d bytes, whose blocks hold at most %d", ErrCorrupt, h.FrameContentSize, most)
		}
		most = h.FrameContentSize
	}
	// A frame that exceeds the limit is noticed when one byte more was read. A window
	// below the size of a block would forbid such blocks.
	most = max(min(most, uint64(z.limit)+1), 2*zstdBlock)
	window := h.WindowSize
	if h.SingleSegment {
		window = h.FrameContentSize
	}
	if min(window, most) > mostWindow {
		return fmt.Errorf("%w: a window of %d bytes, at most %d", ErrTooLarge, window, int64(mostWindow))
	}
	if window > most { // so the header has a window
		z.head = append([]byte(nil), header[:h.HeaderSize]...)
		z.head[5] = windowDescriptor(most)
		z.pos += int64(h.HeaderSize)
	}
	return nil
}

// windowDescriptor is the byte for the smallest window of at least n bytes:
// 2^(10+e) · (1 + m/8), with e in the upper five bits and m in the lower three.
func windowDescriptor(n uint64) byte {
	if n <= 1<<10 {
		return 0
	}
	log := bits.Len64(n) - 1
	eighth := uint64(1) << (log - 3)
	m := (n - 1<<log + eighth - 1) / eighth
	if m == 8 {
		log, m = log+1, 0
	}
	return byte(log-10)<<3 | byte(m)
}

// blocks walks over the blocks of a frame to its end, and returns how many bytes they
// unpack to at least and at most.
func (z *zstdFrames) blocks(pos int64, checksum bool) (least, most uint64, err error) {
	for last := false; !last; {
		b, err := z.peek(pos, 3)
		if err != nil {
			return 0, 0, err
		}
		if len(b) < 3 {
			return 0, 0, ErrTruncated
		}
		v := uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
		kind, size := v>>1&3, int64(v>>3)
		last = v&1 != 0
		switch kind {
		case 0: // raw
			least += uint64(size)
		case 1: // one byte, repeated
			least += uint64(size)
			size = 1
		default:
			most += zstdBlock
		}
		pos += 3 + size
	}
	if checksum {
		pos += zstdChecksum
	}
	if pos > z.src.size {
		return 0, 0, ErrTruncated
	}
	z.end = pos
	return least, least + most, nil
}

// peek returns up to n bytes from pos on, fewer at the end of the file.
func (z *zstdFrames) peek(pos int64, n int) ([]byte, error) {
	if off := pos - z.at; off >= 0 && off+int64(n) <= int64(len(z.buf)) {
		return z.buf[off:][:n], nil
	}
	if pos >= z.src.size {
		return nil, nil
	}
	// Blocks are as long as a part of the file of that size, or are many in it.
	if z.buf == nil {
		z.buf = make([]byte, 4<<10)
	}
	m, err := z.src.ReadAt(z.buf[:cap(z.buf)], pos)
	if err != nil && err != io.EOF {
		return nil, err
	}
	z.at, z.buf = pos, z.buf[:m]
	return z.buf[:min(n, m)], nil
}

func (z *zstdFrames) Read(p []byte) (int, error) {
	if len(z.head) > 0 {
		n := copy(p, z.head)
		z.head = z.head[n:]
		return n, nil
	}
	if z.pos == z.end {
		if err := z.next(); err != nil {
			return 0, err
		}
		return z.Read(p)
	}
	if n := z.end - z.pos; int64(len(p)) > n {
		p = p[:n]
	}
	n, err := z.src.ReadAt(p, z.pos)
	z.pos += int64(n)
	if n > 0 || errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}
