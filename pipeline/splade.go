package pipeline

import (
	"io/fs"
	"math"
	"path"
)

// A splade is what the module SpladePooling does.
type splade struct {
	pooling    string // max or sum
	activation string // a name in spladeActivations
}

// readSparse reads module i of a folder that makes sparse vectors of V values.
func (o *modules) readSparse(f folder, i int, kind, fullKind, at string, V int) error {
	switch {
	case i == 0 && (kind == "MLMTransformer" || kind == "Transformer"):
		return o.readTransformer(f, at, sparseVectors)
	case i != 1 || kind != "SpladePooling":
		return f.unsupported(modulesFile, "module %d is %.100q in this place; for sparse vectors want an MLMTransformer and a SpladePooling", i, fullKind)
	}
	name := path.Join(at, "config.json")
	c := struct {
		Pooling    string `json:"pooling_strategy"`
		Activation string `json:"activation_function"`
		Dim        *int   `json:"word_embedding_dimension"`
		NewDim     *int   `json:"embedding_dimension"`
	}{Pooling: "max", Activation: "relu"}
	switch ok, err := f.has(name, &c); {
	case err != nil:
		return err
	case !ok:
		return f.fault(name, fs.ErrNotExist)
	}
	for _, n := range []*int{c.Dim, c.NewDim} {
		if n != nil && *n != V {
			return f.corrupt(name, "vectors of %d values, and the vocabulary has %d tokens", *n, V)
		}
	}
	if c.Pooling != "max" && c.Pooling != "sum" {
		return f.unsupported(name, "pooling_strategy %.100q, want max or sum", c.Pooling)
	}
	if spladeActivations[c.Activation] == nil {
		return f.unsupported(name, "activation_function %.100q, want relu or log1p_relu", c.Activation)
	}
	o.splade = splade{c.Pooling, c.Activation}
	return nil
}

// spladeActivations are the values of logits above 0.
var spladeActivations = map[string]func(float64) float64{
	"relu":       math.Log1p,
	"log1p_relu": func(z float64) float64 { return math.Log1p(math.Log1p(z)) },
}
