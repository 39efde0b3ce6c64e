package roberta_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/weights"
)

// An oracle is RoBERTa's forward pass in plain loops, in the order of the paper:
// what the library computes, with nothing done for speed. A matrix is a slice of
// rows, one for each token. F is the arithmetic.
type oracle[F float32 | float64] struct {
	roberta.Config
	tensor func(name string) ([]F, []int) // by fairseq's name; the shape is nil if there is none
}

const stack = "encoder.sentence_encoder."

// A forward is what the encoder gives for one sequence.
type forward[F float32 | float64] struct {
	hidden   [][][]F // after the embeddings, then after each layer
	weights  [][][]F // of each layer: a row for each head and each token, in this order
	features [][]F   // the last hidden states, after the final LayerNorm if there is one
}

// forward runs the encoder.
func (o *oracle[F]) forward(tokens, types []int) (f forward[F]) {
	x := o.embed(tokens, types)
	f.hidden = append(f.hidden, x)
	for i := range o.Layers {
		if o.LayersKept != nil {
			i = o.LayersKept[i]
		}
		p := fmt.Sprintf("%slayers.%d.", stack, i)
		x = o.block(x, p+"self_attn_layer_norm", func(x [][]F) [][]F {
			y, weights := o.attention(x, p+"self_attn.")
			f.weights = append(f.weights, weights)
			return y
		})
		x = o.block(x, p+"final_layer_norm", func(x [][]F) [][]F {
			return o.linear(o.activate(o.linear(x, p+"fc1"), o.Activation), p+"fc2")
		})
		f.hidden = append(f.hidden, x)
	}
	if o.FinalLayerNorm {
		x = o.layerNorm(x, stack+"layer_norm")
	}
	f.features = x
	if o.HiddenNorm { // Hugging Face's last hidden states are its features
		f.hidden[o.Layers] = x
	}
	return f
}

// embed returns E[token]·(√C or 1) + P[position] + type, after a LayerNorm if
// there is one. Positions begin after the pad's id, whatever it is; a pad's is that id.
func (o *oracle[F]) embed(tokens, types []int) [][]F {
	E, shape := o.tensor(stack + "embed_tokens.weight")
	if W, s := o.tensor("encoder.lm_head.weight"); o.Tied && s != nil {
		E = W // fairseq loads both into one parameter, this one last
	}
	P, _ := o.tensor(stack + "embed_positions.weight")
	S, hasTypes := o.tensor(stack + "token_type_embeddings.weight")
	C, scale := shape[1], F(1)
	if o.ScaleEmbedding {
		scale = F(math.Sqrt(float64(C)))
	}
	x := make([][]F, len(tokens))
	last := o.PadID
	for t, id := range tokens {
		x[t] = make([]F, C)
		position, typ := o.PadID, 0
		if id != o.PadID {
			last++
			position = last
		}
		if types != nil {
			typ = types[t]
		}
		for c := range C {
			x[t][c] = E[id*C+c] * scale
			switch o.Positions {
			case roberta.LearnedPositions:
				x[t][c] += P[position*C+c]
			case roberta.SinusoidalPositions: // sines, then cosines; an odd last channel is 0
				half := C / 2
				angle := F(position) * F(math.Exp(float64(c%half)*-math.Log(10000)/float64(half-1)))
				if c < half {
					x[t][c] += F(math.Sin(float64(angle)))
				} else if c < 2*half {
					x[t][c] += F(math.Cos(float64(angle)))
				}
			}
			if hasTypes != nil {
				x[t][c] += S[typ*C+c]
			}
		}
	}
	if o.LayerNormEmbedding {
		x = o.layerNorm(x, stack+"layernorm_embedding")
	}
	return x
}

// block returns LN(x + f(x)), or x + f(LN(x)) in a pre-norm model.
func (o *oracle[F]) block(x [][]F, norm string, f func([][]F) [][]F) [][]F {
	if o.PreNorm {
		return sum(x, f(o.layerNorm(x, norm)))
	}
	return o.layerNorm(sum(x, f(x)), norm)
}

// attention returns softmax(q·kᵀ/√d)·v for each head, side by side, projected; and
// the softmax's rows.
func (o *oracle[F]) attention(x [][]F, p string) (projected, weights [][]F) {
	q, k, v := o.linear(x, p+"q_proj"), o.linear(x, p+"k_proj"), o.linear(x, p+"v_proj")
	y := make([][]F, len(x))
	C := len(q[0])
	d := C / o.Heads
	weights = make([][]F, o.Heads*len(x))
	for i := range x {
		y[i] = make([]F, C)
		for h := range o.Heads {
			head := func(row []F) []F { return row[h*d:][:d] }
			s := make([]F, len(x))
			for j := range s {
				s[j] = dot(head(q[i]), head(k[j])) / F(math.Sqrt(float64(d)))
			}
			largest, total := slices.Max(s), F(0)
			for j := range s {
				s[j] = F(math.Exp(float64(s[j] - largest)))
				total += s[j]
			}
			for j := range s {
				s[j] /= total
				for c, vc := range head(v[j]) {
					y[i][h*d+c] += s[j] * vc
				}
			}
			weights[h*len(x)+i] = s
		}
	}
	return o.linear(y, p+"out_proj"), weights
}

// linear returns x·Wᵀ + b.
func (o *oracle[F]) linear(x [][]F, p string) [][]F {
	W, shape := o.tensor(p + ".weight")
	b, _ := o.tensor(p + ".bias")
	return product(x, W, b, shape)
}

func product[F float32 | float64](x [][]F, W, b []F, shape []int) [][]F {
	N, K := shape[0], shape[1]
	y := make([][]F, len(x))
	for i := range x {
		y[i] = make([]F, N)
		for n := range N {
			y[i][n] = dot(x[i], W[n*K:][:K]) + b[n]
		}
	}
	return y
}

// layerNorm returns (x−μ)/√(σ²+ε)·g + b of each row.
func (o *oracle[F]) layerNorm(x [][]F, p string) [][]F {
	g, _ := o.tensor(p + ".weight")
	b, _ := o.tensor(p + ".bias")
	y := make([][]F, len(x))
	for i, row := range x {
		var mean, variance F
		for _, v := range row {
			mean += v / F(len(row))
		}
		for _, v := range row {
			variance += (v - mean) * (v - mean) / F(len(row))
		}
		y[i] = make([]F, len(row))
		for c, v := range row {
			y[i][c] = (v-mean)/F(math.Sqrt(float64(variance+F(o.LayerNormEps))))*g[c] + b[c]
		}
	}
	return y
}

func (o *oracle[F]) activate(x [][]F, name string) [][]F {
	f := map[string]func(float64) float64{
		"gelu": func(v float64) float64 { return v / 2 * (1 + math.Erf(v/math.Sqrt2)) },
		"gelu_fast": func(v float64) float64 {
			return v / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(v+0.044715*v*v*v)))
		},
		"tanh":         math.Tanh,
		"relu":         func(v float64) float64 { return max(v, 0) },
		"relu_squared": func(v float64) float64 { return max(v, 0) * max(v, 0) },
		"linear":       func(v float64) float64 { return v },
	}
	f["gelu_accurate"] = f["gelu_fast"] // fairseq's two names of one function
	y := make([][]F, len(x))
	for i, row := range x {
		y[i] = make([]F, len(row))
		for c, v := range row {
			y[i][c] = F(f[name](float64(v)))
		}
	}
	return y
}

// lmLogits returns LN(act(dense(x)))·Wᵀ + b, where W is the token embedding if
// the model is tied.
func (o *oracle[F]) lmLogits(x [][]F) [][]F {
	const p = "encoder.lm_head."
	x = o.layerNorm(o.activate(o.linear(x, p+"dense"), o.LMActivation), p+"layer_norm")
	W, shape := o.tensor(p + "weight")
	if shape == nil {
		W, shape = o.tensor(stack + "embed_tokens.weight")
	}
	b, _ := o.tensor(p + "bias")
	return product(x, W, b, shape)
}

// headLogits returns out_proj(act(dense(x₀))), where x₀ is the first token's row, or
// out_proj(x) of each token.
func (o *oracle[F]) headLogits(x [][]F, h roberta.Head) [][]F {
	p := "classification_heads." + h.Name + "."
	if h.Reads == roberta.ReadsFirst || h.Reads == roberta.ReadsChoices {
		x = x[:1]
	}
	if h.InnerDim > 0 {
		x = o.activate(o.linear(x, p+"dense"), o.PoolerActivation)
	}
	return o.linear(x, p+"out_proj")
}

// pooled returns tanh(dense(x₀)).
func (o *oracle[F]) pooled(x [][]F) [][]F {
	return o.activate(o.linear(x[:1], stack+"pooler.dense"), "tanh")
}

func dot[F float32 | float64](a, b []F) (s F) {
	for i := range a {
		s += F(a[i] * b[i]) // rounded on every platform: no fused multiply-add
	}
	return s
}

func sum[F float32 | float64](a, b [][]F) [][]F {
	y := make([][]F, len(a))
	for i := range a {
		y[i] = make([]F, len(a[i]))
		for c := range a[i] {
			y[i][c] = a[i][c] + b[i][c]
		}
	}
	return y
}

// huggingFace gives Hugging Face's name for a parameter of fairseq's.
var huggingFace = strings.NewReplacer(
	stack+"embed_tokens", "roberta.embeddings.word_embeddings", stack+"embed_positions", "roberta.embeddings.position_embeddings",
	stack+"token_type_embeddings", "roberta.embeddings.token_type_embeddings", stack+"layernorm_embedding", "roberta.embeddings.LayerNorm",
	stack+"layers.", "roberta.encoder.layer.", "self_attn.q_proj", "attention.self.query", "self_attn.k_proj", "attention.self.key",
	"self_attn.v_proj", "attention.self.value", "self_attn.out_proj", "attention.output.dense", "self_attn_layer_norm", "attention.output.LayerNorm",
	"fc1", "intermediate.dense", "fc2", "output.dense", "final_layer_norm", "output.LayerNorm", "classification_heads.mnli.", "classifier.",
)

// newOracle reads tensors of c by fairseq's or Hugging Face's names, once each.
func newOracle[F float32 | float64](t *testing.T, c *weights.Checkpoint, cfg roberta.Config) *oracle[F] {
	type tensor struct {
		values []F
		shape  []int
	}
	read := map[string]tensor{}
	return &oracle[F]{cfg, func(name string) ([]F, []int) {
		if x, ok := read[name]; ok {
			return x.values, x.shape
		}
		x, ok := c.Tensor(name)
		if !ok {
			if x, ok = c.Tensor(huggingFace.Replace(name)); !ok {
				return nil, nil
			}
		}
		v := make([]float32, x.Len())
		if err := x.Float32s(v); err != nil {
			t.Fatal(err)
		}
		y := tensor{make([]F, len(v)), x.Shape}
		for i := range v {
			y.values[i] = F(v[i])
		}
		read[name] = y
		return y.values, y.shape
	}}
}

// results computes all that a model gives for one sequence, by name.
func (o *oracle[F]) results(in roberta.Input, heads []roberta.Head, lm bool) map[string][]float64 {
	all := map[string][]float64{}
	add := func(name string, x [][]F) {
		for _, row := range x {
			for _, v := range row {
				all[name] = append(all[name], float64(v))
			}
		}
	}
	f := o.forward(in.Tokens, in.Types)
	for l, x := range f.hidden {
		add(fmt.Sprintf("hidden.%d", l), x)
	}
	for l, x := range f.weights {
		add(fmt.Sprintf("attention.%d", l), x)
	}
	add("features", f.features)
	if lm {
		add("logits", o.lmLogits(f.features))
	}
	if _, shape := o.tensor(stack + "pooler.dense.weight"); shape != nil {
		add("pooler", o.pooled(f.features))
	}
	for _, h := range heads {
		add("head "+h.Name, o.headLogits(f.features, h))
	}
	return all
}

// goldens is the folder of golden values.
func goldens() string {
	if dir := os.Getenv("GOROBERTA_GOLDENS"); dir != "" {
		return dir
	}
	return filepath.Join("..", "testdata", "goldens")
}

// TestLevelsOracle holds all that the library computes to the oracle in float64, for
// every architecture among the golden files.
//
// The bound is what float32's rounding does to the same loops: the oracle itself
// in float32 is off by some amount, and a value of the library may be off by twice
// the largest such amount among all values of its kind in one model, as its sums
// run in another order, plus 4 units in the last place of the kind's largest value,
// for heads of so few values that their largest error is a matter of luck.
func TestLevelsOracle(t *testing.T) {
	models := []string{"tiny/model.pt", "tiny/fp16.pt", "tiny/bf16.pt", "fulldict/model.pt", "finetuned/model.pt", "wsc/model.pt", "hf/tiny-mnli"}
	variants, err := filepath.Glob(filepath.Join(goldens(), "variants", "*", "model.pt"))
	if err != nil || len(variants) == 0 {
		t.Fatalf("no variants among the golden files (error %v)", err)
	}
	for _, v := range variants {
		models = append(models, "variants/"+filepath.Base(filepath.Dir(v))+"/model.pt")
	}
	paths := map[string]string{}
	for _, model := range models {
		paths[model] = filepath.Join(goldens(), filepath.FromSlash(model))
		if name, ok := strings.CutPrefix(model, "../families/"); ok {
			paths[model] = filepath.Join("..", "testdata", "families", name)
		}
	}
	for _, name := range families {
		models = append(models, name)
		paths[name] = familyDir(name)
	}
	for _, r := range relatives {
		models = append(models, r.name)
		paths[r.name] = r.write(t)
	}
	for _, model := range models {
		t.Run(strings.TrimSuffix(model, "/model.pt"), func(t *testing.T) {
			path := paths[model]
			m, err := roberta.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			named := filepath.Join(t.TempDir(), "model.safetensors") // tensors under fairseq's names
			if err := roberta.Convert(t.Context(), path, named); err != nil {
				t.Fatal(err)
			}
			c, err := weights.Open(named)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			cfg, heads, lm := m.Config(), m.Heads(), m.HasLMHead()
			exact, rounded := newOracle[float64](t, c, cfg), newOracle[float32](t, c, cfg)
			lm = lm && (cfg.VocabSize < 10_000 || !testing.Short()) // the logits of a whole vocabulary take seconds

			errs, own, largest := map[string]float64{}, map[string]float64{}, map[string]float64{}
			r := rand.New(rand.NewPCG(12, 7))
			for _, n := range []int{1, 2, 5, 18, cfg.MaxPositions} {
				n = min(n, cfg.MaxPositions, 40)
				in := roberta.Input{Tokens: make([]int, n)}
				for i := range n {
					if in.Tokens[i] = 4 + r.IntN(cfg.VocabSize-4); in.Tokens[i] == cfg.PadID {
						in.Tokens[i]++
					}
				}
				if cfg.TokenTypes > 1 && n > 1 {
					in.Types = make([]int, n)
					for i := range n {
						in.Types[i] = r.IntN(cfg.TokenTypes)
					}
				}
				if n == 5 {
					in.Tokens[1], in.KeepPads = cfg.PadID, true
				}
				got := compute(t, m, in, lm)
				inFloat32 := rounded.results(in, heads, lm)
				for name, want := range exact.results(in, heads, lm) {
					if len(got[name]) != len(want) {
						t.Fatalf("%s of %d tokens: %d values, want %d", name, n, len(got[name]), len(want))
					}
					for i, w := range want {
						largest[name] = max(largest[name], math.Abs(w))
						own[name] = max(own[name], math.Abs(inFloat32[name][i]-w))
						errs[name] = max(errs[name], math.Abs(float64(got[name][i])-w))
					}
				}
			}
			worst := 0.0
			for name, err := range errs {
				bound := 2*own[name] + 4*0x1p-23*largest[name]
				if !(err <= bound) {
					t.Errorf("%s is off by %.3g from float64; the oracle in float32 by %.3g, bound %.3g", name, err, own[name], bound)
				}
				worst = max(worst, err/bound)
			}
			t.Logf("the largest error is %.2f of its bound", worst)
			switch dir := filepath.Dir(path); {
			case model == "tiny/model.pt":
				checkOracle(t, exact, dir, "expected_fp64.safetensors", 1e-6)
			case strings.HasPrefix(model, "variants/"):
				checkOracle(t, exact, dir, "expected.safetensors", 2e-5)
			}
		})
	}
}

// compute returns the library's numbers under the names of oracle.results.
func compute(t *testing.T, m *roberta.Model, in roberta.Input, lm bool) map[string][]float32 {
	t.Helper()
	q := roberta.Request{Inputs: []roberta.Input{in}, Want: roberta.WantFeatures | roberta.WantHiddens | roberta.WantAttentions}
	if lm {
		q.Want |= roberta.WantLogits
	}
	if m.HasPooler() {
		q.Want |= roberta.WantPooler
	}
	res, err := m.Compute(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]float32{"features": res.Features.Float32s()}
	for l, x := range res.Hidden {
		all[fmt.Sprintf("hidden.%d", l)] = x.Float32s()
	}
	for l, x := range res.Attentions {
		all[fmt.Sprintf("attention.%d", l)] = x.Float32s(0)
	}
	if lm {
		all["logits"] = res.Logits.Float32s()
	}
	if m.HasPooler() {
		all["pooler"] = res.Pooler.Float32s()
	}
	for _, h := range m.Heads() {
		r, err := m.Compute(t.Context(), roberta.Request{Inputs: q.Inputs, Head: h.Name})
		switch {
		case err != nil:
			t.Fatal(err)
		case r.HeadTokenLogits != nil:
			all["head "+h.Name] = r.HeadTokenLogits.Float32s()
		default:
			all["head "+h.Name] = r.HeadLogits.Float32s()
		}
	}
	return all
}

// checkOracle holds the oracle itself to what fairseq computed in file.
func checkOracle(t *testing.T, o *oracle[float64], dir, file string, bound float64) {
	t.Helper()
	var golden struct {
		Inputs []struct{ Tokens []int }
	}
	data, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	if err == nil {
		err = json.Unmarshal(data, &golden)
	}
	if err != nil {
		t.Fatal(err)
	}
	c, err := weights.Open(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	compared := 0
	for i, in := range golden.Inputs {
		for name, got := range o.results(roberta.Input{Tokens: in.Tokens}, nil, true) {
			kind, layer, _ := strings.Cut(name, ".") // logits, hidden.2 → logits.i, hidden.i.2
			x, ok := c.Tensor(strings.TrimSuffix(fmt.Sprintf("%s.%d.%s", kind, i, layer), "."))
			if !ok {
				continue
			}
			want := make([]float32, x.Len())
			if err := x.Float32s(want); err != nil {
				t.Fatal(err)
			}
			for j := range want {
				if d := math.Abs(got[j] - float64(want[j])); !(d <= bound*max(1, math.Abs(got[j]))) {
					t.Fatalf("the oracle's %s of input %d is off by %.3g from %s", name, i, d, file)
				}
			}
			compared++
		}
	}
	if compared == 0 {
		t.Errorf("nothing of %s was compared", file)
	}
}
