package weights

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// lightning is a state dict with one tensor, as training programs save it beside
// objects of classes that are theirs.
func lightning(others ...any) []byte {
	w := view{"FloatStorage", "0", 6, 0, tuple{2, 3}, tuple{3, 1}}
	return torchZip(dict(append([]any{"state_dict", orderedDict("model.w", w.value())}, others...)), entry{"0", floats(6)})
}

// made is an instance of a class, made without a call, with a state.
func made(class string, state any) any {
	return ops(string(unframed(global(class))) + ")\x81" + string(unframed(state)) + "b")
}

// TestOpaque: objects of classes that are not known are read over. What is beside them
// is read.
func TestOpaque(t *testing.T) {
	enum := func(class string, v any) any { return reduction{callee: global(class), args: tuple{v}} }
	for name, others := range map[string][]any{
		"callbacks by class":     {"callbacks", ops("}(" + string(unframed(global("pytorch_lightning.callbacks.model_checkpoint ModelCheckpoint"))) + string(unframed(dict{"best", 0.5})) + "u")},
		"callbacks of others":    {"callbacks", ops("}(" + string(unframed(global("my_project.callbacks.best Best"))) + "}u")},
		"an instance":            {"config", made("my_project.config ModelConfig", dict{"a", 1, "w", view{"FloatStorage", "0", 6, 0, tuple{2, 3}, tuple{3, 1}}.value()})},
		"of __main__":            {"config", made("__main__ Config", dict{"a", 1})},
		"attributes":             {"hyper_parameters", ops(string(unframed(global("pytorch_lightning.utilities.parsing AttributeDict"))) + ")\x81(" + string(unframed("a")) + string(unframed(1)) + "u")},
		"an enum":                {"args", namespace("strategy", enum("transformers.trainer_utils IntervalStrategy", "steps"), "x", 1)},
		"an enum of others":      {"args", namespace("kind", enum("my_project.types Kind", "fast"), "number", enum("my_project.types Number", 2), "x", 1)},
		"training arguments":     {"args", made("transformers.training_args TrainingArguments", dict{"lr_scheduler_type", enum("transformers.trainer_utils SchedulerType", "linear"), "n", 1})},
		"omegaconf":              {"hyper_parameters", made("omegaconf.dictconfig DictConfig", dict{"_metadata", made("omegaconf.base ContainerMetadata", dict{"ref_type", global("typing Any"), "object_type", global("my.config Model")}), "_content", dict{"a", 1}})},
		"paths":                  {"args", namespace("dir", reduction{callee: global("pathlib PosixPath"), args: tuple{"/", "a"}}, "new", reduction{callee: global("pathlib._local PosixPath"), args: tuple{"/", "a"}})},
		"numpy scalars":          {"best", reduction{callee: global("numpy._core.multiarray scalar"), args: tuple{reduction{callee: global("numpy dtype"), args: tuple{"f8", false, true}}, []byte("12345678")}}},
		"random states":          {"rng", tuple{"MT19937", reduction{callee: global("numpy.random._pickle __generator_ctor"), args: tuple{"MT19937"}}}},
		"a partial":              {"optimizer", reduction{global("functools partial"), tuple{global("torch.optim.adamw AdamW")}, tuple{global("torch.optim.adamw AdamW"), tuple{}, dict{"lr", 0.1}, nil}}},
		"a range":                {"r", reduction{callee: global("builtins range"), args: tuple{0, 3, 1}}},
		"a default":              {"d", reduction{callee: global("collections defaultdict"), args: tuple{global("__builtin__ long")}}},
		"dates":                  {"made", reduction{callee: global("datetime datetime"), args: tuple{[]byte("0123456789")}}},
		"a tokenizer":            {"tokenizer", made("transformers.models.roberta.tokenization_roberta_fast RobertaTokenizerFast", dict{"_tokenizer", made("tokenizers Tokenizer", []byte("{}"))})},
		"an optimizer's class":   {"optimizer_class", global("torch.optim.adamw AdamW")},
		"a module beside":        {"loss", made("torch.nn.modules.loss CrossEntropyLoss", dict{"_parameters", orderedDict(), "training", true})},
		"appended to":            {"list", ops(string(unframed(global("torch.nn.modules.container X"))) + ")\x81(" + string(unframed(1)) + "e")},
		"made with arguments":    {"x", ops(string(unframed(global("my.x X"))) + "K\x01\x85}\x92")},
		"reconstructed":          {"x", reduction{global("copyreg _reconstructor"), tuple{global("my.x X"), global("builtins object"), nil}, dict{"a", 1}}},
		"a model that is a name": {"model", "roberta-base"},
		"a model of settings":    {"model", dict{"name", "roberta-base"}},
	} {
		c, err := load(lightning(others...))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := names(c); !reflect.DeepEqual(got, []string{"model.w"}) {
			t.Errorf("%s: tensors %q", name, got)
		}
		readAll(t, c)
	}
	c, err := load(lightning("args", namespace("a", enum("fairseq.x Kind", "none"), "b", enum("my.x Kind", "fast"), "c", made("my.x C", dict{"d", 1}))))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := args(c), map[string]any{"a": "none", "c": map[string]any{"d": int64(1)}}; !reflect.DeepEqual(got, want) {
		t.Errorf("settings %v, want %v: an unknown class says nothing of its value", got, want)
	}
}

// TestOpaqueCalls: a class that is not known is not called, and is no storage, no
// element type and no tensor.
func TestOpaqueCalls(t *testing.T) {
	g := func(name string) string { return string(unframed(global(name))) }
	for name, in := range map[string]string{
		"called with nothing":        g("my.x Popen") + ")R.",
		"called with two":            g("my.x Popen") + "U\x02idN\x86R.",
		"called with a list":         g("my.x Popen") + "]\x85R.",
		"called with an object":      g("my.x Popen") + g("my.x X") + ")\x81\x85R.",
		"called with a class":        g("my.x Popen") + g("my.x X") + "\x85R.",
		"called by INST":             "(U\x02idimy.x\nPopen\n.",
		"called by OBJ":              "(" + g("my.x Popen") + "U\x02ido.",
		"an instance that is called": g("my.x X") + ")\x81)R.",
		"a member that is called":    g("my.x X") + "U\x01a\x85RU\x02id\x85R.",
		"state of a class":           g("my.x X") + "}b.",
		"items of a class":           g("my.x X") + "U\x01aK\x01s.",
		"a member of os":             "cos\nX\nU\x01a\x85R.",
		"getattr of a class":         "cbuiltins\ngetattr\n" + g("my.x X") + "U\x01a\x86R.",
		"a type's function":          "ctorch._tensor\n_rebuild_from_type_v2\n(cposix\nsystem\n" + g("my.x X") + "U\x02id\x85}tR.",
		"a type's opaque function":   "ctorch._tensor\n_rebuild_from_type_v2\n(" + g("my.x X") + g("my.x X") + "U\x02id\x85}tR.",
	} {
		v, err := unpickleString(in)
		if !errors.Is(err, ErrForbidden) && !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v, %v, want ErrForbidden or ErrCorrupt", name, v, err)
		}
		if strings.HasPrefix(name, "called") && (!errors.Is(err, ErrForbidden) || !strings.Contains(err.Error(), "my.x.Popen")) {
			t.Errorf("%s: %v, want ErrForbidden that names my.x.Popen", name, err)
		}
	}
	storage := func(class string) any {
		return dict{"model", orderedDict("w", reduction{callee: global("torch._utils _rebuild_tensor_v2"), args: tuple{
			persistent{tuple{"storage", global(class), "0", "cpu", 6}}, 0, tuple{6}, tuple{1}, false, nil}})}
	}
	if _, err := load(torchZip(storage("my.x FloatStorage"), entry{"0", floats(6)})); !errors.Is(err, ErrUnsupported) {
		t.Errorf("a storage of another package: %v", err)
	}
	for name, object := range map[string]any{
		"a module":           made("torch.nn.modules.container Sequential", dict{"_parameters", orderedDict()}),
		"a module of others": made("__main__ Model", dict{"_parameters", orderedDict(), "_modules", orderedDict()}),
		"a module in a dict": dict{"epoch", 1, "model", made("__main__ Model", dict{"_parameters", orderedDict()})},
	} {
		if _, err := load(torchZip(object)); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "state_dict()") {
			t.Errorf("%s: %v, want ErrUnsupported that says state_dict()", name, err)
		}
	}
}

// TestUnread: tensors of types that are not read do not stop the others; reading them
// is an error that names tensor and type.
func TestUnread(t *testing.T) {
	w := view{"FloatStorage", "0", 6, 0, tuple{2, 3}, tuple{3, 1}}.value()
	rebuilt := func(f string, args ...any) any {
		return reduction{callee: global(f), args: args}
	}
	storage := func(class, key string, n int) any { return persistent{tuple{"storage", global(class), key, "cpu", n}} }
	quantized := rebuilt("torch._utils _rebuild_qtensor", storage("torch QInt8Storage", "1", 4), 0, tuple{2, 2}, tuple{2, 1}, tuple{global("torch per_tensor_affine"), 0.5, 0}, false, orderedDict())
	for name, tc := range map[string]struct {
		file []byte
		typ  string
	}{
		"quantized": {torchZip(orderedDict("w", w, "odd", quantized), entry{"0", floats(6)}, entry{"1", []byte("abcd")}), "qint8"},
		"complex":   {torchZip(orderedDict("w", w, "odd", view{"ComplexFloatStorage", "1", 2, 0, tuple{2}, tuple{1}}.value()), entry{"0", floats(6)}, entry{"1", floats(4)}), "C64"},
		"float8": {torchZip(orderedDict("w", w, "odd", rebuilt("torch._utils _rebuild_tensor_v3", storage("torch.storage UntypedStorage", "1", 4), 0, tuple{4}, tuple{1}, false, orderedDict(), global("torch float8_e4m3fn"))),
			entry{"0", floats(6)}, entry{"1", []byte("abcd")}), "F8_E4M3"},
		"safetensors":            {rawSafetensors(`{"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"odd":{"dtype":"F8_E5M2","shape":[4],"data_offsets":[24,28]}}`, append(floats(6), "abcd"...)), "F8_E5M2"},
		"safetensors, unknown":   {rawSafetensors(`{"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"odd":{"dtype":"NF4","shape":[2,4],"data_offsets":[24,28]}}`, append(floats(6), "abcd"...)), "NF4"},
		"safetensors, half byte": {rawSafetensors(`{"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"odd":{"dtype":"F4","shape":[8],"data_offsets":[24,28]}}`, append(floats(6), "abcd"...)), "F4"},
	} {
		c, err := load(tc.file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if x, ok := c.Tensor("w"); !ok || string(mustBytes(t, x)) != string(floats(6)) {
			t.Errorf("%s: w is not read", name)
		}
		x, ok := c.Tensor("odd")
		if !ok || x.Type() != tc.typ || x.DType.Size() != 0 || x.DType.IsFloat() {
			t.Errorf("%s: odd is of type %v", name, x)
			continue
		}
		_, bytesErr := x.Bytes()
		_, rowsErr := x.Rows(0, 1).Bytes()
		e := x.Entry("odd")
		_, aliased := x.AliasedFloat32s()
		for way, err := range map[string]error{"Bytes": bytesErr, "Float32s": x.Float32s(make([]float32, x.Len())), "RowsFloat32": x.RowsFloat32(make([]float32, x.Len()/x.Shape[0]), 0, 1), "Rows": rowsErr, "Entry": e.Write(nil)} {
			var fe *FileError
			if !errors.Is(err, ErrUnsupported) || !errors.As(err, &fe) || fe.Tensor != "odd" || !strings.Contains(err.Error(), tc.typ) {
				t.Errorf("%s: %s: %v, want a *FileError of ErrUnsupported that names odd and %s", name, way, err, tc.typ)
			}
		}
		if aliased {
			t.Errorf("%s: elements are handed out", name)
		}
	}
	// Of other kinds the state dict has no tensor at all, which is said.
	c, err := load(torchZip(orderedDict("w", w, "odd", rebuilt("torch._utils _rebuild_sparse_tensor", global("torch sparse_coo"), tuple{})), entry{"0", floats(6)}))
	if err != nil || len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "odd (a torch._utils._rebuild_sparse_tensor)") {
		t.Errorf("sparse: %v, notes %q", err, c.Notes)
	}
	for name, object := range map[string]any{
		"type v2":    rebuilt("torch._tensor _rebuild_from_type_v2", global("torch._utils _rebuild_tensor_v2"), global("torch.nn.parameter Parameter"), tuple{storage("torch FloatStorage", "0", 6), 0, tuple{2, 3}, tuple{3, 1}, false, nil}, dict{"a", 1}),
		"with state": rebuilt("torch._utils _rebuild_parameter_with_state", w, true, orderedDict(), dict{"a", 1}),
	} {
		c, err := load(torchZip(orderedDict("w", object), entry{"0", floats(6)}))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if x, ok := c.Tensor("w"); !ok || string(mustBytes(t, x)) != string(floats(6)) {
			t.Errorf("%s: tensors %q", name, names(c))
		}
	}
	for name, object := range map[string]any{
		"too many elements": view{"ComplexFloatStorage", "1", 2, 0, tuple{200}, tuple{1}}.value(), "negative": view{"ComplexFloatStorage", "1", 2, 0, tuple{-1}, tuple{1}}.value(),
		"a storage that is too short": view{"ComplexFloatStorage", "1", 3, 0, tuple{2}, tuple{1}}.value(),
	} {
		if _, err := load(torchZip(orderedDict("w", w, "odd", object), entry{"0", floats(6)}, entry{"1", floats(4)})); !isTyped(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The old form has sizes of storages in elements.
	for class, size := range map[string]int{"ComplexFloatStorage": 8, "QInt8Storage": 1, "ComplexDoubleStorage": 16} {
		file := torchLegacy(orderedDict("odd", view{class, "0", 2, 0, tuple{2}, tuple{1}}.value(), "w", view{"FloatStorage", "1", 6, 0, tuple{2, 3}, tuple{3, 1}}.value()), size, entry{"0", make([]byte, 2*size)})
		keys := pickleOf(list{"0", "1"})
		file = []byte(strings.Replace(string(file), string(pickleOf(list{"0"})), string(keys), 1))
		file = append(append(file, 6, 0, 0, 0, 0, 0, 0, 0), floats(6)...)
		c, err := load(file)
		if err != nil {
			t.Errorf("%s, legacy: %v", class, err)
			continue
		}
		if x, ok := c.Tensor("w"); !ok || string(mustBytes(t, x)) != string(floats(6)) {
			t.Errorf("%s, legacy: tensors %q", class, names(c))
		}
	}
}
