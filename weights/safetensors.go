package weights

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
)

// isSafetensors says whether a file begins like one: the header's length, then
// the header, a JSON object.
func isSafetensors(src *source) bool {
	head, err := src.read(0, 9)
	if err != nil {
		return false
	}
	n := binary.LittleEndian.Uint64(head)
	return head[8] == '{' && n >= 2 && !isText(head[:8])
}

// isText says whether bytes are printable: a header's length never is, as that
// would be a header of more than 2^57 bytes.
func isText(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' || c > '~' {
			return false
		}
	}
	return true
}

// readSafetensors reads a file of the form
//
//	uint64 n | JSON object of n bytes | data
//
// whose object gives each tensor's type, shape and place in data. Tensors must
// cover data without gaps or overlaps.
func readSafetensors(src *source) (tensors []*Tensor, metadata map[string]string, err error) {
	head, err := src.read(0, 8)
	if err != nil {
		return nil, nil, inEntry("header", 0, ErrTruncated)
	}
	n := binary.LittleEndian.Uint64(head)
	if n > maxHeader {
		return nil, nil, inEntry("header", 0, fmt.Errorf("%w: a header of %d bytes", ErrCorrupt, n))
	}
	if n > uint64(src.size-8) {
		return nil, nil, inEntry("header", 0, fmt.Errorf("%w: a header of %d bytes in a file of %d", ErrTruncated, n, src.size))
	}
	header, err := src.read(8, int64(n))
	if err != nil {
		return nil, nil, inEntry("header", 8, err)
	}
	data := &storage{src: src, off: 8 + int64(n), size: src.size - 8 - int64(n)}
	type place struct {
		t      *Tensor
		lo, hi int64
	}
	var places []place
	seen := map[string]bool{}
	err = eachMember(header, func(name string, raw json.RawMessage) error {
		if seen[name] {
			return inTensor(name, fmt.Errorf("%w: two tensors of one name", ErrCorrupt))
		}
		seen[name] = true
		if name == "__metadata__" {
			if err := json.Unmarshal(raw, &metadata); err != nil {
				return inEntry("__metadata__", -1, fmt.Errorf("%w: %v", ErrCorrupt, err))
			}
			return nil
		}
		var info struct {
			DType   string   `json:"dtype"`
			Shape   []int    `json:"shape"`
			Offsets *[]int64 `json:"data_offsets"`
		}
		if err := json.Unmarshal(raw, &info); err != nil {
			return inTensor(name, fmt.Errorf("%w: %v", ErrCorrupt, err))
		}
		if info.Offsets == nil || len(*info.Offsets) != 2 {
			return inTensor(name, fmt.Errorf("%w: no data_offsets", ErrCorrupt))
		}
		lo, hi := (*info.Offsets)[0], (*info.Offsets)[1]
		if lo < 0 || hi < lo {
			return inTensor(name, fmt.Errorf("%w: data_offsets %v", ErrCorrupt, *info.Offsets))
		}
		if hi > data.size {
			return inTensor(name, fmt.Errorf("%w: data_offsets %v, but the data has %d bytes", ErrTruncated, *info.Offsets, data.size))
		}
		dtype, ok := parseDType(info.DType)
		if !ok {
			return inTensor(name, fmt.Errorf("%w: element type %s", ErrUnsupported, quote(info.DType)))
		}
		part := &storage{src: src, off: data.off + lo, size: hi - lo}
		shape := info.Shape
		if shape == nil {
			shape = []int{}
		}
		if e := (Entry{DType: dtype, Shape: shape}); e.Size() != part.size {
			return inTensor(name, fmt.Errorf("%w: shape %v of %v in %d bytes", ErrCorrupt, shape, dtype, part.size))
		}
		t, err := newTensor(name, dtype, shape, contiguous(shape), 0, part)
		if err != nil {
			return err
		}
		places = append(places, place{t, lo, hi})
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	slices.SortFunc(places, func(a, b place) int { return cmp.Or(cmp.Compare(a.lo, b.lo), cmp.Compare(a.hi, b.hi)) })
	end := int64(0)
	for _, p := range places {
		if p.lo != end {
			return nil, nil, inTensor(p.t.Name, fmt.Errorf("%w: data_offsets begin at %d, the tensor before ends at %d", ErrCorrupt, p.lo, end))
		}
		end = p.hi
		tensors = append(tensors, p.t)
	}
	if end != data.size {
		return nil, nil, fmt.Errorf("%w: tensors end at byte %d of %d", ErrCorrupt, end, data.size)
	}
	return tensors, metadata, nil
}

// eachMember calls f for the members of a JSON object in order, doubles
// included, which a map would hide.
func eachMember(object []byte, f func(name string, value json.RawMessage) error) error {
	bad := func(err error) error { return inEntry("header", 8, fmt.Errorf("%w: %v", ErrCorrupt, err)) }
	dec := json.NewDecoder(bytes.NewReader(object))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return inEntry("header", 8, fmt.Errorf("%w: no JSON object", ErrCorrupt))
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return bad(err)
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return bad(err)
		}
		if err := f(key.(string), raw); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil {
		return bad(err)
	}
	if rest := bytes.TrimRight(object[dec.InputOffset():], " \t\r\n\x00"); len(rest) > 0 {
		return bad(fmt.Errorf("%d bytes after the JSON object", len(rest)))
	}
	return nil
}
