package bpe

import (
	"encoding/binary"
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// unpackGPT2 reads what packGPT2 of internal/gen, which explains the layout, has
// written.
func unpackGPT2(packed []byte) (*vocabulary, *Dictionary, error) {
	r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(4<<20))
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	b, err := r.DecodeAll(packed, nil)
	if err != nil {
		return nil, nil, err
	}
	u := &unpacker{b: b}
	alphabet := u.take(256)
	n := u.count()
	left, right := u.columns(n), u.columns(n)
	m := u.count()
	symbols := u.columns(m)
	falls := u.uvarints(m)
	if u.short {
		return nil, nil, errors.New("too short")
	}

	v := &vocabulary{ends: make([]uint32, 0, 256+n+1), ranks: n, pairs: newPairTable(n)}
	text := make([]byte, 0, 8*n)
	for t, b := range alphabet {
		text = append(text, b)
		v.ends = append(v.ends, uint32(len(text)))
		v.bytes[b] = uint32(t)
	}
	for rank := range n {
		l, r := uint32(left(rank)), uint32(right(rank))
		made := uint32(len(v.ends))
		for _, t := range [2]uint32{l, r} {
			if t >= made {
				return nil, nil, errors.New("a merge uses a token before it is made")
			}
			start := uint32(0)
			if t > 0 {
				start = v.ends[t-1]
			}
			text = append(text, text[start:v.ends[t]]...)
		}
		v.ends = append(v.ends, uint32(len(text)))
		v.pairs.set(l, r, uint32(rank), made)
	}
	text = append(text, "<|endoftext|>"...)
	v.ends = append(v.ends, uint32(len(text)))
	v.text = string(text)
	v.finish()

	d := newDictionary(m + 8)
	names := make([]byte, 0, 5*m) // one string for all symbols: 50,000 small ones would cost more than the rest
	ends := make([]int, m)
	for i := range m {
		names = strconv.AppendUint(names, uint64(symbols(i)), 10)
		ends[i] = len(names)
	}
	all := string(names)
	start, count := 0, int64(1)<<40
	for i, end := range ends {
		count -= int64(falls[i])
		d.append(all[start:end], count)
		start = end
	}
	for line := range strings.Lines(string(u.b)) {
		symbol, count, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		n, err := strconv.ParseInt(count, 10, 64)
		if err != nil {
			return nil, nil, err
		}
		d.append(symbol, n)
	}
	return v, d, nil
}

// An unpacker reads the packed form from the front of b.
type unpacker struct {
	b     []byte
	short bool // b ended too soon
}

func (u *unpacker) take(n int) []byte {
	if u.short || n > len(u.b) {
		u.short = true
		return nil
	}
	b := u.b[:n]
	u.b = u.b[n:]
	return b
}

func (u *unpacker) count() int {
	b := u.take(4)
	if b == nil {
		return 0
	}
	n := binary.LittleEndian.Uint32(b)
	if n > math.MaxUint16 {
		u.short = true
		return 0
	}
	return int(n)
}

// columns reads n integers, all low bytes before all high bytes, and returns a
// function that gives the i-th.
func (u *unpacker) columns(n int) func(i int) uint16 {
	lo, hi := u.take(n), u.take(n)
	return func(i int) uint16 { return uint16(lo[i]) | uint16(hi[i])<<8 }
}

func (u *unpacker) uvarints(n int) []uint64 {
	v := make([]uint64, n)
	for i := range v {
		x, size := binary.Uvarint(u.b)
		if size <= 0 {
			u.short = true
			return nil
		}
		v[i] = x
		u.b = u.b[size:]
	}
	return v
}
