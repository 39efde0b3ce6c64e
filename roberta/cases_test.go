package roberta

import (
	"context"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/goroberta/goroberta/weights"
)

// A fairseqCase is a row of errors.json or load_cases.json: what fairseq does on
// wrong input or an odd checkpoint.
type fairseqCase struct {
	Case   string `json:"case"`
	Result any    `json:"result"`
}

// fails says whether fairseq raises an exception.
func (c fairseqCase) fails() bool {
	m, ok := c.Result.(map[string]any)
	return ok && m["error"] != nil
}

// An outcome is what this library does in a case of fairseq's.
type outcome struct {
	run func() error
	// differs says why the library succeeds where fairseq fails, or fails where
	// it does not; empty where both do the same.
	differs string
}

// TestInputCases goes through fairseq's errors on input. A case that has no row
// here fails, so that none is passed over.
func TestInputCases(t *testing.T) {
	ctx := context.Background()
	m := openGolden(t, golden(t, "tiny", "model.pt"))
	full := batchOf(1, 1005, 40)[0]
	long, padded := batchOf(1, 1005, 41)[0], append(slices.Clone(full), padID, padID)
	features := func(rows ...[]int) func() error {
		return func() error { _, err := m.ExtractFeatures(ctx, rows...); return err }
	}
	logits := func(row []int) func() error { return func() error { _, err := m.LMLogits(ctx, row); return err } }
	fill := func(text string, k int) func() error {
		return func() error { _, err := m.FillMask(ctx, text, k); return err }
	}
	register := func(name string, classes int, opts ...HeadOption) func() error {
		return func() error { return m.RegisterClassificationHead(name, classes, opts...) }
	}
	decode := func(want string, tokens ...int) func() error {
		return func() error {
			if got := m.Decode(tokens); got != want {
				return fmt.Errorf("Decode(%v) = %q, want %q", tokens, got, want)
			}
			return nil
		}
	}
	const pads = "pads do not count, and a sequence of nothing else is an error"
	outcomes := map[string]outcome{
		"extract_features, max_positions + 1 tokens":             {features(long), ""},
		"extract_features, max_positions tokens":                 {features(full), ""},
		"extract_features, max_positions tokens and 2 pads":      {features(padded), pads},
		"model called directly, max_positions + 1 tokens":        {logits(long), ""},
		"model called directly, max_positions tokens and 2 pads": {logits(padded), ""},
		"predict, too long":                                 {func() error { _, err := m.Predict(ctx, "mnli", long); return err }, ""},
		"fill_mask, too long":                               {fill("<mask>"+string(make([]byte, 50)), 1), ""},
		"predict, unknown head":                             {func() error { _, err := m.Predict(ctx, "nope", full); return err }, ""},
		"fill_mask, no mask":                                {fill("no", 1), ""},
		"fill_mask, two masks":                              {fill("<mask> <mask>", 1), ""},
		"fill_mask, empty":                                  {fill("", 1), ""},
		"fill_mask, topk 0":                                 {fill("<mask>", 0), ""},
		"fill_mask, topk above the vocabulary":              {fill("<mask>", 1006), ""},
		"encode, lone surrogate":                            {func() error { m.Encode("\xed\xa0\x80"); return nil }, "any bytes are text"},
		"decode, pad id":                                    {decode(" the", 0, 5, padID, 2), "pads are skipped"},
		"decode, empty":                                     {decode(""), "no tokens are no text"},
		"decode, two-dimensional":                           {nil, "the compiler refuses it"},
		"extract_features, empty sequence":                  {features([]int{}), ""},
		"extract_features, id outside the vocabulary":       {features([]int{0, 1005, 2}), ""},
		"extract_features, negative id":                     {features([]int{0, -1, 2}), ""},
		"extract_features, only pads: is anything NaN":      {features([]int{padID, padID}), pads},
		"batch with one row of pads only: rows with NaN":    {features(full, []int{padID}), pads},
		"activation_fn swish":                               {func() error { _, err := configFrom(map[string]any{"activation_fn": "swish"}); return err }, ""},
		"register the same head again, same shape":          {register("mnli", 3), ""},
		"register the same head again, other classes":       {register("mnli", 5), ""},
		"register the same head again, other inner_dim":     {register("mnli", 5, WithInnerDim(9)), ""},
		"register, embedding_size is accepted and ignored":  {nil, "there is no such option"},
		"register without num_classes":                      {register("again", 0), ""},
		"register, name with a dot":                         {register("a.b", 2), ""},
		"register, empty name":                              {register("", 2), ""},
		"from_pretrained leaves the model in training mode": {nil, "there is no training mode"},
	}
	checkCases(t, "errors.json", outcomes)
}

// TestCheckpointCases goes through what fairseq does with odd checkpoints.
func TestCheckpointCases(t *testing.T) {
	const here = stack + "layers.0."
	tiny, prenorm := golden(t, "tiny", "model.pt"), golden(t, "variants", "prenorm", "model.pt")
	opens := func(in string, f change) func() error {
		return func() error {
			m, err := Open(changed(t, in, f))
			if err != nil {
				return err
			}
			defer m.Close()
			_, err = m.ExtractFeatures(context.Background(), []int{0, 4, 2})
			return err
		}
	}
	// A fault of the vocabulary stops text, not the model.
	texts := func(in string, f change) func() error {
		return func() error {
			if err := opens(in, f)(); err != nil {
				t.Error(err)
			}
			m, err := Open(changed(t, in, f))
			if err != nil {
				return err
			}
			defer m.Close()
			_, err = m.Tokenizer()
			return err
		}
	}
	without := func(name string) change {
		return func(_ map[string]any, e map[string]*weights.Entry) { delete(e, name) }
	}
	setting := func(name string, v any) change {
		return func(s map[string]any, _ map[string]*weights.Entry) {
			if s[name] = v; v == nil {
				delete(s, name)
			}
		}
	}
	dict := func(text string) change {
		return func(_ map[string]any, e map[string]*weights.Entry) {
			d := e["files/dict.txt"]
			d.Shape = []int{len(text)}
			d.Write = func(w io.Writer) error { _, err := io.WriteString(w, text); return err }
		}
	}
	noSettings := func(s map[string]any, _ map[string]*weights.Entry) { clear(s) }
	const read = "only the needed settings and parts are read"
	outcomes := map[string]outcome{
		"pre-norm, complete": {opens(prenorm, setting("x", 1)), ""},
		"pre-norm without the key encoder.sentence_encoder.version": {opens(prenorm, without(stack+"version")), ""},
		"pre-norm without version and without the final layer_norm": {opens(prenorm, func(s map[string]any, e map[string]*weights.Entry) {
			delete(e, stack+"version")
			delete(e, stack+"layer_norm.weight")
			delete(e, stack+"layer_norm.bias")
		}), ""},
		"post-norm without version":                                        {opens(tiny, without(stack+"version")), ""},
		"tied model whose lm_head.weight differs from embed_tokens.weight": {opens(tiny, func(_ map[string]any, e map[string]*weights.Entry) { e[lmPrefix+"weight"] = zeros(1005, 64) }), ""},
		"tied model without lm_head.weight":                                {opens(tiny, without(lmPrefix+"weight")), "the embedding is the same parameter"},
		"without lm_head.bias":                                             {opens(tiny, without(lmPrefix+"bias")), ""},
		"without a layer's fc2.bias":                                       {opens(tiny, without(here+"fc2.bias")), ""},
		"an unknown tensor":                                                {opens(tiny, func(_ map[string]any, e map[string]*weights.Entry) { e["encoder.more"] = zeros(2) }), "a note says so"},
		"head without dense.weight":                                        {opens(tiny, without(headPrefix+"mnli.dense.weight")), ""},
		"head without out_proj.bias: filled with a fresh one":              {opens(tiny, without(headPrefix+"mnli.out_proj.bias")), ""},
		"without optimizer_history":                                        {nil, read},
		"without extra_state":                                              {nil, read},
		"args and cfg both None":                                           {opens(tiny, noSettings), "sizes are taken from the tensors, with a note"},
		"only {'model': ...}":                                              {opens(tiny, noSettings), "sizes are taken from the tensors, with a note"},
		"a bare state dict":                                                {opens(tiny, noSettings), "sizes are taken from the tensors, with a note"},
		"args without max_positions (tokens_per_sample counts)": {opens(tiny, func(s map[string]any, _ map[string]*weights.Entry) {
			delete(s, "max_positions")
			s["tokens_per_sample"] = 40
		}), ""},
		"args with max_positions too large":                                         {opens(tiny, setting("max_positions", 41)), ""},
		"args without encoder_attention_heads, arch roberta_base: 12 heads assumed": {opens(tiny, setting("encoder_attention_heads", nil)), ""},
		"args without encoder_layers, arch roberta_base: 12 layers assumed":         {opens(tiny, setting("encoder_layers", nil)), ""},
		"args without activation_fn: gelu":                                          {opens(tiny, setting("activation_fn", nil)), ""},
		"args without pooler_activation_fn: tanh":                                   {opens(tiny, setting("pooler_activation_fn", nil)), ""},
		"unknown arch":          {opens(tiny, setting("arch", "roberta_small")), read},
		"unknown criterion":     {opens(tiny, setting("criterion", "smooth_masked_lm")), read},
		"unknown task":          {opens(tiny, setting("task", "my_task")), read},
		"unknown activation_fn": {opens(tiny, setting("activation_fn", "mish")), ""},
		"task sentence_prediction (needs input0/ and label/ folders)": {opens(tiny, setting("task", "sentence_prediction")), read},
		"dict.txt one line short":                                     {texts(tiny, dict("a 1\n")), ""},
		"dict.txt with a duplicate":                                   {texts(tiny, dict("a 1\na 1\n")), ""},
		"dict.txt line without a count":                               {texts(tiny, dict("a\n")), ""},
		"no dict.txt":                                                 {opens(tiny, without("files/dict.txt")), "tokens can be given without a vocabulary"},
		// What a dictionary makes of its lines is package bpe's to test.
		"dict.txt that already lists <mask>":                             {nil, "see package bpe"},
		"dict.txt with a symbol that has a space, and an overwrite flag": {nil, "see package bpe"},
	}
	checkCases(t, "load_cases.json", outcomes)
}

// checkCases runs the outcome of each case in a file.
func checkCases(t *testing.T, file string, outcomes map[string]outcome) {
	t.Helper()
	for _, c := range readJSON[[]fairseqCase](t, golden(t, file)) {
		t.Run(c.Case, func(t *testing.T) {
			o, ok := outcomes[c.Case]
			if !ok {
				t.Fatal("the test does not know this case")
			}
			if o.run == nil {
				return // says why there is nothing to run
			}
			err := o.run()
			if failed := err != nil; failed != (c.fails() != (o.differs != "")) {
				t.Errorf("error %v; fairseq: %v; difference on purpose: %q", err, c.Result, o.differs)
			}
		})
	}
}
