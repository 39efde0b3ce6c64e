package weights

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
)

func unpickleString(s string) (any, error) {
	v, _, err := unpickled([]byte(s), 0, nil)
	return v, err
}

// plain turns an unpickled value into Go's slices and maps, to compare.
func plain(v any) any {
	items := func(in []any) []any {
		out := []any{}
		for _, it := range in {
			out = append(out, plain(it))
		}
		return out
	}
	switch v := v.(type) {
	case *pyList:
		return list(items(v.items))
	case pyTuple:
		return tuple(items(v))
	case *pySet:
		return append(items(v.items), "set")
	case *pyDict:
		d := dict{}
		for i := range v.keys {
			d = append(d, plain(v.keys[i]), plain(v.values[i]))
		}
		return d
	}
	return v
}

// TestPickleValues reads values as CPython's pickle writes them in its
// protocols 0 to 5.
func TestPickleValues(t *testing.T) {
	long, _ := new(big.Int).SetString("-18446744073709551617", 10)
	for _, tc := range []struct {
		name, in string
		want     any
	}{
		{"None", "N.", nil},
		{"True, protocol 0", "I01\n.", true},
		{"False, protocol 0", "I00\n.", false},
		{"True", "\x80\x02\x88.", true},
		{"False", "\x80\x02\x89.", false},
		{"int, protocol 0", "I-7\n.", int64(-7)},
		{"long, protocol 0", "L9223372036854775807L\n.", int64(math.MaxInt64)},
		{"BININT", "J\xff\xff\xff\xff.", int64(-1)},
		{"BININT1", "K\xff.", int64(255)},
		{"BININT2", "M\x01\x02.", int64(513)},
		{"LONG1 of no bytes", "\x8a\x00.", int64(0)},
		{"LONG1", "\x8a\x02\x00\x80.", int64(-32768)},
		{"LONG1, 8 bytes", "\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80.", int64(math.MinInt64)},
		{"LONG1, 9 bytes that fit", "\x8a\x09\xff\xff\xff\xff\xff\xff\xff\x7f\x00.", int64(math.MaxInt64)},
		{"LONG1, 9 bytes", "\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\xfe.", long},
		{"LONG4", "\x8b\x01\x00\x00\x00\x05.", int64(5)},
		{"float, protocol 0", "F1.5\n.", 1.5},
		{"inf, protocol 0", "Finf\n.", math.Inf(1)},
		{"BINFLOAT", "G\x3f\xf8\x00\x00\x00\x00\x00\x00.", 1.5},
		{"str, protocol 0", "Va\\u00e9\\U0001f600\\n\n.", "aé😀\\n"},
		{"str of Python 2", "S'a\\'\\x41\\n\"'\n.", "a'A\n\""},
		{"SHORT_BINSTRING", "U\x02ab.", "ab"},
		{"BINSTRING", "T\x02\x00\x00\x00ab.", "ab"},
		{"BINUNICODE", "X\x02\x00\x00\x00ab.", "ab"},
		{"SHORT_BINUNICODE", "\x80\x04\x8c\x02ab.", "ab"},
		{"BINUNICODE8", "\x8d\x02\x00\x00\x00\x00\x00\x00\x00ab.", "ab"},
		{"BINBYTES", "B\x02\x00\x00\x00ab.", []byte("ab")},
		{"SHORT_BINBYTES", "C\x02ab.", []byte("ab")},
		{"BINBYTES8", "\x8e\x02\x00\x00\x00\x00\x00\x00\x00ab.", []byte("ab")},
		{"BYTEARRAY8", "\x80\x05\x96\x02\x00\x00\x00\x00\x00\x00\x00ab.", []byte("ab")},
		{"bytes, protocol 2", "c_codecs\nencode\nX\x03\x00\x00\x00a\xc3\xa9X\x06\x00\x00\x00latin1\x86R.", []byte{'a', 0xe9}},
		{"list, protocol 0", "(lp0\nI1\naI2\na.", list{int64(1), int64(2)}},
		{"list", "](K\x01K\x02e.", list{int64(1), int64(2)}},
		{"empty tuple", ").", tuple{}},
		{"tuple, protocol 0", "(I1\nI2\nt.", tuple{int64(1), int64(2)}},
		{"TUPLE1", "K\x01\x85.", tuple{int64(1)}},
		{"TUPLE2", "K\x01K\x02\x86.", tuple{int64(1), int64(2)}},
		{"TUPLE3", "K\x01K\x02K\x03\x87.", tuple{int64(1), int64(2), int64(3)}},
		{"dict, protocol 0", "(dVa\nI1\ns.", dict{"a", int64(1)}},
		{"dict from the stack", "(Va\nI1\nd.", dict{"a", int64(1)}},
		{"dict", "}(U\x01aK\x01U\x01bK\x02u.", dict{"a", int64(1), "b", int64(2)}},
		{"key set twice", "}(U\x01aK\x01U\x01bK\x02U\x01aK\x03u.", dict{"a", int64(3), "b", int64(2)}},
		{"OrderedDict of pairs", "ccollections\nOrderedDict\n](](U\x01aK\x01ee\x85R.", dict{"a", int64(1)}},
		{"set", "\x80\x04\x8f(K\x01\x90.", []any{int64(1), "set"}},
		{"frozenset", "\x80\x04(K\x01\x91.", []any{int64(1), "set"}},
		{"set, protocol 2", "c__builtin__\nset\n](K\x01e\x85R.", []any{int64(1), "set"}},
		{"torch.Size", "ctorch\nSize\n(K\x01K\x02t\x85R.", tuple{int64(1), int64(2)}},
		{"frame", "\x80\x04\x95\x02\x00\x00\x00\x00\x00\x00\x00N.", nil},
		{"memo", "K\x07q\x00h\x00\x86.", tuple{int64(7), int64(7)}},
		{"memo, long", "K\x07r\x00\x01\x00\x00j\x00\x01\x00\x00\x86.", tuple{int64(7), int64(7)}},
		{"memo, protocol 0", "I7\np5\ng5\n\x86.", tuple{int64(7), int64(7)}},
		{"MEMOIZE", "K\x05\x94K\x06\x940h\x01\x86.", tuple{int64(5), int64(6)}},
		{"POP, DUP, POP_MARK", "K\x01K\x020(K\x03K\x041\x32\x86.", tuple{int64(1), int64(1)}},
		{"POP of a mark", "K\x01(0.", int64(1)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v, err := unpickleString(tc.in)
			if err != nil {
				t.Fatal(err)
			}
			if got := plain(v); !reflect.DeepEqual(got, tc.want) {
				t.Errorf("%q = %#v, want %#v", tc.in, got, tc.want)
			}
			// Nothing that is cut off is taken for whole.
			for n := range len(tc.in) {
				if v, err := unpickleString(tc.in[:n]); !errors.Is(err, ErrTruncated) && !errors.Is(err, ErrCorrupt) {
					t.Errorf("first %d bytes of %q = %v, %v", n, tc.in, v, err)
				}
			}
		})
	}
}

// TestPickleEnd: reading stops at the pickle's end, and says where that is.
func TestPickleEnd(t *testing.T) {
	in := "..K\x01.K\x02."
	v, end, err := unpickled([]byte(in), 2, nil)
	if v != int64(1) || end != 5 || err != nil {
		t.Errorf("unpickle = %v, %d, %v", v, end, err)
	}
	v, end, err = unpickled([]byte(in), end, nil)
	if v != int64(2) || end != 8 || err != nil {
		t.Errorf("unpickle = %v, %d, %v", v, end, err)
	}
	for _, off := range []int64{-1, 9, math.MaxInt64} {
		if _, _, err := unpickled([]byte(in), off, nil); !errors.Is(err, ErrTruncated) {
			t.Errorf("unpickle at %d: %v", off, err)
		}
	}
}

// TestForbidden: names that checkpoints have no use for are refused, by every
// opcode that can name one, before anything is made of them.
func TestForbidden(t *testing.T) {
	for _, name := range []string{
		"os system", "posix system", "nt system", "builtins eval", "builtins exec", "builtins getattr", "builtins __import__", "__builtin__ eval", "__builtin__ apply",
		"builtins open", "builtins compile", "builtins type", "builtins print", "subprocess Popen", "subprocess check_output", "socket socket", "shutil rmtree",
		"runpy _run_code", "importlib import_module", "pickle loads", "marshal loads", "types FunctionType", "types CodeType", "functools reduce", "operator attrgetter",
		"webbrowser open", "pdb run", "timeit timeit", "torch load", "torch.hub load", "torch.jit load", "torch._utils os.system", "torch.storage _load_from_bytes",
		"numpy load", "numpy.testing._private.utils runstring", "collections namedtuple", "collections OrderedDict.__init__", "argparse ArgumentParser",
		"fairseq.utils import_user_module", "fairseq.data.dictionary os.system", "fairseq Xx.y", "fairseqx.models model", "xfairseq. Model", "x..y Model", " ", "builtins ", " eval", " Model",
		"_x.y Model", "commands Model", "numpy.core.multiarray fromfile", "torch.nn.functional relu", "a-b Model", "transformers.x y", "omegaconf.base x.Y",
	} {
		module, attr, _ := strings.Cut(name, " ")
		label := module + "." + attr
		short := func(s string) string { return "\x8c" + string(rune(len(s))) + s }
		for how, in := range map[string]string{
			"GLOBAL, not called": "c" + module + "\n" + attr + "\n.",
			"GLOBAL, REDUCE":     "\x80\x02c" + module + "\n" + attr + "\nX\x02\x00\x00\x00id\x85R.",
			"STACK_GLOBAL":       "\x80\x04" + short(module) + short(attr) + "\x93U\x02id\x85R.",
			"INST":               "(U\x02idi" + module + "\n" + attr + "\n.",
			"OBJ":                "(c" + module + "\n" + attr + "\nU\x02ido.",
			"NEWOBJ":             "c" + module + "\n" + attr + "\n)\x81.",
			"in settings":        string(pickleOf(dict{"args", namespace("x", reduction{callee: global(name), args: tuple{"id"}}), "model", dict{}})),
		} {
			v, err := unpickleString(in)
			if !errors.Is(err, ErrForbidden) {
				t.Errorf("%s of %s: %v, %v, want ErrForbidden", how, label, v, err)
				continue
			}
			if !strings.Contains(err.Error(), label) {
				t.Errorf("%s of %s: the error does not name it: %v", how, label, err)
			}
		}
	}
}

// TestForbiddenInFiles: the same in whole files, with the place of the fault.
func TestForbiddenInFiles(t *testing.T) {
	evil := dict{"model", orderedDict("w", reduction{callee: global("posix system"), args: tuple{"touch /tmp/owned"}})}
	for form, file := range map[string][]byte{
		"zip": torchZip(evil), "legacy": torchLegacy(evil, 4), "tar": tarFiles(entry{"m/model.pt", torchZip(evil)}), "zstd": zstandard(torchLegacy(evil, 4)),
	} {
		_, err := load(file)
		var fe *FileError
		if !errors.Is(err, ErrForbidden) || !errors.As(err, &fe) || fe.Path == "" || fe.Entry == "" || fe.Offset <= 0 || !strings.Contains(err.Error(), "posix.system") {
			t.Errorf("%s: %#v, want a *FileError of ErrForbidden with the place", form, err)
		}
	}
}

// TestCallsOnlyGlobals: a pickle calls and builds nothing but what it named.
func TestCallsOnlyGlobals(t *testing.T) {
	for name, in := range map[string]string{
		"string":                "U\x01a)R.",
		"number":                "K\x01)R.",
		"object":                "cargparse\nNamespace\n)R)R.",
		"tuple":                 "))R.",
		"list for arguments":    "ccollections\nOrderedDict\n]R.",
		"state of a global":     "cargparse\nNamespace\n}b.",
		"state of a number":     "K\x01}b.",
		"items of a number":     "K\x01(U\x01aK\x01u.",
		"items of a tuple":      ")K\x01a.",
		"items of a global":     "cargparse\nNamespace\nU\x01aK\x01s.",
		"append to a Namespace": "cargparse\nNamespace\n)\x81}bK\x01a.",
		"names that are none":   "K\x01K\x02\x93.",
		"odd dict":              "(K\x01d.",
		"odd SETITEMS":          "}(K\x01u.",
		"persistent id":         "K\x01Q.",
		"persistent id, text":   "P1\n.",
		"unknown opcode":        "\xff.",
		"EXT1":                  "\x82\x01.",
		"NEXT_BUFFER":           "\x97.",
		"memo that is empty":    "h\x00.",
		"memo of nothing":       "q\x00.",
		"memo of a mark":        "(q\x00.",
		"STOP with nothing":     ".",
		"STOP at a mark":        "(.",
		"POP of nothing":        "0.",
		"DUP of nothing":        "2.",
		"DUP of a mark":         "(2.",
		"POP_MARK of nothing":   "1.",
		"tuple of nothing":      "t.",
		"TUPLE3 of two":         "NN\x87.",
		"TUPLE2 over a mark":    "N(N\x86.",
		"OBJ of nothing":        "(o.",
		"int with letters":      "I1x\n.",
		"long beyond int64":     "L99999999999999999999L\n.",
		"str without quotes":    "Sabc\n.",
		"str of one quote":      "S'\n.",
		"memo with letters":     "Npx\n.",
		"storage by value":      "ctorch\nFloatStorage\n)R.",
		"int of two":            "cbuiltins\nint\nNN\x86R.",
		"tensor of nothing":     "ctorch._utils\n_rebuild_tensor_v2\n)R.",
	} {
		v, err := unpickleString(in)
		var fe *FileError
		if err == nil || !errors.As(err, &fe) || fe.Offset < 0 || !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrForbidden) && !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: %v, %v, want a *FileError", name, v, err)
		}
	}
	if _, err := unpickleString("\x80\x06N."); !errors.Is(err, ErrUnsupported) {
		t.Errorf("protocol 6: %v", err)
	}
}

// TestPickleLengths: a length is never believed beyond the file's end.
func TestPickleLengths(t *testing.T) {
	for name, in := range map[string]string{
		"BINUNICODE":   "X\xff\xff\xff\xff",
		"BINSTRING":    "T\xff\xff\xff\x7f",
		"BINBYTES":     "B\xff\xff\xff\xff",
		"LONG4":        "\x8b\xff\xff\xff\x7f",
		"BINUNICODE8":  "\x8d\xff\xff\xff\xff\xff\xff\xff\xff",
		"BINBYTES8":    "\x8e\x00\x00\x00\x00\x00\x00\x00\x80",
		"BYTEARRAY8":   "\x96\xff\xff\xff\xff\xff\xff\xff\x7f",
		"cut by one":   "X\x03\x00\x00\x00ab",
		"without STOP": "U\x02ab",
	} {
		if n := allocated(func() {
			if _, err := unpickleString(in); !errors.Is(err, ErrTruncated) {
				t.Errorf("%s: %v, want ErrTruncated", name, err)
			}
		}); n > 1<<20 {
			t.Errorf("%s: %d bytes allocated", name, n)
		}
	}
}

// TestPickleGraphs: values that contain themselves, nest deeply or name one
// another exponentially often are read, or refused, in bounded memory.
func TestPickleGraphs(t *testing.T) {
	const n = 100_000 // deep enough for a recursive reader's stack to show
	// Each tuple holds the one before twice: 2^100 leaves when written out.
	laughs := "U\x03lol"
	for i := range 100 {
		laughs += fmt.Sprintf("q%ch%ch%c\x86", byte(i), byte(i), byte(i))
	}
	for _, tc := range []struct{ name, value string }{
		{"list that contains itself", "]q\x00h\x00a"},
		{"dict that contains itself", "}q\x00(U\x01ah\x00u"},
		{"object that contains itself", "cargparse\nNamespace\n)\x81q\x00}(U\x01ah\x00ub"},
		{"state that is the object", "cargparse\nNamespace\n)\x81q\x00h\x00b"},
		{"omegaconf node of itself", "}q\x00(U\x08_contenth\x00u"},
		{"deep tuples", "N" + strings.Repeat("\x85", n)},
		{"deep lists", strings.Repeat("]", n) + strings.Repeat("a", n-1)},
		{"deep dicts", strings.Repeat("}U\x01a", n) + "N" + strings.Repeat("s", n)},
		{"deep objects", strings.Repeat("cargparse\nNamespace\n)\x81", n/10) + "}" + strings.Repeat("b", n/10)},
		{"deep enums", strings.Repeat("cfairseq.x\nE\n", n/10) + "N" + strings.Repeat("\x85R", n/10)},
		{"billion laughs", laughs},
		{"marks", strings.Repeat("(", n) + strings.Repeat("1", n) + "N"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			value := ops(tc.value)
			for form, file := range map[string][]byte{
				"settings":   torchZip(small("x", value, "y", int(7)), entry{"0", floats(6)}),
				"as args":    torchZip(dict{"args", value, "model", orderedDict("w", view{"FloatStorage", "0", 6, 0, tuple{2, 3}, tuple{3, 1}}.value())}, entry{"0", floats(6)}),
				"as model":   torchZip(dict{"model", value}),
				"as root":    torchLegacy(value, 4),
				"in a group": torchZip(dict{"cfg", dict{"model", value}, "model", orderedDict("w", view{"FloatStorage", "0", 6, 0, tuple{2, 3}, tuple{3, 1}}.value())}, entry{"0", floats(6)}),
			} {
				c, err := checkMemory(t, file)
				if err != nil {
					if !isTyped(err) {
						t.Errorf("%s: %v", form, err)
					}
					continue
				}
				if form == "settings" && (args(c)["y"] != int64(7) || len(args(c)) > 2) {
					t.Errorf("Settings = %d values", len(args(c)))
				}
				readAll(t, c)
			}
		})
	}
}

// TestPickleAmplification: opcodes that copy what the memo holds cannot make
// much of little.
func TestPickleAmplification(t *testing.T) {
	const n = 20_000
	items := "(" + strings.Repeat("N", n)
	text := fmt.Sprintf("X%c%c%c%c", n&0xff, n>>8&0xff, n>>16&0xff, 0) + strings.Repeat("a", n)
	for name, in := range map[string]string{
		"tuple() of a memo":    items + "tq\x000" + strings.Repeat("c__builtin__\ntuple\nh\x00\x85R0", n),
		"list() of a memo":     "]" + items + "eq\x000" + strings.Repeat("c__builtin__\nlist\nh\x00\x85R0", n),
		"set() of a memo":      items + "tq\x000c__builtin__\nset\nq\x010" + strings.Repeat("h\x01h\x00\x85R", n),
		"encode() of a memo":   text + "q\x000c_codecs\nencode\nq\x010" + strings.Repeat("h\x01h\x00\x85R", n),
		"OrderedDict of pairs": "](" + strings.Repeat("NN\x86", n) + "eq\x000ccollections\nOrderedDict\nq\x010" + strings.Repeat("h\x01h\x00\x85R", n),
	} {
		n := allocated(func() {
			if _, err := unpickleString(in + "N."); !errors.Is(err, ErrTooLarge) {
				t.Errorf("%s: %v, want ErrTooLarge", name, err)
			}
		})
		if n > 1<<30 {
			t.Errorf("%s: %d MB allocated for a pickle of %d KB", name, n>>20, len(in)>>10)
		}
	}
}

// TestSettingsForms: fairseq's settings in the forms that its versions pickle.
func TestSettingsForms(t *testing.T) {
	w := orderedDict("w", view{"FloatStorage", "0", 6, 0, tuple{2, 3}, tuple{3, 1}}.value())
	leaf := func(v any) any { // an omegaconf leaf
		return reduction{global("omegaconf.nodes AnyNode"), tuple{}, dict{"_metadata", nil, "_val", v}}
	}
	config := func(content ...any) any {
		return reduction{global("omegaconf.dictconfig DictConfig"), tuple{}, dict{"_metadata", nil, "_content", dict(content)}}
	}
	type m = map[string]any
	shared := ops(string(unframed(dict{"a", 1})) + "q\x00")
	for _, tc := range []struct {
		name   string
		object dict
		want   m
	}{
		{"Namespace", dict{"args", namespace("arch", "roberta_base", "encoder_layers", 3, "dropout", 0.5, "seen", true, "x", nil, "l", list{1})},
			m{"args": m{"arch": "roberta_base", "encoder_layers": int64(3), "dropout": 0.5, "seen": true, "x": nil}}},
		{"args and cfg", dict{"args", namespace("a", 1), "cfg", dict{"model", namespace("a", 2)}}, m{"args": m{"a": int64(1)}, "cfg": m{"model": m{"a": int64(2)}}}},
		{"cfg, args None", dict{"args", nil, "cfg", dict{"task", dict{"t", 1}, "model", namespace("a", 2, "_name", "roberta")}},
			m{"args": nil, "cfg": m{"task": m{"t": int64(1)}, "model": m{"a": int64(2), "_name": "roberta"}}}},
		{"omegaconf", dict{"cfg", config("model", config("a", leaf(2), "b", leaf("x"), "c", leaf(nil)))}, m{"cfg": m{"model": m{"a": int64(2), "b": "x", "c": nil}}}},
		{"enum", dict{"args", namespace("e", reduction{callee: global("fairseq.dataclass.constants ChoiceEnum"), args: tuple{"none"}})}, m{"args": m{"e": "none"}}},
		{"one dict twice", dict{"a", shared, "b", ops("h\x00")}, m{"a": m{"a": int64(1)}, "b": m{"a": int64(1)}}},
		{"a dict of itself", dict{"a", ops("}q\x00(U\x01aK\x01U\x01bh\x00u")}, m{"a": m{"a": int64(1)}}},
		{"none", dict{}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := load(torchZip(append(tc.object, "model", w), entry{"0", floats(6)}))
			if err != nil {
				t.Fatal(err)
			}
			if got := c.Settings(); !reflect.DeepEqual(got, tc.want) {
				t.Errorf("Settings = %#v, want %#v", got, tc.want)
			}
		})
	}
}

// TestStateDicts: where the parameters are, in files of fairseq and of others.
func TestStateDicts(t *testing.T) {
	w := orderedDict("w", view{"FloatStorage", "0", 6, 0, tuple{2, 3}, tuple{3, 1}}.value())
	for name, object := range map[string]any{
		"model": dict{"model", w}, "state_dict": dict{"state_dict", w}, "model_state_dict": dict{"epoch", 1, "model_state_dict", w}, "bare": w,
		"with other values": orderedDict("n", 1, "w", view{"FloatStorage", "0", 6, 0, tuple{2, 3}, tuple{3, 1}}.value(), 7, "x"),
		"Parameter": orderedDict("w", reduction{callee: global("torch._utils _rebuild_parameter"), args: tuple{
			view{"FloatStorage", "0", 6, 0, tuple{2, 3}, tuple{3, 1}}.value(), true, orderedDict()}}),
	} {
		for form, file := range map[string][]byte{"zip": torchZip(object, entry{"0", floats(6)}), "legacy": torchLegacy(object, 4, entry{"0", floats(6)})} {
			c, err := load(file)
			if err != nil {
				t.Errorf("%s, %s: %v", name, form, err)
				continue
			}
			x, ok := c.Tensor("w")
			if !ok || !reflect.DeepEqual(x.Shape, []int{2, 3}) {
				t.Errorf("%s, %s: %v", name, form, c.Tensors())
				continue
			}
			if b, err := x.Bytes(); err != nil || !bytes.Equal(b, floats(6)) {
				t.Errorf("%s, %s: w = %x, %v", name, form, b, err)
			}
		}
	}
	for name, object := range map[string]any{"None": nil, "number": 1, "empty": dict{}, "no tensors": dict{"model", dict{"a", 1}}, "list": list{w}} {
		if _, err := load(torchZip(object, entry{"0", floats(6)})); !errors.Is(err, ErrNotCheckpoint) {
			t.Errorf("%s: %v, want ErrNotCheckpoint", name, err)
		}
	}
}
