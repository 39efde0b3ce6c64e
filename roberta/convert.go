package roberta

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/goroberta/goroberta/internal/simd"
	"github.com/goroberta/goroberta/weights"
)

// A ConvertOption changes how Convert writes.
type ConvertOption func(*convertOptions)

type convertOptions struct{ packed, zstd bool }

// Packed writes matrices as kernels read them, so that opening the file is a
// memory map: it starts in milliseconds, and processes that open it share its
// pages. The file is for goroberta alone.
func Packed() ConvertOption { return func(o *convertOptions) { o.packed = true } }

// Zstd compresses the file. It is unpacked into memory when opened, so this is
// for moving files, not for serving them.
func Zstd() ConvertOption { return func(o *convertOptions) { o.zstd = true } }

// ErrConvert is returned by Convert for options that exclude each other.
var ErrConvert = errors.New("roberta: Packed and Zstd exclude each other: a compressed file cannot be mapped")

// Convert writes any checkpoint that Open reads as one safetensors file with
// settings, vocabulary, heads and labels inside, which opens with nothing beside
// it. Element types and bits stay as they are. out is replaced when the new file
// is complete, and untouched if anything fails.
func Convert(ctx context.Context, in, out string, opts ...ConvertOption) error {
	var o convertOptions
	for _, opt := range opts {
		opt(&o)
	}
	if o.packed && o.zstd {
		return ErrConvert
	}
	if !o.packed {
		return weights.Convert(in, out, weights.ConvertOptions{Zstd: o.zstd})
	}
	if err := weights.CheckOutput(out, in); err != nil {
		return err
	}
	m, err := Open(in)
	if err != nil {
		return err
	}
	defer m.Close()
	packed := m.matrices()
	metadata, entries, err := m.ckpt.Export(func(name string) bool {
		name = strings.TrimSuffix(name, packedSuffix)
		for _, part := range []string{"q_proj.weight", "k_proj.weight", "v_proj.weight"} {
			if prefix, ok := strings.CutSuffix(name, part); ok {
				name = prefix + "qkv_proj.weight"
				break // or its own end would be taken for v_proj's
			}
		}
		_, ok := packed[name]
		return ok
	})
	if err != nil {
		return err
	}
	for name, w := range packed {
		e := weights.Entry{Name: name + packedSuffix, DType: weights.F32, Shape: []int{simd.Panels(w.N), w.K, simd.PanelWidth}}
		if w.F16 != nil {
			e.DType = weights.F16
		}
		e.Write = func(out io.Writer) error { return writeMatrix(out, w) }
		entries = append(entries, e)
	}
	return weights.WriteFile(out, metadata, entries)
}

// matrices lists the model's packed matrices by the name of their weights.
func (m *Model) matrices() map[string]*simd.Matrix {
	ms := map[string]*simd.Matrix{}
	for i := range m.enc.Layers {
		l, p := &m.enc.Layers[i], fmt.Sprintf("%slayers.%d.", stack, m.cfg.layer(i))
		ms[p+"self_attn.qkv_proj.weight"] = &l.QKV.W
		ms[p+"self_attn.out_proj.weight"] = &l.Out.W
		ms[p+"fc1.weight"] = &l.FC1.W
		ms[p+"fc2.weight"] = &l.FC2.W
	}
	if m.lm != nil {
		ms[lmPrefix+"dense.weight"] = &m.lm.Dense.W
	}
	for name, h := range *m.heads.Load() {
		ms[headPrefix+name+".dense.weight"] = &h.net.Dense.W
		ms[headPrefix+name+".out_proj.weight"] = &h.net.Out.W
	}
	return ms
}

// writeMatrix writes a packed matrix as little-endian bytes.
func writeMatrix(w io.Writer, m *simd.Matrix) error {
	const chunk = 16 << 10
	buf := make([]byte, 0, 4*chunk)
	for f32 := m.F32; len(f32) > 0; f32 = f32[min(chunk, len(f32)):] {
		buf = buf[:0]
		for _, v := range f32[:min(chunk, len(f32))] {
			buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v))
		}
		if _, err := w.Write(buf); err != nil {
			return err
		}
	}
	for f16 := m.F16; len(f16) > 0; f16 = f16[min(chunk, len(f16)):] {
		buf = buf[:0]
		for _, v := range f16[:min(chunk, len(f16))] {
			buf = binary.LittleEndian.AppendUint16(buf, v)
		}
		if _, err := w.Write(buf); err != nil {
			return err
		}
	}
	return nil
}
