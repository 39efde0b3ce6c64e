package weights

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// mark is what the opcode MARK puts on the stack.
type mark struct{}

// An unpickler reads one pickle (protocols 0 to 5, as in Python's pickletools).
type unpickler struct {
	r     *bufio.Reader
	pos   int64
	limit int64 // the largest pos: where the file ends
	stack []any
	memo  map[int64]any
	mem   *budget // what values may still take
	// persistent resolves a persistent id; nil refuses them.
	persistent func(id any) (any, error)
}

// unpickle reads one pickle from src at off and returns the value and where the
// pickle ends. Its values are paid from mem.
func unpickle(src io.ReaderAt, off, size int64, mem *budget, persistent func(any) (any, error)) (any, int64, error) {
	if off < 0 || off > size {
		return nil, off, inEntry("pickle", off, ErrTruncated)
	}
	u := &unpickler{
		r:          bufio.NewReaderSize(io.NewSectionReader(src, off, size-off), 64<<10),
		limit:      size - off,
		memo:       map[int64]any{},
		mem:        mem,
		persistent: persistent,
	}
	v, err := u.run()
	if err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = ErrTruncated
		}
		return nil, off + u.pos, inEntry("pickle", off+u.pos, err)
	}
	return v, off + u.pos, nil
}

func (u *unpickler) byte() (byte, error) {
	b, err := u.r.ReadByte()
	if err == nil {
		u.pos++
	}
	return b, err
}

// bytes reads n bytes. It allocates no more than the file can still hold.
func (u *unpickler) bytes(n uint64) ([]byte, error) {
	if n > uint64(u.limit-u.pos) {
		return nil, fmt.Errorf("%w: a string of %d bytes with %d left", ErrTruncated, n, u.limit-u.pos)
	}
	if err := u.spend(1, valueCost+2*int64(n)); err != nil { // a string is a copy of b
		return nil, err
	}
	b := make([]byte, n)
	m, err := io.ReadFull(u.r, b)
	u.pos += int64(m)
	return b, err
}

func (u *unpickler) uint(n int) (uint64, error) {
	var b [8]byte
	m, err := io.ReadFull(u.r, b[:n])
	u.pos += int64(m)
	return binary.LittleEndian.Uint64(b[:]), err
}

// line reads up to a newline, which is not returned.
func (u *unpickler) line() (string, error) {
	var b strings.Builder
	for {
		c, err := u.byte()
		if err != nil {
			return "", err
		}
		if c == '\n' {
			return strings.TrimSuffix(b.String(), "\r"), u.spend(1, valueCost+2*int64(b.Len()))
		}
		b.WriteByte(c)
	}
}

func (u *unpickler) push(v any) {
	if len(u.stack) == cap(u.stack) {
		u.stack = slices.Grow(u.stack, len(u.stack)+1) // doubled; append would copy more often
	}
	u.stack = append(u.stack, v)
}

// spend pays for n values of cost bytes.
func (u *unpickler) spend(cost, n int64) error {
	if !u.mem.spend(cost * n) {
		return errValues
	}
	return nil
}

var errStack = fmt.Errorf("%w: pickle takes more from its stack than is there", ErrCorrupt)

func (u *unpickler) pop() (any, error) {
	if len(u.stack) == 0 {
		return nil, errStack
	}
	v := u.stack[len(u.stack)-1]
	if _, ok := v.(mark); ok {
		return nil, errStack
	}
	u.stack = u.stack[:len(u.stack)-1]
	return v, nil
}

func (u *unpickler) top() (any, error) {
	v, err := u.pop()
	if err == nil {
		u.push(v)
	}
	return v, err
}

// popMark takes everything above the last mark, and the mark. The result is a copy.
func (u *unpickler) popMark() ([]any, error) {
	for i := len(u.stack) - 1; i >= 0; i-- {
		if _, ok := u.stack[i].(mark); ok {
			items := append([]any(nil), u.stack[i+1:]...)
			clear(u.stack[i:])
			u.stack = u.stack[:i]
			return items, nil
		}
	}
	return nil, errStack
}

func (u *unpickler) popN(n int) ([]any, error) {
	items := make([]any, n)
	for i := n - 1; i >= 0; i-- {
		v, err := u.pop()
		if err != nil {
			return nil, err
		}
		items[i] = v
	}
	return items, nil
}

// run executes opcodes until STOP.
func (u *unpickler) run() (any, error) {
	for {
		op, err := u.byte()
		if err != nil {
			return nil, err
		}
		if op == '.' {
			return u.pop()
		}
		before := cap(u.stack)
		if err := u.op(op); err != nil {
			return nil, err
		}
		if err := u.spend(growCost, int64(cap(u.stack)-before)); err != nil {
			return nil, err
		}
	}
}

// sized maps opcodes with a length in front to the number of its bytes.
var sized = map[byte]int{
	'T': 4, 'U': 1, // BINSTRING, SHORT_BINSTRING
	'X': 4, 0x8c: 1, 0x8d: 8, // BINUNICODE, SHORT_, BINUNICODE8
	'B': 4, 'C': 1, 0x8e: 8, 0x96: 8, // BINBYTES, SHORT_, BINBYTES8, BYTEARRAY8
	0x8a: 1, 0x8b: 4, // LONG1, LONG4
}

func (u *unpickler) op(op byte) error {
	if n, ok := sized[op]; ok {
		size, err := u.uint(n)
		if err != nil {
			return err
		}
		b, err := u.bytes(size)
		if err != nil {
			return err
		}
		switch op {
		case 'B', 'C', 0x8e, 0x96:
			u.push(b)
		case 0x8a, 0x8b:
			u.push(littleEndianInt(b))
		default:
			u.push(string(b))
		}
		return nil
	}
	switch op {
	case 0x80: // PROTO
		v, err := u.byte()
		if err == nil && v > 5 {
			err = fmt.Errorf("%w: pickle protocol %d", ErrUnsupported, v)
		}
		return err
	case 0x95: // FRAME
		_, err := u.uint(8)
		return err
	case '(':
		u.push(mark{})
	case '0': // POP
		if n := len(u.stack); n > 0 {
			u.stack = u.stack[:n-1]
			return nil
		}
		return errStack
	case '1': // POP_MARK
		_, err := u.popMark()
		return err
	case '2': // DUP
		v, err := u.top()
		if err != nil {
			return err
		}
		u.push(v)
	case 'N':
		u.push(nil)
	case 0x88:
		u.push(true)
	case 0x89:
		u.push(false)
	case 'J', 'K', 'M', 'G':
		return u.number(op)
	case 'I', 'L', 'F', 'S', 'V':
		return u.text(op)
	case ']', ')', '}', 0x8f:
		return u.empty(op)
	case 'a', 'e', 's', 'u', 0x90:
		return u.fill(op)
	case 'l', 't', 'd', 0x91, 0x85, 0x86, 0x87:
		return u.collect(op)
	case 'g', 'h', 'j', 'p', 'q', 'r', 0x94:
		return u.memory(op)
	case 'c', 0x93, 'i', 'o', 'R', 'b', 0x81, 0x92:
		return u.object(op)
	case 'P', 'Q':
		return u.persistentID(op)
	default:
		return fmt.Errorf("%w: pickle opcode 0x%02x", ErrCorrupt, op)
	}
	return nil
}

// memory stores the top of the stack in the memo under a key, or pushes what a key
// stands for.
func (u *unpickler) memory(op byte) error {
	var key int64
	switch op {
	case 'g', 'p':
		s, err := u.line()
		if err != nil {
			return err
		}
		if key, err = strconv.ParseInt(s, 10, 64); err != nil {
			return fmt.Errorf("%w: pickle memo %s", ErrCorrupt, quote(s))
		}
	case 'h', 'q', 'j', 'r':
		n := 1
		if op == 'j' || op == 'r' {
			n = 4
		}
		v, err := u.uint(n)
		if err != nil {
			return err
		}
		key = int64(v)
	case 0x94:
		key = int64(len(u.memo))
	}
	if op == 'g' || op == 'h' || op == 'j' {
		v, ok := u.memo[key]
		if !ok {
			return fmt.Errorf("%w: pickle memo %d is empty", ErrCorrupt, key)
		}
		u.push(v)
		return nil
	}
	v, err := u.top()
	if err != nil {
		return err
	}
	u.memo[key] = v
	return u.spend(memoCost, 1)
}

func (u *unpickler) persistentID(op byte) error {
	var id any
	var err error
	if op == 'P' {
		id, err = u.line()
	} else {
		id, err = u.pop()
	}
	if err != nil {
		return err
	}
	if u.persistent == nil {
		return fmt.Errorf("%w: pickle with a persistent id", ErrCorrupt)
	}
	v, err := u.persistent(id)
	if err != nil {
		return err
	}
	u.push(v)
	return u.spend(madeCost, 1)
}
