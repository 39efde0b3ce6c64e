package nn

// A record keeps the hidden states and the attention weights of every layer, as far as
// a request asks for them. A nil record keeps nothing.
type record struct {
	layers  [][]float32 // [M, C] each; nil: not asked for
	rows    []int       // where the rows of this part go; nil: all, in order
	weights []attentionWeights
}

// attentionWeights are the attention weights of one layer: for each sequence of T
// tokens and each head a matrix [T, T], a row for each query. Those of a sequence lie
// end to end.
//
//	sequence 0                       sequence 1
//	head 0  [T₀, T₀]  head 1 …       head 0  [T₁, T₁]  head 1 …
//
// A nil value keeps nothing.
type attentionWeights struct {
	values []float32
	at     []int // where each sequence of this part begins
}

func newRecord(q *Request, e *Encoder) *record {
	if !q.Hidden && !q.Weights {
		return nil
	}
	r := &record{}
	if q.Hidden {
		r.layers = make([][]float32, len(e.Layers)+1)
		for i := range r.layers {
			r.layers[i] = make([]float32, q.Batch.Len()*e.Dim)
		}
	}
	if q.Weights {
		at, n := q.Batch.WeightsAt(e.Heads)
		r.weights = make([]attentionWeights, len(e.Layers))
		for i := range r.weights {
			r.weights[i] = attentionWeights{make([]float32, n), at}
		}
	}
	return r
}

// WeightsAt is where the attention weights of each sequence begin, and how many there
// are in all.
func (b *Batch) WeightsAt(heads int) (at []int, n int) {
	for s := range b.Sequences() {
		at = append(at, n)
		T := b.Offsets[s+1] - b.Offsets[s]
		n += heads * T * T
	}
	return at, n
}

// of is the record for a part of the batch.
func (r *record) of(p *part, b *Batch) *record {
	if r == nil {
		return nil
	}
	of := &record{layers: r.layers, rows: p.rowsOf(b)}
	for _, w := range r.weights {
		part := attentionWeights{values: w.values}
		for _, s := range p.sequences {
			part.at = append(part.at, w.at[s])
		}
		of.weights = append(of.weights, part)
	}
	return of
}

// keep copies x, the hidden states after layer layers. Parts may call it at the same
// time: their rows differ.
func (r *record) keep(layer int, x matrix) {
	switch {
	case r == nil || r.layers == nil:
	case r.rows == nil:
		x.copyTo(r.layers[layer])
	default:
		for i, at := range r.rows {
			copy(r.layers[layer][at*x.cols:], x.row(i))
		}
	}
}

// weightsOf is where the attention weights of layer i go; nil if nobody asked.
func (r *record) weightsOf(i int) *attentionWeights {
	if r == nil || r.weights == nil {
		return nil
	}
	return &r.weights[i]
}

// keep copies the weights of n queries from t on of head h of sequence s, rows of T
// values. Several goroutines may call it at the same time: their rows differ.
func (w *attentionWeights) keep(rows []float32, s, h, t, n, T int) {
	if w == nil {
		return
	}
	for i := range n {
		copy(w.values[w.at[s]+(h*T+t+i)*T:][:T], rows[i*strideFor(T):])
	}
}

// results are the hidden states and the attention weights of each layer.
func (r *record) results() (hidden, weights [][]float32) {
	if r == nil {
		return nil, nil
	}
	for _, w := range r.weights {
		weights = append(weights, w.values)
	}
	return r.layers, weights
}
