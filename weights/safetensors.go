package weights

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// isSafetensors says whether a file begins like one: the header's length, then
// the header, a JSON object.
func isSafetensors(head []byte) bool {
	if len(head) < 9 {
		return false
	}
	n := binary.LittleEndian.Uint64(head)
	return head[8] == '{' && n >= 2 && !isText(head[:8])
}

// isText says whether all bytes are printable. Those of a header's length never are:
// the header would have more than 2^57 bytes.
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
		return nil, nil, inEntry("header", 0, err)
	}
	n := binary.LittleEndian.Uint64(head)
	if n > uint64(src.size-8) {
		return nil, nil, inEntry("header", 0, fmt.Errorf("%w: a header of %d bytes in a file of %d", ErrTruncated, n, src.size))
	}
	if n > maxHeader {
		return nil, nil, inEntry("header", 0, fmt.Errorf("%w: a header of %d bytes, at most %d", ErrTooLarge, n, maxHeader))
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
	err = eachMember(header, func(name string, value []byte) error {
		if err := src.done(); err != nil {
			return err
		}
		if seen[name] {
			return inTensor(name, fmt.Errorf("%w: two tensors of one name", ErrCorrupt))
		}
		seen[name] = true
		if name == "__metadata__" {
			metadata, err = readMetadata(value, src.values())
			return err
		}
		if len(value) > maxMember {
			return inTensor(name, fmt.Errorf("%w: %d bytes about one tensor, at most %d", ErrTooLarge, len(value), maxMember))
		}
		if !src.values().spend(tensorCost + int64(len(name))) {
			return errValues
		}
		var info struct {
			DType   *string  `json:"dtype"`
			Shape   []int    `json:"shape"`
			Offsets *[]int64 `json:"data_offsets"`
		}
		if err := json.Unmarshal(value, &info); err != nil {
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
		if info.DType == nil {
			return inTensor(name, fmt.Errorf("%w: no dtype", ErrCorrupt))
		}
		part := &storage{src: src, off: data.off + lo, size: hi - lo}
		t, err := headerTensor(name, *info.DType, info.Shape, part)
		if err != nil {
			return err
		}
		places = append(places, place{t, lo, hi})
		return nil
	})
	if _, ok := errors.AsType[*FileError](err); err != nil && !ok {
		err = inEntry("header", 8, err)
	}
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

// headerTensor is a tensor that a header describes. Its data has the bytes that type
// and shape say, where the type's size is known.
func headerTensor(name, typeName string, shape []int, data *storage) (*Tensor, error) {
	if shape == nil {
		shape = []int{}
	}
	dtype := parseDType(typeName)
	if !dtype.isRead() {
		t, err := newUnreadTensor(name, dtype, typeName, shape, data)
		if err != nil {
			return nil, err
		}
		n, ok := dtype.bytes(int64(t.Len()))
		if dtype != otherType && (!ok || n != data.size) || t.Len() == 0 && data.size > 0 {
			return nil, inTensor(name, fmt.Errorf("%w: shape %v of %v in %d bytes", ErrCorrupt, shapeText(shape), dtype, data.size))
		}
		return t, nil
	}
	if e := (Entry{DType: dtype, Shape: shape}); e.Size() != data.size {
		return nil, inTensor(name, fmt.Errorf("%w: shape %v of %v in %d bytes", ErrCorrupt, shapeText(shape), dtype, data.size))
	}
	return newTensor(name, dtype, shape, contiguous(shape), 0, data)
}

// readMetadata reads a JSON object of strings.
func readMetadata(object []byte, mem *budget) (map[string]string, error) {
	if string(bytes.Trim(object, jsonSpace)) == "null" {
		return nil, nil
	}
	m := map[string]string{}
	err := eachMember(object, func(name string, value []byte) error {
		if !mem.spend(pairCost + int64(len(name)+2*len(value))) {
			return errValues
		}
		var v string
		if err := json.Unmarshal(value, &v); err != nil {
			return fmt.Errorf("%w: %v", ErrCorrupt, err)
		}
		m[name] = v
		return nil
	})
	if err != nil {
		return nil, inEntry("__metadata__", -1, err)
	}
	return m, nil
}

// eachMember calls f for the members of a JSON object in order, doubles
// included, which a map would hide. Values are parts of object and not yet known to
// be valid.
func eachMember(object []byte, f func(name string, value []byte) error) error {
	bad := func(err error) error { return fmt.Errorf("%w: %v", ErrCorrupt, err) }
	rest, ok := bytes.CutPrefix(bytes.TrimLeft(object, jsonSpace), []byte("{"))
	if !ok {
		return bad(errors.New("no JSON object"))
	}
	for first := true; ; first = false {
		rest = bytes.TrimLeft(rest, jsonSpace)
		if after, ok := bytes.CutPrefix(rest, []byte("}")); ok && first {
			rest = after
			break
		}
		n := jsonValue(rest)
		var name string
		if err := json.Unmarshal(rest[:n], &name); err != nil {
			return bad(err)
		}
		rest, ok = bytes.CutPrefix(bytes.TrimLeft(rest[n:], jsonSpace), []byte(":"))
		if !ok {
			return bad(fmt.Errorf("no value of %s", quote(name)))
		}
		n = jsonValue(rest)
		if err := f(name, rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
		if after, ok := bytes.CutPrefix(rest, []byte("}")); ok {
			rest = after
			break
		}
		if rest, ok = bytes.CutPrefix(rest, []byte(",")); !ok {
			return bad(io.ErrUnexpectedEOF)
		}
	}
	if rest = bytes.TrimRight(rest, jsonSpace+"\x00"); len(rest) > 0 {
		return bad(fmt.Errorf("%d bytes after the JSON object", len(rest)))
	}
	return nil
}

const jsonSpace = " \t\r\n"

// jsonValue is the length of the JSON value that b begins with, and of the space
// around it: up to a comma, colon or bracket that does not belong to it.
func jsonValue(b []byte) int {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			for i++; i < len(b) && b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 {
				return i
			}
		case ',', ':':
			if depth == 0 {
				return i
			}
		}
	}
	return len(b)
}
