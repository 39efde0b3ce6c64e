package weights

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// isIndex says whether a file is the index of a sharded checkpoint, by its name:
// model.safetensors.index.json, or model.safetensors.index.fp16.json.
func isIndex(name string) bool {
	_, rest, ok := strings.Cut(name, ".index.")
	return ok && (rest == "json" || strings.HasSuffix(rest, ".json") && strings.Count(rest, ".") == 1)
}

// isShard says whether a file is one of several that hold a checkpoint together, by its
// name: model-00001-of-00002.safetensors.
func isShard(name string) bool {
	stem := strings.TrimSuffix(name, path.Ext(name))
	stem, total, ok := cutLast(stem, "-of-")
	_, number, ok2 := cutLast(stem, "-")
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	return ok && ok2 && digits(total) && digits(number)
}

// isOnlyShard says whether a shard is the only one of its checkpoint.
func isOnlyShard(name string) bool {
	stem, total, _ := cutLast(strings.TrimSuffix(name, path.Ext(name)), "-of-")
	_, number, _ := cutLast(stem, "-")
	return isShard(name) && total == number && strings.TrimLeft(total, "0") == "1"
}

func cutLast(s, sep string) (before, after string, ok bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// An index says which file holds which tensor.
type index struct {
	fileOf map[string]string
	shards []string // sorted, which is the order in which transformers reads them
}

func (f *folder) readIndex(name string) (*index, error) {
	data, err := f.read(name)
	if err != nil {
		return nil, inEntry(name, -1, err)
	}
	var v struct {
		Map map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(data, &v); err != nil || len(v.Map) == 0 {
		return nil, inEntry(name, -1, fmt.Errorf("%w: no weight_map", ErrCorrupt))
	}
	names := map[string]bool{}
	for tensor, shard := range v.Map {
		if shard != path.Base(shard) || shard == "." || !fs.ValidPath(shard) {
			return nil, inEntry(name, -1, inTensor(tensor, fmt.Errorf("%w: shard %s is no file of the same directory", ErrCorrupt, quote(shard))))
		}
		names[shard] = true
	}
	return &index{v.Map, slices.Sorted(maps.Keys(names))}, nil
}

// missing lists tensors that the index has and c does not.
func (x *index) missing(c *Checkpoint) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(x.fileOf)) {
		if _, ok := c.tensors[name]; !ok {
			names = append(names, fmt.Sprintf("%s (%s)", shorten(name, maxQuote), shorten(x.fileOf[name], maxQuote)))
		}
	}
	return names
}

// sameElements says whether two tensors are equal in type, shape and every bit.
func sameElements(a, b *Tensor) bool {
	if a.DType != b.DType || !slices.Equal(a.Shape, b.Shape) {
		return false
	}
	x, err := a.Bytes()
	if err != nil {
		return false
	}
	y, err := b.Bytes()
	if err != nil {
		return false
	}
	same := false
	err = guarded(func() error { same = bytes.Equal(x, y); return nil }, a.data.src, b.data.src)
	return err == nil && same
}
