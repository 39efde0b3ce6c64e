package roberta

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/goroberta/goroberta/internal/nn"
	"github.com/goroberta/goroberta/internal/simd"
	"github.com/goroberta/goroberta/weights"
)

// A modelFile is what Convert or Save writes.
type modelFile struct {
	*checkpoint
	// replaced are heads that replace the checkpoint's or are added to them. A nil
	// head leaves the checkpoint's out.
	replaced map[string]*head
	// packed are matrices, by the names of their weights, that are written in
	// panels; see checkpoint.matrices. If nil, matrices are written as the
	// checkpoint has them.
	packed map[string]*simd.Matrix
	// tables are matrices by rows that replace the checkpoint's, in bfloat16.
	tables map[string]*nn.Table
	zstd   bool
	log    *slog.Logger
}

// write writes a safetensors file: the checkpoint's tensors under fairseq's names,
// with their element types and bits, the replaced heads in float32, and settings,
// labels and the files beside the tensors. path is complete or untouched.
func (f *modelFile) write(ctx context.Context, path string) error {
	left := slices.Concat(f.file.Notes, f.left)
	for _, name := range slices.Sorted(maps.Keys(f.tensors)) {
		if t := f.tensors[name]; t.DType.Size() == 0 {
			left = append(left, fmt.Sprintf("tensor %s holds %s, which cannot be written; it is left out", f.describe(name), t.Type()))
		}
	}
	for _, what := range left {
		f.log.Warn(what, "checkpoint", f.file.Path)
	}
	metadata, err := f.metadata()
	if err != nil {
		return err
	}
	entries := f.entries()
	slices.SortFunc(entries, func(a, b weights.Entry) int { return strings.Compare(a.Name, b.Name) })
	files, err := f.files()
	if err != nil {
		return err
	}
	opts := []weights.Option{weights.WithContext(ctx)}
	if f.zstd {
		opts = append(opts, weights.WithZstd())
	}
	return weights.WriteFile(path, metadata, append(entries, files...), opts...)
}

// entries lists the tensors of the model.
func (f *modelFile) entries() []weights.Entry {
	var entries []weights.Entry
	for name, t := range f.tensors {
		if h, _, ok := isHeadTensor(name); ok {
			if _, ok := f.replaced[h]; ok {
				continue
			}
		}
		if t.DType.Size() == 0 {
			continue // of a type that cannot be written, and that no part of the model has
		}
		if f.packed[packedName(name)] == nil && f.tables[name] == nil {
			entries = append(entries, t.Entry(name))
		}
	}
	for name, w := range f.packed {
		if w.Format == simd.Int8 {
			entries = append(entries, int8Entries(name, w)...)
			continue
		}
		e := weights.Entry{Name: name + packedSuffix, DType: weights.F32, Shape: []int{simd.Panels(w.N), w.K, simd.PanelWidth}}
		switch w.Format {
		case simd.Float16:
			e.DType = weights.F16
		case simd.BFloat16:
			e.DType, e.Shape = weights.BF16, []int{simd.Panels(w.N), (w.K + 1) / 2, simd.PanelWidth, 2}
		}
		e.Write = func(out io.Writer) error { return writeMatrix(out, w) }
		entries = append(entries, e)
	}
	for name, t := range f.tables {
		entries = append(entries, weights.Entry{Name: name, DType: weights.BF16, Shape: []int{t.Rows, t.Cols},
			Write: func(w io.Writer) error { return writeValues(w, t.BF16) }})
	}
	for name, h := range f.heads {
		// The length of the bias says how many outputs packed weights have.
		out := headPrefix + name + ".out_proj"
		if _, ok := f.replaced[name]; !ok && h.noBias && f.packed[out+".weight"] != nil {
			entries = append(entries, weights.Entry{Name: out + ".bias", DType: weights.F32, Shape: []int{h.Classes},
				Write: func(w io.Writer) error { return writeValues(w, make([]float32, h.Classes)) }})
		}
	}
	for name, h := range f.replaced {
		if h == nil {
			continue
		}
		layer := func(prefix string, l *nn.Linear) {
			if f.packed[prefix+".weight"] == nil {
				entries = append(entries, weights.Entry{Name: prefix + ".weight", DType: weights.F32, Shape: []int{l.W.N, l.W.K},
					Write: func(w io.Writer) error {
						rows, _ := l.Weights()
						return writeValues(w, rows)
					}})
			}
			entries = append(entries, weights.Entry{Name: prefix + ".bias", DType: weights.F32, Shape: []int{l.W.N},
				Write: func(w io.Writer) error { return writeValues(w, l.Bias[:l.W.N]) }})
		}
		if h.net.Dense != nil {
			layer(headPrefix+name+".dense", h.net.Dense)
		}
		layer(headPrefix+name+".out_proj", &h.net.Out)
	}
	return entries
}

// int8Entries are the tensors of a matrix in Int8.
func int8Entries(name string, w *simd.Matrix) []weights.Entry {
	p, panels := &w.I8, simd.Panels(w.N)
	entries := []weights.Entry{
		{Name: name + int8Suffix, DType: weights.I8, Shape: []int{panels, (w.K + 3) / 4, simd.PanelWidth, 4}, Write: func(out io.Writer) error {
			_, err := out.Write(p.Q[:simd.Int8Len(w.N, w.K)])
			return err
		}},
		{Name: name + scalesSuffix, DType: weights.F32, Shape: []int{w.N}, Write: func(out io.Writer) error { return writeValues(out, p.Scales[:w.N]) }},
		{Name: name + largeSuffix, DType: weights.I32, Shape: []int{len(p.Large), 3}, Write: func(out io.Writer) error { return writeValues(out, p.Large) }},
	}
	if p.In != nil {
		entries = append(entries, weights.Entry{Name: name + inSuffix, DType: weights.F32, Shape: []int{w.K}, Write: func(out io.Writer) error { return writeValues(out, p.In) }})
	}
	return entries
}

// files lists the files that came with the tensors and that the model needs, and
// those that a converted file had inside it.
func (f *modelFile) files() ([]weights.Entry, error) {
	names := slices.Concat(f.file.Files(), f.embedderFiles())
	if _, converted := f.file.Metadata()[settingsKey]; f.hf && !converted {
		names = append(names, "config.json")
	}
	all := map[string][]byte{}
	for _, name := range names {
		data, ok, err := f.sideFile(name)
		if err != nil {
			return nil, err
		}
		if ok {
			all[name] = data
		}
	}
	vocabulary, err := f.vocabularyFiles()
	if err != nil {
		return nil, err
	}
	maps.Copy(all, vocabulary.files)
	var entries []weights.Entry
	for _, name := range slices.Sorted(maps.Keys(all)) {
		entries = append(entries, weights.FileEntry(name, all[name]))
	}
	return entries, nil
}

// layer yields the linear layers of layer i with the names of their weights, in order.
func (c *checkpoint) layer(n *network, i int) iter.Seq2[string, *nn.Linear] {
	l, p := &n.enc.Layers[i], c.config.layerPrefix(i)
	return func(yield func(string, *nn.Linear) bool) {
		_ = yield(p+"self_attn.qkv_proj.weight", &l.QKV) && yield(p+"self_attn.out_proj.weight", &l.Out) &&
			yield(p+"fc1.weight", &l.FC1) && yield(p+"fc2.weight", &l.FC2)
	}
}

// matrices lists a model's packed matrices by the names of their weights.
func (c *checkpoint) matrices(n *network) map[string]*simd.Matrix {
	ms := map[string]*simd.Matrix{}
	for i := range n.enc.Layers {
		for name, l := range c.layer(n, i) {
			ms[name] = &l.W
		}
	}
	if t := n.enc.Tokens; t.Int8 != nil {
		ms[embedWeight] = t.Int8
	}
	if n.lm != nil {
		if t := n.lm.W; t.Int8 != nil && !c.config.Tied {
			ms[lmWeight] = t.Int8
		}
		ms[lmPrefix+"dense.weight"] = &n.lm.Dense.W
	}
	if n.pooler != nil {
		ms[pooler+".weight"] = &n.pooler.W
	}
	for name, h := range n.heads {
		if h.net.Dense != nil {
			ms[headPrefix+name+".dense.weight"] = &h.net.Dense.W
		}
		ms[headPrefix+name+".out_proj.weight"] = &h.net.Out.W
	}
	return ms
}

// tables lists a model's matrices by rows that are in bfloat16.
func (c *checkpoint) tables(n *network) map[string]*nn.Table {
	ts := map[string]*nn.Table{}
	if t := n.enc.Tokens; t.BF16 != nil {
		ts[embedWeight] = t
	}
	if n.lm != nil && n.lm.W.BF16 != nil && !c.config.Tied {
		ts[lmWeight] = n.lm.W
	}
	return ts
}

// packedName is the name that a weight's matrix has in checkpoint.matrices.
func packedName(name string) string {
	for _, suffix := range []string{packedSuffix, int8Suffix, scalesSuffix, largeSuffix, inSuffix} {
		if weight, ok := strings.CutSuffix(name, suffix); ok {
			name = weight
			break
		}
	}
	for _, part := range projections {
		if prefix, ok := strings.CutSuffix(name, "."+part+".weight"); ok {
			return prefix + ".qkv_proj.weight"
		}
	}
	return name
}

// writeMatrix writes the values of a packed matrix.
func writeMatrix(w io.Writer, m *simd.Matrix) error {
	switch m.Format {
	case simd.Float16:
		return writeValues(w, m.F16)
	case simd.BFloat16:
		return writeValues(w, m.BF16)
	}
	return writeValues(w, m.F32)
}

// writeValues writes values as little-endian bytes, some at a time.
func writeValues[E float32 | uint16 | int32 | simd.Large](w io.Writer, values []E) error {
	var buf []byte
	for some := range slices.Chunk(values, 16<<10) {
		var err error
		if buf, err = binary.Append(buf[:0], binary.LittleEndian, some); err != nil {
			return err
		}
		if _, err := w.Write(buf); err != nil {
			return err
		}
	}
	return nil
}
