package roberta

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/goroberta/goroberta/internal/nn"
	"github.com/goroberta/goroberta/internal/parallel"
	"github.com/goroberta/goroberta/internal/simd"
	"github.com/goroberta/goroberta/weights"
)

// A ConvertOption changes how Convert and Model.Save write.
type ConvertOption func(*convertOptions) error

type convertOptions struct{ packed, zstd bool }

// Packed writes matrices as kernels read them, so that opening the file is a
// memory map: it starts in milliseconds, and processes that open it share its
// pages. The file is for goroberta alone.
func Packed() ConvertOption {
	return func(o *convertOptions) error { o.packed = true; return o.check() }
}

// Zstd compresses the file. It is unpacked into memory when opened, so this is
// for moving files, not for serving them.
func Zstd() ConvertOption {
	return func(o *convertOptions) error { o.zstd = true; return o.check() }
}

// ErrConvert is returned by Convert for options that exclude each other.
var ErrConvert = errors.New("roberta: Packed and Zstd exclude each other: a compressed file cannot be mapped")

func newConvertOptions(opts []ConvertOption) (o convertOptions, err error) {
	for _, opt := range opts {
		if err = opt(&o); err != nil {
			break
		}
	}
	return o, err
}

func (o *convertOptions) check() error {
	if o.packed && o.zstd {
		return ErrConvert
	}
	return nil
}

// Convert writes any checkpoint that Open reads as one safetensors file with
// settings, vocabulary, heads and labels inside, which opens with nothing beside
// it. Element types and bits stay as they are. out is replaced when the new file
// is complete, and untouched if anything fails. Convert ends with the context's
// error once that is done.
func Convert(ctx context.Context, in, out string, opts ...ConvertOption) error {
	o, err := newConvertOptions(opts)
	if err != nil {
		return err
	}
	if err := weights.CheckOutput(out, in); err != nil {
		return err
	}
	file, err := weights.Open(in, weights.WithContext(ctx))
	if err != nil {
		return err
	}
	defer file.Close()
	return file.Guard(func() error {
		c, err := newCheckpoint(file)
		if err != nil {
			return fmt.Errorf("%s: %w", in, err)
		}
		f := modelFile{checkpoint: c, zstd: o.zstd}
		if o.packed {
			if err := simd.Err(); err != nil {
				return fmt.Errorf("roberta: %w", err)
			}
			pool := parallel.New(0)
			defer pool.Close()
			enc, lm, heads, err := load(ctx, c, pool)
			if err != nil {
				return fmt.Errorf("%s: %w", in, err)
			}
			f.packed = c.matrices(enc, lm, heads)
		}
		return f.write(ctx, out)
	})
}

// A modelFile is what a converted or saved file is made from.
type modelFile struct {
	*checkpoint
	// replaced are heads in place of the checkpoint's own, or beside them. A nil
	// one leaves that of the checkpoint out.
	replaced map[string]*head
	// packed are matrices, by the names of their weights, that are written in
	// panels; see checkpoint.matrices. If nil, matrices are written as the
	// checkpoint has them.
	packed map[string]*simd.Matrix
	zstd   bool
}

// write writes a safetensors file: the checkpoint's tensors under fairseq's names,
// with their element types and bits, the replaced heads in float32, and settings,
// labels and the files beside the tensors. path is complete or untouched.
func (f *modelFile) write(ctx context.Context, path string) error {
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

// Keys of a converted file's metadata.
const (
	settingsKey = "goroberta.settings" // fairseq's settings, as JSON
	labelsKey   = "goroberta.labels"   // class names by head, as JSON
	headsKey    = "goroberta.heads"    // headSettings by head, as JSON; only what is not the default
)

func (f *modelFile) metadata() (map[string]string, error) {
	m := map[string]string{"format": "pt"}
	if len(f.settings) > 0 {
		s, err := settingsJSON(f.settings)
		if err != nil {
			return nil, err
		}
		m[settingsKey] = s
	}
	labels, settings := map[string][]string{}, map[string]headSettings{}
	describe := func(h *Head, activation string) {
		if h.Labels != nil {
			labels[h.Name] = h.Labels
		}
		s := headSettings{Reads: h.Reads}
		if h.InnerDim > 0 && activation != f.config.PoolerActivation {
			s.Activation = activation
		}
		if s != (headSettings{}) {
			settings[h.Name] = s
		}
	}
	for name, h := range f.heads {
		if _, ok := f.replaced[name]; !ok {
			describe(&h.Head, h.activation)
		}
	}
	for _, h := range f.replaced {
		if h != nil {
			describe(&h.Head, h.activation)
		}
	}
	put := func(key string, n int, v any) error {
		if n == 0 {
			return nil
		}
		b, err := json.Marshal(v)
		m[key] = string(b)
		return err
	}
	return m, errors.Join(put(labelsKey, len(labels), labels), put(headsKey, len(settings), settings))
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
		if f.packed[packedName(name)] == nil {
			entries = append(entries, t.Entry(name))
		}
	}
	for name, w := range f.packed {
		e := weights.Entry{Name: name + packedSuffix, DType: weights.F32, Shape: []int{simd.Panels(w.N), w.K, simd.PanelWidth}}
		if w.F16 != nil {
			e.DType = weights.F16
		}
		e.Write = func(out io.Writer) error { return writeMatrix(out, w) }
		entries = append(entries, e)
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
						return writeFloat32s(w, rows)
					}})
			}
			entries = append(entries, weights.Entry{Name: prefix + ".bias", DType: weights.F32, Shape: []int{l.W.N},
				Write: func(w io.Writer) error { return writeFloat32s(w, l.Bias[:l.W.N]) }})
		}
		if h.net.Dense != nil {
			layer(headPrefix+name+".dense", h.net.Dense)
		}
		layer(headPrefix+name+".out_proj", &h.net.Out)
	}
	return entries
}

// files lists the files that came with the tensors and that the model needs, and
// those that a converted file had inside it.
func (f *modelFile) files() ([]weights.Entry, error) {
	all := map[string][]byte{}
	for _, name := range f.file.Files() {
		data, err := f.file.File(name)
		if err != nil {
			return nil, err
		}
		all[name] = data
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

// matrices lists a model's packed matrices by the names of their weights.
func (c *checkpoint) matrices(enc *nn.Encoder, lm *nn.LMHead, heads map[string]*head) map[string]*simd.Matrix {
	ms := map[string]*simd.Matrix{}
	for i := range enc.Layers {
		l, p := &enc.Layers[i], c.config.layerPrefix(i)
		ms[p+"self_attn.qkv_proj.weight"] = &l.QKV.W
		ms[p+"self_attn.out_proj.weight"] = &l.Out.W
		ms[p+"fc1.weight"] = &l.FC1.W
		ms[p+"fc2.weight"] = &l.FC2.W
	}
	if lm != nil {
		ms[lmPrefix+"dense.weight"] = &lm.Dense.W
	}
	for name, h := range heads {
		if h.net.Dense != nil {
			ms[headPrefix+name+".dense.weight"] = &h.net.Dense.W
		}
		ms[headPrefix+name+".out_proj.weight"] = &h.net.Out.W
	}
	return ms
}

// packedName is the name that a weight's matrix has in checkpoint.matrices.
func packedName(name string) string {
	name = strings.TrimSuffix(name, packedSuffix)
	for _, part := range projections {
		if prefix, ok := strings.CutSuffix(name, "."+part+".weight"); ok {
			return prefix + ".qkv_proj.weight"
		}
	}
	return name
}

// writeMatrix writes a packed matrix as little-endian bytes.
func writeMatrix(w io.Writer, m *simd.Matrix) error {
	if m.F16 == nil {
		return writeFloat32s(w, m.F32)
	}
	const piece = 16 << 10
	buf := make([]byte, 0, 2*piece)
	for all := range slices.Chunk(m.F16, piece) {
		buf = buf[:0]
		for _, v := range all {
			buf = binary.LittleEndian.AppendUint16(buf, v)
		}
		if _, err := w.Write(buf); err != nil {
			return err
		}
	}
	return nil
}

func writeFloat32s(w io.Writer, values []float32) error {
	const piece = 16 << 10
	buf := make([]byte, 0, 4*min(piece, len(values)))
	for some := range slices.Chunk(values, piece) {
		buf = buf[:0]
		for _, v := range some {
			buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v))
		}
		if _, err := w.Write(buf); err != nil {
			return err
		}
	}
	return nil
}

// headSettings are what a converted file says of a head in headsKey.
type headSettings struct {
	Reads      Reads  `json:"reads,omitempty"`
	Activation string `json:"activation,omitempty"` // between its layers, if it is not the model's own
}

// readHeadSettings reads headsKey.
func readHeadSettings(file *weights.Checkpoint) (map[string]headSettings, error) {
	s, ok := file.Metadata()[headsKey]
	if !ok {
		return nil, nil
	}
	var m map[string]headSettings
	if err := json.Unmarshal([]byte(s), &m); err != nil {
		return nil, inMetadata(headsKey, err)
	}
	for name, h := range m {
		if !slices.Contains([]Reads{ReadsFirst, ReadsTokens, ReadsSpans}, h.Reads) {
			return nil, inMetadata(headsKey, fmt.Errorf("head %.100q reads %.100q, want %q or %q", name, h.Reads, ReadsTokens, ReadsSpans))
		}
		if _, ok := activations[h.Activation]; !ok && h.Activation != "" {
			return nil, inMetadata(headsKey, fmt.Errorf("head %.100q has activation %.100q, want one of %s", name, h.Activation, strings.Join(slices.Sorted(maps.Keys(activations)), ", ")))
		}
	}
	return m, nil
}

func inMetadata(key string, err error) error {
	return &weights.FileError{Entry: key, Offset: -1, Err: fmt.Errorf("%w: %w", weights.ErrCorrupt, err)}
}

// metadataSettings reads settingsKey; nil if the file does not have it.
func metadataSettings(file *weights.Checkpoint) (map[string]any, error) {
	s, ok := file.Metadata()[settingsKey]
	if !ok {
		return nil, nil
	}
	return settingsFromJSON(s)
}

// settingsFromJSON reads settings as they were written by settingsJSON.
func settingsFromJSON(s string) (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader([]byte(s)))
	dec.UseNumber()
	m := map[string]any{}
	if err := dec.Decode(&m); err != nil {
		return nil, inMetadata(settingsKey, err)
	}
	for k, v := range m {
		switch v := v.(type) {
		case json.Number:
			if n, err := v.Int64(); err == nil {
				m[k] = n
			} else if f, err := v.Float64(); err == nil {
				m[k] = f
			}
		case nil, bool, string:
		default:
			delete(m, k)
		}
	}
	return m, nil
}

// maxSettings is the size in bytes of the largest settings that are written.
const maxSettings = 64 << 20

func settingsJSON(m map[string]any) (string, error) {
	clean := map[string]any{}
	size := 0 // a pickle can give one long string to many settings
	for k, v := range m {
		s, _ := v.(string)
		if size += len(k) + len(s); size > maxSettings {
			return "", &weights.FileError{Entry: settingsKey, Offset: -1, Err: fmt.Errorf("%w: settings of more than %d bytes", weights.ErrTooLarge, maxSettings)}
		}
		if f, ok := v.(float64); ok {
			if math.IsNaN(f) || math.IsInf(f, 0) {
				continue // JSON has no such numbers, and no setting of a model is one
			}
			if f == math.Trunc(f) {
				v = json.RawMessage(strconv.FormatFloat(f, 'e', -1, 64)) // 2e+00, which 2 would not tell from an integer
			}
		}
		clean[k] = v
	}
	b, err := json.Marshal(clean)
	return string(b), err
}
