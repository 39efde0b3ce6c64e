package weights

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
)

// torchStorages maps torch's storage classes to element types.
var torchStorages = map[string]DType{
	"DoubleStorage": F64, "FloatStorage": F32, "HalfStorage": F16, "BFloat16Storage": BF16,
	"LongStorage": I64, "IntStorage": I32, "ShortStorage": I16, "CharStorage": I8, "ByteStorage": U8, "BoolStorage": Bool,
	"UntypedStorage":       U8,
	"ComplexDoubleStorage": c128, "ComplexFloatStorage": c64,
	"QInt8Storage": qint8, "QUInt8Storage": quint8, "QInt32Storage": qint32, "QUInt4x2Storage": quint4x2, "QUInt2x4Storage": quint2x4,
}

var torchDTypes = map[string]DType{
	"float64": F64, "double": F64, "float32": F32, "float": F32, "float16": F16, "half": F16, "bfloat16": BF16,
	"int64": I64, "long": I64, "int32": I32, "int": I32, "int16": I16, "short": I16, "int8": I8, "uint8": U8, "bool": Bool,
	"uint16": u16, "uint32": u32, "uint64": u64, "complex32": c32, "chalf": c32, "complex64": c64, "cfloat": c64, "complex128": c128, "cdouble": c128,
	"float8_e4m3fn": f8e4m3, "float8_e5m2": f8e5m2, "float8_e4m3fnuz": f8e4m3fnuz, "float8_e5m2fnuz": f8e5m2fnuz, "float8_e8m0fnu": f8e8m0, "float4_e2m1fn_x2": f4x2,
	"qint8": qint8, "quint8": quint8, "qint32": qint32, "quint4x2": quint4x2, "quint2x4": quint2x4,
}

// inert lists classes and functions that appear in checkpoints and mean nothing to the
// model: what calling them would give is kept as a record.
var inert = map[string][]string{
	"__builtin__":                {"xrange", "slice", "Ellipsis", "NotImplemented"},
	"builtins":                   {"range", "slice", "Ellipsis", "NotImplemented"},
	"argparse":                   {"Namespace"},
	"collections":                {"Counter", "deque", "ChainMap", "UserDict", "UserList", "UserString"},
	"datetime":                   {"date", "datetime", "time", "timedelta", "timezone"},
	"decimal":                    {"Decimal"},
	"fractions":                  {"Fraction"},
	"functools":                  {"partial"}, // which is not called, as nothing that is made is
	"pathlib":                    {"PosixPath", "PurePosixPath", "WindowsPath", "PureWindowsPath", "Path"},
	"pathlib._local":             {"PosixPath", "PurePosixPath", "WindowsPath", "PureWindowsPath", "Path"},
	"types":                      {"SimpleNamespace"},
	"uuid":                       {"UUID"},
	"typing":                     {"Any", "Dict", "List", "Optional", "Union"},
	"torch":                      {"device", "Generator", "layout", "strided", "sparse_coo", "sparse_csr", "per_tensor_affine", "per_channel_affine", "per_tensor_symmetric", "per_channel_symmetric"},
	"torch.serialization":        {"_get_layout"},
	"torch._utils":               {"_rebuild_sparse_tensor", "_rebuild_sparse_csr_tensor", "_rebuild_nested_tensor", "_rebuild_meta_tensor_no_storage", "_rebuild_device_tensor_from_numpy", "_rebuild_device_tensor_from_cpu_tensor", "_rebuild_wrapper_subclass"},
	"numpy":                      {"dtype", "ndarray", "float64", "float32", "int64", "bool_"},
	"numpy.core.multiarray":      {"scalar", "_reconstruct"},
	"numpy._core.multiarray":     {"scalar", "_reconstruct"},
	"numpy.core.numeric":         {"_frombuffer"},
	"numpy._core.numeric":        {"_frombuffer"},
	"numpy.random._pickle":       {"__randomstate_ctor", "__generator_ctor", "__bit_generator_ctor"},
	"numpy.random.bit_generator": {"__pyx_unpickle_SeedSequence"},
	"numpy.ma.core":              {"_mareconstruct"},
}

// recorded are the packages whose classes checkpoints hold: configurations, callbacks,
// loggers, enums. Instances and what calling their classes would give are kept as
// records, wherever their versions keep the classes.
var recorded = []string{"fairseq", "transformers", "omegaconf", "pytorch_lightning", "lightning", "lightning_fabric", "torchmetrics", "sentence_transformers"}

// builtins lists Python's own types, whose instances are built.
var builtins = []string{"set", "frozenset", "list", "dict", "tuple", "int", "long", "float", "bool", "str", "bytes", "bytearray", "object", "complex"}

// allowed returns the global of that name if checkpoints have a use for it. Classes of
// packages that are not known here are opaque.
func allowed(module, name string) (pyGlobal, error) {
	g := pyGlobal{module: module, name: name}
	switch module {
	case "__builtin__", "builtins":
		if slices.Contains(builtins, name) {
			return pyGlobal{module: "builtins", name: name}, nil
		}
	case "collections":
		if name == "OrderedDict" || name == "defaultdict" {
			return g, nil
		}
	case "torch._utils":
		if slices.Contains([]string{"_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3", "_rebuild_qtensor", "_rebuild_parameter", "_rebuild_parameter_with_state"}, name) {
			return g, nil
		}
	case "torch._tensor":
		if name == "_rebuild_from_type_v2" {
			return g, nil
		}
	case "torch", "torch.cuda", "torch.storage":
		if _, ok := torchStorages[name]; ok {
			return g, nil
		}
		if _, ok := torchDTypes[name]; ok || name == "Size" || name == "TypedStorage" {
			return g, nil
		}
	case "torch.nn.parameter":
		if name == "Parameter" {
			return g, nil
		}
	case "_codecs":
		if name == "encode" {
			return g, nil
		}
	case "copy_reg", "copyreg":
		if name == "_reconstructor" {
			return g, nil
		}
	}
	if slices.Contains(inert[module], name) {
		return g, nil
	}
	if isClass(module, name) && !isPython(module) {
		top, _, _ := strings.Cut(module, ".")
		g.opaque = !slices.Contains(recorded, top)
		return g, nil
	}
	return g, forbidden(g)
}

func forbidden(g pyGlobal) error { return fmt.Errorf("%w: %s", ErrForbidden, describe(g)) }

// isClass says whether a global is called like a class of a module: it begins with a
// capital, as functions do not.
func isClass(module, name string) bool {
	for _, part := range append(strings.Split(module, "."), name) {
		for i, r := range part {
			if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
				return false
			}
		}
		if part == "" {
			return false
		}
	}
	name = strings.TrimLeft(name, "_")
	return name != "" && 'A' <= name[0] && name[0] <= 'Z'
}

// isMember says whether a call of an opaque class is how Python pickles the members of
// an enum: with the member's value alone.
func isMember(args []any) bool {
	if len(args) != 1 {
		return false
	}
	switch args[0].(type) {
	case nil, bool, int64, float64, string:
		return true
	}
	return false
}

// A badCall is the error for a call with arguments of other types than it takes.
type badCall struct {
	callee pyGlobal
	args   int
}

func (e badCall) Error() string {
	return fmt.Sprintf("%v: pickle calls %s with %d arguments of other types than it takes", ErrCorrupt, describe(e.callee), e.args)
}

func (e badCall) Unwrap() error { return ErrCorrupt }

// call returns what calling g would, for the globals that build values.
func call(g pyGlobal, args []any) (any, error) {
	bad := badCall{g, len(args)}
	switch g.String() {
	case "collections.OrderedDict", "collections.defaultdict", "builtins.dict":
		d := newDict()
		if len(args) > 0 {
			l, ok := args[0].(*pyList)
			if !ok {
				return d, nil // defaultdict's factory
			}
			for _, it := range l.items {
				kv := sequenceItems(it)
				if len(kv) != 2 {
					return nil, bad
				}
				d.set(kv[0], kv[1])
			}
		}
		return d, nil
	case "builtins.set", "builtins.frozenset":
		s := &pySet{}
		if len(args) > 0 {
			s.items = slices.Clone(sequenceItems(args[0]))
		}
		return s, nil
	case "builtins.list":
		l := &pyList{}
		if len(args) > 0 {
			l.items = slices.Clone(sequenceItems(args[0]))
		}
		return l, nil
	case "builtins.tuple", "torch.Size":
		var t pyTuple
		if len(args) > 0 {
			t = slices.Clone(sequenceItems(args[0]))
		}
		return t, nil
	case "builtins.int", "builtins.long", "builtins.float", "builtins.bool", "builtins.str":
		if len(args) == 1 {
			return args[0], nil
		}
		return nil, bad
	case "builtins.bytes", "builtins.bytearray", "_codecs.encode":
		// Python 2's way of writing bytes: a string of code points below 256.
		if len(args) > 0 {
			switch s := args[0].(type) {
			case []byte:
				return s, nil
			case string:
				b := make([]byte, 0, len(s))
				for _, r := range s {
					b = append(b, byte(r))
				}
				return b, nil
			}
		}
		return []byte{}, nil
	case "copy_reg._reconstructor", "copyreg._reconstructor":
		if len(args) > 0 {
			if class, ok := args[0].(pyGlobal); ok {
				return &pyObject{class: class}, nil
			}
		}
		return nil, bad
	case "torch._tensor._rebuild_from_type_v2": // (function, class, its arguments, attributes)
		if len(args) > 2 {
			f, ok1 := args[0].(pyGlobal)
			inner, ok2 := args[2].(pyTuple)
			if ok1 && ok2 && f.module == "torch._utils" {
				return call(f, inner)
			}
		}
		return nil, bad
	case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state":
		if len(args) > 0 {
			return args[0], nil
		}
		return nil, bad
	case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor_v3", "torch._utils._rebuild_qtensor":
		t, ok := rebuildTensor(args)
		if !ok {
			return nil, bad
		}
		if g.name == "_rebuild_tensor_v3" {
			if len(args) < 7 {
				return nil, bad
			}
			dt, ok := args[6].(pyGlobal)
			d, known := torchDTypes[dt.name]
			if !ok || !known || dt.module != "torch" {
				return nil, fmt.Errorf("%w: tensor of type %s", ErrUnsupported, describe(args[6]))
			}
			s := *t.storage
			size, _ := s.dtype.bytes(s.numel)
			one, _ := d.bytes(1)
			s.numel, s.dtype = size/one, d
			t.storage = &s
		}
		return t, nil
	}
	if g.module == "torch" || g.module == "torch.storage" || g.module == "torch.cuda" {
		if _, ok := torchStorages[g.name]; ok {
			return nil, fmt.Errorf("%w: pickle holds a %s by value", ErrUnsupported, describe(g))
		}
	}
	return &pyObject{class: g, args: args}, nil
}

// sequenceItems are the items of a list, tuple or set.
func sequenceItems(v any) []any {
	switch v := v.(type) {
	case *pyList:
		return v.items
	case pyTuple:
		return v
	case *pySet:
		return v.items
	}
	return nil
}

// rebuildTensor reads (storage, offset, shape, strides, …).
func rebuildTensor(args []any) (*pyTensor, bool) {
	if len(args) < 4 {
		return nil, false
	}
	s, ok := args[0].(*pyStorage)
	if !ok {
		return nil, false
	}
	offset, ok := args[1].(int64)
	if !ok || offset < 0 || offset > math.MaxInt-s.viewOffset {
		return nil, false
	}
	shape, ok1 := ints(args[2])
	strides, ok2 := ints(args[3])
	if !ok1 || !ok2 || len(shape) != len(strides) {
		return nil, false
	}
	return &pyTensor{storage: s, offset: int(s.viewOffset + offset), shape: shape, strides: strides}, true
}

func ints(v any) ([]int, bool) {
	items := sequenceItems(v)
	if _, ok := v.(pyTuple); !ok && items == nil || len(items) > maxDims {
		return nil, false
	}
	out := make([]int, len(items))
	for i, it := range items {
		n, ok := it.(int64)
		if !ok || n != int64(int(n)) {
			return nil, false
		}
		out[i] = int(n)
	}
	return out, true
}

// storageID reads torch's persistent id: ("storage", class, key, location,
// numel) and, in old files, a view (key, offset, numel).
func storageID(id any) (*pyStorage, error) {
	bad := fmt.Errorf("%w: persistent id that is no storage", ErrCorrupt)
	t, ok := id.(pyTuple)
	if !ok || len(t) < 5 || t[0] != "storage" {
		return nil, bad
	}
	class, ok := t[1].(pyGlobal)
	if !ok {
		return nil, bad
	}
	dtype, ok := torchStorages[class.name]
	if !ok || !slices.Contains([]string{"torch", "torch.cuda", "torch.storage"}, class.module) {
		return nil, fmt.Errorf("%w: storage of class %s", ErrUnsupported, describe(class))
	}
	key, ok1 := t[2].(string)
	numel, ok2 := t[4].(int64)
	if !ok1 || !ok2 || numel < 0 {
		return nil, bad
	}
	s := &pyStorage{dtype: dtype, key: key, numel: numel}
	if len(t) > 5 && t[5] != nil {
		view, ok := t[5].(pyTuple)
		if !ok || len(view) != 3 {
			return nil, bad
		}
		offset, ok := view[1].(int64)
		if !ok || offset < 0 {
			return nil, bad
		}
		s.viewOffset = offset
	}
	return s, nil
}
