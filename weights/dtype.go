package weights

// A DType is the type of a tensor's elements.
type DType uint8

// The element types that checkpoints hold.
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

var dtypes = [...]struct {
	name string
	size int
}{F64: {"F64", 8}, F32: {"F32", 4}, F16: {"F16", 2}, BF16: {"BF16", 2}, I64: {"I64", 8}, I32: {"I32", 4}, I16: {"I16", 2}, I8: {"I8", 1}, U8: {"U8", 1}, Bool: {"BOOL", 1}}

// String is the type's name in safetensors files.
func (d DType) String() string {
	if int(d) < len(dtypes) && dtypes[d].size > 0 {
		return dtypes[d].name
	}
	return "invalid"
}

// Size is the number of bytes of one element, 0 for an invalid type.
func (d DType) Size() int {
	if int(d) < len(dtypes) {
		return dtypes[d].size
	}
	return 0
}

// IsFloat says whether elements are floating-point numbers.
func (d DType) IsFloat() bool { return F64 <= d && d <= BF16 }

func parseDType(name string) (DType, bool) {
	for d, t := range dtypes {
		if t.size > 0 && t.name == name {
			return DType(d), true
		}
	}
	return 0, false
}
