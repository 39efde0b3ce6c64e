package synth

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"math"
	"runtime"
	"sync"

	"github.com/goroberta/goroberta/weights"
)

// settingsKey is where a converted checkpoint keeps its settings in safetensors'
// metadata; see roberta.Convert.
const settingsKey = "goroberta.settings"

// Entries lists what a safetensors file of the model holds: the metadata with
// its settings, and its tensors for weights.Write or weights.WriteFile, which
// fail with the context's error once it is done.
func (m Model) Entries(ctx context.Context, seed uint64) (metadata map[string]string, entries []weights.Entry, err error) {
	settings, err := json.Marshal(m.Settings())
	if err != nil {
		return nil, nil, err
	}
	for _, t := range m.Tensors(seed) {
		entries = append(entries, weights.Entry{
			Name: t.Name, DType: weights.F32, Shape: t.Shape,
			Write: func(w io.Writer) error { return t.write(ctx, w) },
		})
	}
	return map[string]string{"format": "pt", settingsKey: string(settings)}, entries, nil
}

// WriteFile writes the model as a safetensors file that opens with nothing
// beside it. The file appears when it is complete.
func (m Model) WriteFile(ctx context.Context, path string, seed uint64) error {
	metadata, entries, err := m.Entries(ctx, seed)
	if err != nil {
		return err
	}
	return weights.WriteFile(path, metadata, entries)
}

// block is how many elements one goroutine computes at a time.
const block = 1 << 16

// write writes the elements as little-endian float32. All processors compute, a block
// each at a time.
func (t Tensor) write(ctx context.Context, w io.Writer) error {
	n := t.Len()
	stride := block * runtime.GOMAXPROCS(0)
	buf := make([]byte, 4*min(stride, n))
	for at := 0; at < n; at += stride {
		if err := ctx.Err(); err != nil {
			return err
		}
		part := buf[:4*min(stride, n-at)]
		var wg sync.WaitGroup
		for lo := 0; lo < len(part); lo += 4 * block {
			wg.Go(func() {
				t.encode(part[lo:min(lo+4*block, len(part))], at+lo/4)
			})
		}
		wg.Wait()
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// encode sets dst to the bytes of the elements first, first+1, …
func (t Tensor) encode(dst []byte, first int) {
	var values [1 << 10]float32
	for len(dst) > 0 {
		v := values[:min(len(values), len(dst)/4)]
		t.Fill(v, first)
		for i, x := range v {
			binary.LittleEndian.PutUint32(dst[4*i:], math.Float32bits(x))
		}
		dst, first = dst[4*len(v):], first+len(v)
	}
}
