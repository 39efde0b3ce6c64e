package roberta

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/goroberta/goroberta/weights"
)

// pruned reads config.json's pruned_heads: the attention heads that each layer's tensors
// lack, sorted.
func pruned(conf map[string]any) (map[int][]int, error) {
	v, ok := conf["pruned_heads"]
	if !ok || v == nil {
		return nil, nil
	}
	bad := fmt.Errorf("setting pruned_heads is %s, want lists of attention heads by layer", short(fmt.Sprint(v)))
	byLayer, ok := v.(map[string]any)
	if !ok {
		return nil, bad
	}
	all := map[int][]int{}
	for key, v := range byLayer {
		layer, err := strconv.ParseUint(key, 10, 31)
		list, ok := v.([]any)
		if err != nil || !ok {
			return nil, bad
		}
		var heads []int
		for _, v := range list {
			n, ok := v.(json.Number)
			h, err := strconv.ParseUint(n.String(), 10, 31)
			if !ok || err != nil {
				return nil, bad
			}
			heads = append(heads, int(h))
		}
		slices.Sort(heads)
		if heads = slices.Compact(heads); len(heads) > 0 {
			all[int(layer)] = heads
		}
	}
	return all, nil
}

// restoreHeads gives pruned attention heads weights of zero: the file's matrices then
// have the shapes that the settings ask for, and the heads add nothing, as if they were
// not there (transformers 4, prune_heads; 5 does not know pruned_heads).
func (c *checkpoint) restoreHeads(prunedHeads map[int][]int, layers, dim, heads int) error {
	elements := 0
	for _, t := range c.tensors {
		elements += t.Len()
	}
	room := elements // restored matrices have at most as many elements as the file
	restored := 0
	for _, layer := range slices.Sorted(maps.Keys(prunedHeads)) {
		gone := make([]bool, heads)
		for _, h := range prunedHeads[layer] {
			if layer >= layers || h >= heads {
				return fmt.Errorf("setting pruned_heads names head %d of layer %d, there are %d heads in %d layers", h, layer, heads, layers)
			}
			gone[h] = true
			restored++
		}
		kept := dim / heads * (heads - len(prunedHeads[layer]))
		p := fmt.Sprintf("%slayers.%d.self_attn.", stack, layer)
		for _, part := range []struct {
			name         string
			small, whole []int
			lines        int // that the heads lie side by side in
		}{
			{"q_proj.weight", []int{kept, dim}, []int{dim, dim}, 1}, {"q_proj.bias", []int{kept}, []int{dim}, 1},
			{"k_proj.weight", []int{kept, dim}, []int{dim, dim}, 1}, {"k_proj.bias", []int{kept}, []int{dim}, 1},
			{"v_proj.weight", []int{kept, dim}, []int{dim, dim}, 1}, {"v_proj.bias", []int{kept}, []int{dim}, 1},
			{"out_proj.weight", []int{dim, kept}, []int{dim, dim}, dim},
		} {
			t, ok := c.tensors[p+part.name]
			if !ok {
				continue // check names it
			}
			if !slices.Equal(t.Shape, part.small) {
				return fmt.Errorf("tensor %s has shape %s, the settings ask for %v, as pruned_heads takes %d of %d heads", c.describe(p+part.name), shapeText(t.Shape), part.small, len(prunedHeads[layer]), heads)
			}
			if len(part.whole) == 2 {
				if dim > room/dim {
					return &weights.FileError{Tensor: t.Name, Offset: -1, Err: fmt.Errorf("%w: pruned_heads asks for more weights than the checkpoint has", weights.ErrTooLarge)}
				}
				room -= dim * dim
			}
			whole, err := withZeros(t, part.whole, part.lines, gone)
			if err != nil {
				return err
			}
			c.tensors[p+part.name] = whole
		}
	}
	if restored > 0 {
		c.note("config.json prunes %d attention heads; they have weights of zero", restored)
	}
	return nil
}

// withZeros is t with zeros for the heads that are gone, as a tensor of this shape in its
// own memory. Each of the lines that its elements fall into has a block for each head.
func withZeros(t *weights.Tensor, shape []int, lines int, gone []bool) (*weights.Tensor, error) {
	data, err := t.Bytes()
	if err != nil {
		return nil, err
	}
	e := weights.Entry{Name: t.Name, DType: t.DType, Shape: shape}
	block := int(e.Size()) / (lines * len(gone))
	zeros := make([]byte, block)
	e.Write = func(w io.Writer) error {
		for range lines {
			for _, isGone := range gone {
				b := zeros
				if !isGone {
					b, data = data[:block], data[block:]
				}
				if _, err := w.Write(b); err != nil {
					return err
				}
			}
		}
		return nil
	}
	var file bytes.Buffer
	if err := weights.Write(&file, nil, []weights.Entry{e}); err != nil {
		return nil, err
	}
	c, err := weights.Load(bytes.NewReader(file.Bytes()), int64(file.Len()), t.Name)
	if err != nil {
		return nil, err
	}
	whole, _ := c.Tensor(t.Name)
	return whole, nil
}
