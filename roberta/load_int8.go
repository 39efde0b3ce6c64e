package roberta

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/goroberta/goroberta/internal/nn"
	"github.com/goroberta/goroberta/internal/simd"
)

// A matrix in Int8 is three tensors: its panels, [panels, K/4, 16, 4], and what
// simd.Int8Panels has beside them.
const (
	int8Suffix   = ".int8"
	scalesSuffix = int8Suffix + ".scales" // F32 [out]
	largeSuffix  = int8Suffix + ".large"  // I32 [weights, 3]
	inSuffix     = int8Suffix + ".in"     // F32 [in]; missing where there are no factors
)

// vocabulary reads a matrix with a row for each token, in the model's precision.
func (l *loader) vocabulary(name string) *nn.Table {
	switch l.precision {
	case Float32:
		return l.table(name)
	case BFloat16:
		return l.bf16Table(name)
	}
	rows, cols := l.config.VocabSize, l.config.Dim
	m := l.int8(name, rows, cols)
	return &nn.Table{Rows: rows, Cols: cols, Int8: &m}
}

// int8 reads a weight [out, in] and rounds it, unless the file has it rounded.
func (l *loader) int8(name string, out, in int) simd.Matrix {
	switch {
	case l.has(name + int8Suffix):
		return l.readInt8(name, out, in)
	case l.has(name + packedSuffix):
		return l.packInt8(name, out, in, l.unpacked(name+packedSuffix, out, in))
	}
	return l.packInt8(name, out, in, l.values(name))
}

// packInt8 rounds matrices [out, in] to one. Each begins at a panel.
func (l *loader) packInt8(name string, out, in int, ws ...[]float32) simd.Matrix {
	if l.failed() {
		return simd.Matrix{}
	}
	factors := l.calibration.factors(l, name, out, in, ws...)
	if l.failed() {
		return simd.Matrix{}
	}
	blocks := featureBlocks(out)
	parts, q := make([]simd.Matrix, blocks*len(ws)), l.bytes.Take(len(ws)*simd.Int8Len(out, in))
	l.eachBlock(out, in, ws, func(block int, w []float32, n int) {
		at := block/blocks*simd.Int8Len(out, in) + simd.Int8Len(block%blocks*blockFeatures, in)
		parts[block] = simd.PackInt8(w, in, n, in, q[at:][:simd.Int8Len(n, in)], factors)
	})
	if len(ws) > 1 {
		out = len(ws) * simd.Panels(out) * simd.PanelWidth
	}
	m, ok := simd.JoinInt8(out, in, q, parts...)
	if !ok {
		panic("roberta: parts of a matrix do not fit")
	}
	return m
}

// readInt8 reads a matrix that the file holds in Int8, in the file's memory if possible.
func (l *loader) readInt8(name string, out, in int) simd.Matrix {
	p := simd.Int8Panels{
		Scales: make([]float32, simd.Panels(out)*simd.PanelWidth),
		Large:  make([]simd.Large, l.tensors[name+largeSuffix].Shape[0]),
	}
	l.read(p.Scales[:out], name+scalesSuffix)
	l.readInt32(p.Large, name+largeSuffix)
	var err error
	if p.Q, err = l.tensors[name+int8Suffix].Bytes(); err != nil {
		l.fail(err)
		return simd.Matrix{}
	}
	if l.has(name + inSuffix) {
		p.In = make([]float32, in)
		l.read(p.In, name+inSuffix)
		for k, f := range p.In {
			if !(f > 0) || math.IsInf(float64(f), 1) {
				l.fail(modelError(fmt.Errorf("tensor %s has %v for input feature %d, want a number above 0", name+inSuffix, f, k)))
			}
		}
	}
	m, ok := simd.NewInt8(out, in, p)
	if !ok {
		l.fail(modelError(fmt.Errorf("tensor %s names weights that are not there or not in order", name+largeSuffix)))
	}
	return m
}

// readInt32 reads a tensor of I32 to values of int32.
func (l *loader) readInt32(dst any, name string) {
	b, err := l.tensors[name].Bytes()
	if err == nil {
		_, err = binary.Decode(b, binary.LittleEndian, dst)
	}
	if err != nil {
		l.fail(err)
	}
}
