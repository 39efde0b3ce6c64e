package roberta

import (
	"github.com/goroberta/goroberta/internal/nn"
	"github.com/goroberta/goroberta/internal/simd"
	"github.com/goroberta/goroberta/weights"
)

// bf16Table reads a matrix with a row for each token as bfloat16, in the file's memory if
// that holds it so.
func (l *loader) bf16Table(name string) *nn.Table {
	t := l.tensors[name]
	rows, cols := t.Shape[0], t.Shape[1]
	if t.DType == weights.BF16 {
		bits, err := uint16s(t)
		if err != nil {
			l.fail(err)
		}
		// What Convert wrote is not looked through, which would read all of it.
		if l.bf16 || simd.IsBF16(bits) {
			return &nn.Table{Rows: rows, Cols: cols, BF16: bits}
		}
	}
	w, bits := l.values(name), make([]uint16, rows*cols)
	if l.failed() {
		return &nn.Table{}
	}
	l.eachBlock(rows, cols, [][]float32{w}, func(block int, w []float32, n int) {
		simd.ToBF16(bits[block*blockFeatures*cols:][:n*cols], w[:n*cols])
	})
	return &nn.Table{Rows: rows, Cols: cols, BF16: bits}
}

// bf16Matrix reads a weight [out, in] and rounds it to bfloat16, unless the file has it so.
func (l *loader) bf16Matrix(name string, out, in int) simd.Matrix {
	packed, ok := l.tensors[name+packedSuffix]
	switch {
	case !ok:
		return l.packBF16(out, in, l.values(name))
	case packed.DType != weights.BF16:
		return l.packBF16(out, in, l.unpacked(name+packedSuffix, out, in))
	}
	bits, err := uint16s(packed)
	if err != nil {
		l.fail(err)
	}
	return simd.Matrix{Format: simd.BFloat16, N: out, K: in, BF16: bits}
}

// packBF16 rounds matrices [out, in] to one in bfloat16. Each begins at a panel.
func (l *loader) packBF16(out, in int, ws ...[]float32) simd.Matrix {
	n := simd.PairedLen(out, in)
	m := simd.Matrix{Format: simd.BFloat16, N: out, K: in, BF16: l.float16s.Take(len(ws) * n)}
	if len(ws) > 1 {
		m.N = len(ws) * simd.Panels(out) * simd.PanelWidth
	}
	if l.failed() {
		return simd.Matrix{}
	}
	blocks := featureBlocks(out)
	l.eachBlock(out, in, ws, func(block int, w []float32, rows int) {
		bits := make([]uint16, rows*in)
		simd.ToBF16(bits, w[:rows*in])
		at := block/blocks*n + simd.PairedLen(block%blocks*blockFeatures, in)
		simd.PackBF16(m.BF16[at:], bits, in, rows, in)
	})
	return m
}
