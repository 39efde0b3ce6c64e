package weights

import "math"

// A DType is the type of a tensor's elements.
type DType uint8

// The element types that are read.
const (
	F64 DType = iota + 1
	F32
	F16
	BF16
	I64
	I32
	I16
	I8
	U8
	Bool
)

// Element types that are known and not read: a tensor of such a type is listed, and
// reading its elements is an error. Those of a name that is not known are otherType.
const (
	otherType DType = iota + Bool + 1
	u64
	u32
	u16
	f8e4m3
	f8e5m2
	f8e8m0
	f8e4m3fnuz
	f8e5m2fnuz
	f6e2m3
	f6e3m2
	f4
	c32
	c64
	c128
	qint8
	quint8
	qint32
	quint4x2
	quint2x4
	f4x2
)

// dtypes has each type's name in safetensors files, or torch's for those that have
// none there, and the bits of an element.
var dtypes = [...]struct {
	name string
	bits int
}{
	F64: {"F64", 64}, F32: {"F32", 32}, F16: {"F16", 16}, BF16: {"BF16", 16}, I64: {"I64", 64}, I32: {"I32", 32}, I16: {"I16", 16}, I8: {"I8", 8}, U8: {"U8", 8}, Bool: {"BOOL", 8},
	u64: {"U64", 64}, u32: {"U32", 32}, u16: {"U16", 16},
	f8e4m3: {"F8_E4M3", 8}, f8e5m2: {"F8_E5M2", 8}, f8e8m0: {"F8_E8M0", 8}, f8e4m3fnuz: {"F8_E4M3FNUZ", 8}, f8e5m2fnuz: {"F8_E5M2FNUZ", 8},
	f6e2m3: {"F6_E2M3", 6}, f6e3m2: {"F6_E3M2", 6}, f4: {"F4", 4}, c32: {"C32", 32}, c64: {"C64", 64}, c128: {"C128", 128},
	qint8: {"qint8", 8}, quint8: {"quint8", 8}, qint32: {"qint32", 32}, quint4x2: {"quint4x2", 8}, quint2x4: {"quint2x4", 8}, f4x2: {"float4_e2m1fn_x2", 8},
}

// String is the type's name in safetensors files. Types that are not read have one
// too, or "other" if their name is not known.
func (d DType) String() string {
	switch {
	case d == otherType:
		return "other"
	case int(d) < len(dtypes) && dtypes[d].bits > 0:
		return dtypes[d].name
	}
	return "invalid"
}

// Size is the number of bytes of one element, 0 for types that are not read.
func (d DType) Size() int {
	if d.isRead() {
		return dtypes[d].bits / 8
	}
	return 0
}

// isRead says whether elements of the type can be read.
func (d DType) isRead() bool { return F64 <= d && d <= Bool }

// IsFloat says whether elements are floating-point numbers that are read.
func (d DType) IsFloat() bool { return F64 <= d && d <= BF16 }

// bytes is how many bytes n elements have, where that is known and n elements are
// whole bytes.
func (d DType) bytes(n int64) (int64, bool) {
	if int(d) >= len(dtypes) || dtypes[d].bits == 0 || n > math.MaxInt64/128 {
		return 0, false
	}
	bits := n * int64(dtypes[d].bits)
	return bits / 8, bits%8 == 0
}

// parseDType is the type of that name in a safetensors file, or otherType.
func parseDType(name string) DType {
	for d, t := range dtypes {
		if t.bits > 0 && t.name == name && DType(d) < qint8 {
			return DType(d)
		}
	}
	return otherType
}
