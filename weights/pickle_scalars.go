package weights

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

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
	n := 0
	switch op {
	case 'J':
		n = 4
	case 'K':
		n = 1
	case 'M':
		n = 2
	case 'G':
		n = 8
	}
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
	return u.spend(valueCost, 1)
}

// text reads the values of protocol 0, each on a line.
func (u *unpickler) text(op byte) error {
	s, err := u.line()
	if err != nil {
		return err
	}
	bad := fmt.Errorf("%w: %s is no value of pickle opcode %c", ErrCorrupt, quote(s), op)
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

// goQuotes turns the quotation marks of Python's repr of a string into Go's.
var goQuotes = strings.NewReplacer(`\'`, `'`, `"`, `\"`, `\"`, `\"`)

// unescapeString undoes Python's repr of a string.
func unescapeString(s string) string {
	if v, err := strconv.Unquote(`"` + goQuotes.Replace(s) + `"`); err == nil {
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
