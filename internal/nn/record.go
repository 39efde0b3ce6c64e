package nn

// A record keeps the hidden states of every layer. A nil record keeps nothing.
type record struct {
	layers [][]float32 // [M, C] each
	rows   []int       // where the rows of this part go; nil: all, in order
}

func newRecord(q *Request, layers, dim int) *record {
	if !q.Hidden {
		return nil
	}
	r := &record{layers: make([][]float32, layers+1)}
	for i := range r.layers {
		r.layers[i] = make([]float32, q.Batch.Len()*dim)
	}
	return r
}

// of is the record for a part of the batch.
func (r *record) of(p *part, b *Batch) *record {
	if r == nil {
		return nil
	}
	return &record{r.layers, p.rowsOf(b)}
}

// keep copies x, the hidden states after layer layers. Parts may call it at the same
// time: their rows differ.
func (r *record) keep(layer int, x matrix) {
	switch {
	case r == nil:
	case r.rows == nil:
		x.copyTo(r.layers[layer])
	default:
		for i, at := range r.rows {
			copy(r.layers[layer][at*x.cols:], x.row(i))
		}
	}
}

func (r *record) hidden() [][]float32 {
	if r == nil {
		return nil
	}
	return r.layers
}
