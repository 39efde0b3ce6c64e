package weights

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Values that the unpickler builds, besides nil, bool, int64, float64, string
// and []byte. None of them has behaviour: whatever a pickle says, reading it
// runs nothing.
type (
	pyList  struct{ items []any }
	pyTuple []any
	pySet   struct{ items []any }

	// A pyDict keeps the order of its keys; those that are strings can be looked up.
	pyDict struct {
		keys, values []any
		index        map[string]int
	}

	// A pyGlobal is a function or class that the pickle names.
	pyGlobal struct{ module, name string }

	// A pyObject is an instance of a class, without the class: what it was
	// constructed from and its state.
	pyObject struct {
		class pyGlobal
		args  pyTuple
		state any
	}

	// A pyStorage is where a tensor's elements lie.
	pyStorage struct {
		dtype DType
		key   string
		numel int64
		// view of a part of another storage (files before torch 0.4)
		viewOffset int64
	}

	// A pyTensor is a view of a storage.
	pyTensor struct {
		storage        *pyStorage
		offset         int
		shape, strides []int
	}
)

func (g pyGlobal) String() string { return g.module + "." + g.name }

func newDict() *pyDict { return &pyDict{} }

func (d *pyDict) set(k, v any) {
	if s, ok := k.(string); ok {
		if i, ok := d.index[s]; ok {
			d.values[i] = v
			return
		}
		if d.index == nil {
			d.index = map[string]int{}
		}
		d.index[s] = len(d.keys)
	}
	d.keys = append(d.keys, k)
	d.values = append(d.values, v)
}

func (d *pyDict) get(k string) (any, bool) {
	if i, ok := d.index[k]; ok {
		return d.values[i], true
	}
	return nil, false
}

// describe names a value in a message: what it is, and its text only if that is short.
func describe(v any) string {
	switch v := v.(type) {
	case nil, bool, int64, float64, pyGlobal:
		return fmt.Sprint(v)
	case string:
		if len(v) > 100 {
			v = v[:100] + "…"
		}
		return strconv.Quote(v)
	case *pyObject:
		return "a " + v.class.String()
	}
	return "a " + strings.ToLower(strings.TrimPrefix(strings.TrimPrefix(fmt.Sprintf("%T", v), "*"), "weights.py"))
}

// mark is what the opcode MARK puts on the stack.
type mark struct{}

// An unpickler reads one pickle (protocols 0 to 5, as in Python's pickletools).
type unpickler struct {
	r     *bufio.Reader
	pos   int64
	limit int64 // bytes that are left at most
	stack []any
	memo  map[int64]any
	spent int // values made, and slots of containers that were copied
	// persistent resolves a persistent id; nil refuses them.
	persistent func(id any) (any, error)
}

// unpickle reads one pickle from src at off and returns the value and where the
// pickle ends.
func unpickle(src io.ReaderAt, off, size int64, persistent func(any) (any, error)) (any, int64, error) {
	if off < 0 || off > size {
		return nil, off, inEntry("pickle", off, ErrTruncated)
	}
	u := &unpickler{
		r:          bufio.NewReaderSize(io.NewSectionReader(src, off, size-off), 64<<10),
		limit:      size - off,
		memo:       map[int64]any{},
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
			return strings.TrimSuffix(b.String(), "\r"), nil
		}
		b.WriteByte(c)
	}
}

func (u *unpickler) push(v any) { u.stack = append(u.stack, v) }

// maxValues bounds the values that a pickle makes. A checkpoint has some
// thousands; each costs up to a hundred bytes of memory for one of the file.
const maxValues = 4 << 20

// spend counts values, and fails when they are far more than a checkpoint has.
func (u *unpickler) spend(n int) error {
	if u.spent += n; u.spent > maxValues {
		return fmt.Errorf("%w: a pickle of more than %d values", ErrTooLarge, maxValues)
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
		if err := u.spend(1); err != nil {
			return nil, err
		}
		if err := u.op(op); err != nil {
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
		u.push(map[byte]func() any{
			']': func() any { return &pyList{} }, ')': func() any { return pyTuple{} },
			'}': func() any { return newDict() }, 0x8f: func() any { return &pySet{} },
		}[op]())
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

func littleEndianInt(b []byte) any {
	if len(b) > 8 {
		be := make([]byte, len(b))
		for i, c := range b {
			be[len(b)-1-i] = c
		}
		v := new(big.Int).SetBytes(be)
		if b[len(b)-1]&0x80 != 0 {
			v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
		}
		if v.IsInt64() {
			return v.Int64()
		}
		return v
	}
	var v uint64
	for i, c := range b {
		v |= uint64(c) << (8 * i)
	}
	if n := len(b); n > 0 && n < 8 && b[n-1]&0x80 != 0 {
		v |= math.MaxUint64 << (8 * n)
	}
	return int64(v)
}

// number reads BININT, BININT1, BININT2 and BINFLOAT.
func (u *unpickler) number(op byte) error {
	n := map[byte]int{'J': 4, 'K': 1, 'M': 2, 'G': 8}[op]
	v, err := u.uint(n)
	if err != nil {
		return err
	}
	switch op {
	case 'J':
		u.push(int64(int32(v)))
	case 'G': // the one big-endian number of the format
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], v)
		u.push(math.Float64frombits(binary.BigEndian.Uint64(b[:])))
	default:
		u.push(int64(v))
	}
	return nil
}

// text reads the values of protocol 0, each on a line.
func (u *unpickler) text(op byte) error {
	s, err := u.line()
	if err != nil {
		return err
	}
	bad := fmt.Errorf("%w: %q is no value of pickle opcode %c", ErrCorrupt, s, op)
	switch op {
	case 'I', 'L':
		switch {
		case op == 'I' && s == "00":
			u.push(false)
		case op == 'I' && s == "01":
			u.push(true)
		default:
			v, err := strconv.ParseInt(strings.TrimSuffix(s, "L"), 10, 64)
			if err != nil {
				return bad
			}
			u.push(v)
		}
	case 'F':
		v, err := strconv.ParseFloat(s, 64)
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			return bad
		}
		u.push(v)
	case 'S':
		if len(s) < 2 || s[0] != s[len(s)-1] || s[0] != '\'' && s[0] != '"' {
			return bad
		}
		u.push(unescapeString(s[1 : len(s)-1]))
	case 'V':
		u.push(unescapeUnicode(s))
	}
	return nil
}

// unescapeString undoes Python's repr of a string.
func unescapeString(s string) string {
	if v, err := strconv.Unquote(`"` + strings.NewReplacer(`\'`, `'`, `"`, `\"`, `\"`, `\"`).Replace(s) + `"`); err == nil {
		return v
	}
	return s
}

// unescapeUnicode undoes raw-unicode-escape, in which \u stands for itself alone.
func unescapeUnicode(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		n := 0
		if s[i] == '\\' && i+1 < len(s) {
			n = map[byte]int{'u': 4, 'U': 8}[s[i+1]]
		}
		if n > 0 && i+2+n <= len(s) {
			if v, err := strconv.ParseUint(s[i+2:i+2+n], 16, 32); err == nil {
				b.WriteRune(rune(v))
				i += 1 + n
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// fill adds to the list, dict or set that is below on the stack.
func (u *unpickler) fill(op byte) error {
	var items []any
	var err error
	switch op {
	case 'a':
		items, err = u.popN(1)
	case 's':
		items, err = u.popN(2)
	default:
		items, err = u.popMark()
	}
	if err != nil {
		return err
	}
	target, err := u.top()
	if err != nil {
		return err
	}
	switch op {
	case 's', 'u':
		d := dictOf(target)
		if d == nil || len(items)%2 != 0 {
			return fmt.Errorf("%w: pickle sets items of %T", ErrCorrupt, target)
		}
		for i := 0; i < len(items); i += 2 {
			d.set(items[i], items[i+1])
		}
	default:
		switch t := target.(type) {
		case *pyList:
			t.items = append(t.items, items...)
		case *pySet:
			t.items = append(t.items, items...)
		case *pyObject: // a subclass of list
			l, ok := t.state.(*pyList)
			if !ok && t.state != nil {
				return fmt.Errorf("%w: pickle appends to %v", ErrCorrupt, t.class)
			}
			if l == nil {
				l = &pyList{}
				t.state = l
			}
			l.items = append(l.items, items...)
		default:
			return fmt.Errorf("%w: pickle appends to %T", ErrCorrupt, target)
		}
	}
	return nil
}

// dictOf is the dict that items are set in: a dict itself, or the content of an
// object of a subclass of dict.
func dictOf(v any) *pyDict {
	switch v := v.(type) {
	case *pyDict:
		return v
	case *pyObject:
		if v.state == nil {
			v.state = newDict()
		}
		d, _ := v.state.(*pyDict)
		return d
	}
	return nil
}

// collect builds a list, tuple, dict or frozenset from the stack.
func (u *unpickler) collect(op byte) error {
	var items []any
	var err error
	switch op {
	case 0x85, 0x86, 0x87:
		items, err = u.popN(int(op) - 0x84)
	default:
		items, err = u.popMark()
	}
	if err != nil {
		return err
	}
	switch op {
	case 'l':
		u.push(&pyList{items})
	case 0x91:
		u.push(&pySet{items})
	case 'd':
		if len(items)%2 != 0 {
			return fmt.Errorf("%w: pickle has a dict with a key and no value", ErrCorrupt)
		}
		d := newDict()
		for i := 0; i < len(items); i += 2 {
			d.set(items[i], items[i+1])
		}
		u.push(d)
	default:
		u.push(pyTuple(items))
	}
	return nil
}

// memory puts the top of the stack aside, or gets something back.
func (u *unpickler) memory(op byte) error {
	var key int64
	switch op {
	case 'g', 'p':
		s, err := u.line()
		if err != nil {
			return err
		}
		if key, err = strconv.ParseInt(s, 10, 64); err != nil {
			return fmt.Errorf("%w: pickle memo %q", ErrCorrupt, s)
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
	return nil
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
	return nil
}

// object reads the opcodes that name globals and make objects of them.
func (u *unpickler) object(op byte) error {
	switch op {
	case 'c', 'i':
		module, err := u.line()
		if err != nil {
			return err
		}
		name, err := u.line()
		if err != nil {
			return err
		}
		g, err := allowed(module, name)
		if err != nil {
			return err
		}
		if op == 'c' {
			u.push(g)
			return nil
		}
		args, err := u.popMark()
		if err != nil {
			return err
		}
		return u.construct(g, args)
	case 0x93: // STACK_GLOBAL
		names, err := u.popN(2)
		if err != nil {
			return err
		}
		module, ok1 := names[0].(string)
		name, ok2 := names[1].(string)
		if !ok1 || !ok2 {
			return fmt.Errorf("%w: pickle names a global with %T and %T", ErrCorrupt, names[0], names[1])
		}
		g, err := allowed(module, name)
		if err != nil {
			return err
		}
		u.push(g)
		return nil
	case 'o':
		items, err := u.popMark()
		if err != nil {
			return err
		}
		if len(items) == 0 {
			return errStack
		}
		return u.construct(items[0], items[1:])
	case 'b': // BUILD
		state, err := u.pop()
		if err != nil {
			return err
		}
		target, err := u.top()
		if err != nil {
			return err
		}
		switch t := target.(type) {
		case *pyObject:
			if t.state == nil {
				t.state = state
			}
		case *pyDict, *pyTensor, *pyList, *pySet: // attributes that nothing here reads
		default:
			return fmt.Errorf("%w: pickle sets the state of %s", ErrForbidden, describe(target))
		}
		return nil
	}
	n := 2
	if op == 0x92 { // NEWOBJ_EX
		n = 3
	}
	items, err := u.popN(n)
	if err != nil {
		return err
	}
	args, ok := items[1].(pyTuple)
	if !ok {
		return fmt.Errorf("%w: pickle calls with %T for arguments", ErrCorrupt, items[1])
	}
	return u.construct(items[0], args)
}

// construct stands for calling a global: it pushes what that would return.
func (u *unpickler) construct(callee any, args []any) error {
	g, ok := callee.(pyGlobal)
	if !ok {
		return fmt.Errorf("%w: pickle calls %s", ErrCorrupt, describe(callee))
	}
	for _, a := range args { // the containers among them are copied
		if err := u.spend(len(sequenceItems(a))); err != nil {
			return err
		}
		switch a := a.(type) {
		case string:
			if err := u.spend(len(a) / 64); err != nil {
				return err
			}
		}
	}
	v, err := call(g, args)
	if err != nil {
		return err
	}
	u.push(v)
	return nil
}
