package roberta

import (
	"context"

	"github.com/goroberta/goroberta/weights"
)

// Save writes the model with the heads that it has now as one safetensors file, as
// Convert does: heads that were set or registered are written in float32, all other
// tensors with the element types and bits of the model's file. path must not be that
// file or a part of it (weights.ErrSameFile). It is complete or untouched. Save ends
// with the context's error once that is done.
func (m *Model) Save(ctx context.Context, path string, opts ...ConvertOption) error {
	o, err := newConvertOptions(opts, m.log)
	if err != nil {
		return err
	}
	if err := m.enter(); err != nil {
		return err
	}
	defer m.leave()
	if m.file.Path != "" {
		if err := weights.CheckOutput(path, m.file.Path); err != nil {
			return err
		}
	}
	f := modelFile{checkpoint: m.source, zstd: o.zstd, log: o.log, replaced: map[string]*head{}}
	heads := *m.heads.Load()
	for name, h := range heads {
		if h != m.loaded[name] {
			f.replaced[name] = h
		}
	}
	return m.file.Guard(func() error {
		if o.computed(m.source) {
			n := &network{m.enc, m.lm, m.pooler, heads}
			if o.precision != nil && (*o.precision != m.precision || o.calibrate != nil) {
				var err error
				if n, err = o.network(ctx, m.source, m.float32(), m.pool); err != nil {
					return named(m.file.Path, err)
				}
				n.heads = heads
			}
			f.packed, f.tables = m.source.matrices(n), m.source.tables(n)
		}
		return f.write(ctx, path)
	})
}

// float32 is the model's parts if they are in float32, else nil.
func (m *Model) float32() *network {
	if m.precision != Float32 {
		return nil
	}
	return &network{m.enc, m.lm, m.pooler, *m.heads.Load()}
}
