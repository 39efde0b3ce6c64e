package weights

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// torchStorages maps torch's storage classes to element types.
var torchStorages = map[string]DType{
	"DoubleStorage": F64, "FloatStorage": F32, "HalfStorage": F16, "BFloat16Storage": BF16,
	"LongStorage": I64, "IntStorage": I32, "ShortStorage": I16, "CharStorage": I8, "ByteStorage": U8, "BoolStorage": Bool,
	"UntypedStorage": U8,
}

var torchDTypes = map[string]DType{
	"float64": F64, "double": F64, "float32": F32, "float": F32, "float16": F16, "half": F16, "bfloat16": BF16,
	"int64": I64, "long": I64, "int32": I32, "int": I32, "int16": I16, "short": I16, "int8": I8, "uint8": U8, "bool": Bool,
}

// inert lists classes that appear in checkpoints and mean nothing to the model:
// instances are kept as records. fairseq's configurations are among them.
var inert = map[string][]string{
	"argparse":               {"Namespace"},
	"collections":            {"Counter"},
	"pathlib":                {"PosixPath", "PurePosixPath", "WindowsPath", "Path"},
	"torch":                  {"device", "Generator", "layout", "strided"},
	"torch.serialization":    {"_get_layout"},
	"typing":                 {"Any", "Dict", "List", "Optional", "Union"},
	"numpy":                  {"dtype", "ndarray", "float64", "float32", "int64", "bool_"},
	"numpy.core.multiarray":  {"scalar", "_reconstruct"},
	"numpy._core.multiarray": {"scalar", "_reconstruct"},
	"omegaconf.dictconfig":   {"DictConfig"},
	"omegaconf.listconfig":   {"ListConfig"},
	"omegaconf.base":         {"ContainerMetadata", "Metadata", "SCMode"},
	"omegaconf.nodes":        {"AnyNode", "StringNode", "IntegerNode", "FloatNode", "BooleanNode", "EnumNode"},
}

// builtins lists Python's own types, whose instances are built.
var builtins = []string{"set", "frozenset", "list", "dict", "tuple", "int", "float", "bool", "str", "bytes", "bytearray", "object", "complex"}

// allowed returns the global of that name if checkpoints have a use for it.
func allowed(module, name string) (pyGlobal, error) {
	g := pyGlobal{module, name}
	switch module {
	case "__builtin__", "builtins":
		if slices.Contains(builtins, name) {
			return pyGlobal{"builtins", name}, nil
		}
	case "collections":
		if name == "OrderedDict" || name == "defaultdict" {
			return g, nil
		}
	case "torch._utils":
		if slices.Contains([]string{"_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3", "_rebuild_parameter"}, name) {
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
	// fairseq's dataclasses and enums, wherever its versions keep them: classes,
	// which begin with a capital. Only the record is made; no code of that name
	// exists here.
	if strings.HasPrefix(module, "fairseq.") && name != "" && 'A' <= name[0] && name[0] <= 'Z' && !strings.Contains(name, ".") {
		return g, nil
	}
	return g, fmt.Errorf("%w: %s", ErrForbidden, describe(g))
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
	case "builtins.int", "builtins.float", "builtins.bool", "builtins.str":
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
	case "torch._utils._rebuild_parameter":
		if len(args) > 0 {
			return args[0], nil
		}
		return nil, bad
	case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor_v3":
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
			if !ok || !known {
				return nil, fmt.Errorf("%w: tensor of type %s", ErrUnsupported, describe(args[6]))
			}
			s := *t.storage
			s.numel, s.dtype = s.numel*int64(s.dtype.Size())/int64(d.Size()), d
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
	if !ok1 || !ok2 || len(shape) != len(strides) || len(shape) > maxDims {
		return nil, false
	}
	return &pyTensor{storage: s, offset: int(s.viewOffset + offset), shape: shape, strides: strides}, true
}

func ints(v any) ([]int, bool) {
	items := sequenceItems(v)
	if _, ok := v.(pyTuple); !ok && items == nil {
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
	if !ok {
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
