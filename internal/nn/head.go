package nn

// A Head is out(act(dense(x))) (fairseq/models/roberta/model.py,
// RobertaClassificationHead), or out(x) without Dense.
type Head struct {
	Dense      *Linear // nil: one linear layer
	Activation Activation
	Out        Linear
}

// outputs computes the head's outputs [rows, N] of x.
func (h *Head) outputs(t team, x matrix) matrix {
	if h.Dense != nil {
		x = t.linear(useHeadInner, x, h.Dense, h.Activation)
	}
	return t.linear(useHead, x, &h.Out, nil)
}
