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
	bad := fmt.Errorf("setting pruned_heads is %.100v, want lists of attention heads by layer", v)
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
	if len(prunedHeads) == 0 || dim%heads != 0 {
		return nil // what is wrong with the sizes is said elsewhere
	}
	total, limit, added := 0, 0, 0
	for _, t := range c.tensors {
		limit += t.Len() // zeros for at most as many elements as the file has
	}
	for _, layer := range slices.Sorted(maps.Keys(prunedHeads)) {
		gone := prunedHeads[layer]
		if layer >= layers || gone[len(gone)-1] >= heads {
			return fmt.Errorf("setting pruned_heads names head %d of layer %d, there are %d heads in %d layers", gone[len(gone)-1], layer, heads, layers)
		}
		total += len(gone)
		d := dim / heads
		kept := (heads - len(gone)) * d
		p := fmt.Sprintf("%slayers.%d.self_attn.", stack, layer)
		restore := func(name string, rows bool, shape ...int) error {
			t, ok := c.tensors[p+name]
			if !ok {
				return nil // check names it
			}
			small := slices.Clone(shape)
			if rows {
				small[0] = kept
			} else {
				small[1] = kept
			}
			if !slices.Equal(t.Shape, small) {
				return fmt.Errorf("tensor %s has shape %s, the settings ask for %v, as pruned_heads has %d of %d heads", c.describe(p+name), shapeText(t.Shape), small, len(gone), heads)
			}
			elements := shape[0]
			if len(shape) == 2 {
				elements = min(elements, limit/shape[1]+1) * shape[1]
			}
			if added += elements; added > limit {
				return &weights.FileError{Tensor: t.Name, Offset: -1, Err: fmt.Errorf("%w: pruned_heads asks for more weights than the checkpoint has", weights.ErrTooLarge)}
			}
			full, err := withZeros(t, shape, rows, gone, d)
			if err == nil {
				c.tensors[p+name] = full
			}
			return err
		}
		for _, name := range projections {
			if err := restore(name+".weight", true, dim, dim); err != nil {
				return err
			}
			if err := restore(name+".bias", true, dim); err != nil {
				return err
			}
		}
		if err := restore("out_proj.weight", false, dim, dim); err != nil {
			return err
		}
	}
	c.note("config.json prunes %d attention heads; they have weights of zero", total)
	return nil
}

// withZeros is t with zeros in the place of heads of d rows or columns each, as a tensor
// of its own memory.
func withZeros(t *weights.Tensor, shape []int, rows bool, gone []int, d int) (*weights.Tensor, error) {
	data, err := t.Bytes()
	if err != nil {
		return nil, err
	}
	width := d * t.DType.Size() // of a head, among the columns
	lines := 1
	if rows {
		if len(shape) == 2 {
			width *= shape[1]
		}
	} else {
		lines = shape[0]
	}
	line := shape[0] * t.DType.Size()
	if len(shape) == 2 {
		line = shape[1] * t.DType.Size()
		if rows {
			line *= shape[0]
		}
	}
	full := make([]byte, 0, lines*line)
	isGone := make([]bool, line/width)
	for _, h := range gone {
		isGone[h] = true
	}
	for range lines {
		for _, zeros := range isGone {
			if zeros {
				full = append(full, make([]byte, width)...)
			} else {
				full = append(full, data[:width]...)
				data = data[width:]
			}
		}
	}
	var b bytes.Buffer
	if err := weights.Write(&b, nil, []weights.Entry{{Name: t.Name, DType: t.DType, Shape: shape, Write: func(w io.Writer) error {
		_, err := w.Write(full)
		return err
	}}}); err != nil {
		return nil, err
	}
	file, err := weights.Load(bytes.NewReader(b.Bytes()), int64(b.Len()), t.Name)
	if err != nil {
		return nil, err
	}
	x, _ := file.Tensor(t.Name)
	return x, nil
}
