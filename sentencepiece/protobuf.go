package sentencepiece

import (
	"encoding/binary"
	"fmt"
)

// The wire types of protobuf.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// A message is what is left of a protobuf message, read field by field.
type message struct {
	data []byte
	at   int // where data begins in the file
	err  error
}

// A field is one field of a message.
type field struct {
	number uint64
	wire   uint64
	value  uint64 // of a varint, fixed32 or fixed64
	bytes  []byte // of a wireBytes field
	at     int    // where the field begins in the file, or the bytes in it
}

// is reports whether f is the field of this number and type. A field of another type
// is one that the reader does not know, as in protobuf's own parsers.
func (f *field) is(number, wire uint64) bool { return f.number == number && f.wire == wire }

// message returns the message that a field holds.
func (f *field) message() message { return message{data: f.bytes, at: f.at} }

// fail records what is wrong at the next byte, if nothing was before.
func (m *message) fail(format string, args ...any) {
	if m.err == nil {
		m.err = &FileError{Offset: m.at, Err: fmt.Errorf("%w: "+format, append([]any{ErrFormat}, args...)...)}
	}
	m.data = nil
}

// skip moves n bytes on.
func (m *message) skip(n int) {
	m.data = m.data[n:]
	m.at += n
}

func (m *message) varint() uint64 {
	v, n := binary.Uvarint(m.data)
	switch {
	case n == 0:
		m.fail("the file ends within a number")
		return 0
	case n < 0:
		m.fail("a number of more than 64 bits")
		return 0
	}
	m.skip(n)
	return v
}

// next returns the next field, or false at the end or if m.err is set.
func (m *message) next() (f field, ok bool) {
	if len(m.data) == 0 {
		return f, false
	}
	f.at = m.at
	key := m.varint()
	f.number, f.wire = key>>3, key&7
	if m.err == nil && (f.number == 0 || f.number >= 1<<29) {
		m.at = f.at
		m.fail("field number %d", f.number)
	}
	if m.err != nil {
		return f, false
	}
	fixed := 0
	switch f.wire {
	case wireVarint:
		f.value = m.varint()
	case wireBytes:
		n := m.varint()
		if m.err == nil && n > uint64(len(m.data)) {
			m.fail("a field of %d bytes, but %d follow", n, len(m.data))
		}
		if m.err == nil {
			f.at, f.bytes = m.at, m.data[:n:n]
			m.skip(int(n))
		}
	case wireFixed32:
		fixed = 4
	case wireFixed64:
		fixed = 8
	default:
		m.at = f.at
		m.fail("field %d has wire type %d, which no SentencePiece model has", f.number, f.wire)
	}
	if m.err == nil && fixed > len(m.data) {
		m.fail("the file ends within a number")
	}
	if m.err != nil {
		return f, false
	}
	switch fixed {
	case 4:
		f.value = uint64(binary.LittleEndian.Uint32(m.data))
	case 8:
		f.value = binary.LittleEndian.Uint64(m.data)
	}
	m.skip(fixed)
	return f, true
}
