package weights

import (
	"fmt"
	"slices"
	"strings"
)

// Values that the unpickler builds, besides nil, bool, int64, float64, string
// and []byte. None of them has behaviour: whatever a pickle says, reading it
// runs nothing.
type (
	pyList  struct{ items []any }
	pyTuple []any
	pySet   struct{ items []any }

	// A pyDict keeps the order of its keys; those that are strings can be looked up.
	pyDict struct {
		keys, values []any
		index        map[string]int
	}

	// A pyGlobal is a function or class that the pickle names. An opaque one is a class
	// of a package that is not known: instances may be records, and nothing is read of
	// them but the tensors and settings that are beside them.
	pyGlobal struct {
		module, name string
		opaque       bool
	}

	// A pyObject is a record of an instance: the name of its class, what its
	// constructor was called with, and its state.
	pyObject struct {
		class pyGlobal
		args  pyTuple
		state any
	}

	// A pyStorage is where a tensor's elements lie.
	pyStorage struct {
		dtype DType
		key   string
		numel int64
		// view of a part of another storage (files before torch 0.4)
		viewOffset int64
	}

	// A pyTensor is a view of a storage.
	pyTensor struct {
		storage        *pyStorage
		offset         int
		shape, strides []int
	}
)

func (g pyGlobal) String() string { return g.module + "." + g.name }

// hasTensor says whether a value of the dict is a tensor.
func (d *pyDict) hasTensor() bool {
	return d != nil && slices.ContainsFunc(d.values, func(v any) bool { _, ok := v.(*pyTensor); return ok })
}

// isModule says whether an object is one of torch.nn's, with its parameters inside.
func (o *pyObject) isModule() bool {
	d, ok := o.state.(*pyDict)
	if !ok {
		return false
	}
	_, has := d.get("_parameters")
	return has
}

func newDict() *pyDict { return &pyDict{} }

func (d *pyDict) set(k, v any) {
	if s, ok := k.(string); ok {
		if i, ok := d.index[s]; ok {
			d.values[i] = v
			return
		}
		if d.index == nil {
			d.index = map[string]int{}
		}
		d.index[s] = len(d.keys)
	}
	d.keys = append(d.keys, k)
	d.values = append(d.values, v)
}

func (d *pyDict) get(k string) (any, bool) {
	if i, ok := d.index[k]; ok {
		return d.values[i], true
	}
	return nil, false
}

// describe names a value in a message: what it is, and its text only if that is short.
func describe(v any) string {
	switch v := v.(type) {
	case nil, bool, int64, float64:
		return fmt.Sprint(v)
	case pyGlobal:
		return shorten(v.String(), maxQuote)
	case string:
		return quote(v)
	case *pyObject:
		return "a " + describe(v.class)
	}
	return "a " + strings.ToLower(strings.TrimPrefix(strings.TrimPrefix(fmt.Sprintf("%T", v), "*"), "weights.py"))
}

// dictOf is the dict that items are set in: a dict itself, or the content of an
// object of a subclass of dict.
func dictOf(v any) *pyDict {
	switch v := v.(type) {
	case *pyDict:
		return v
	case *pyObject:
		if v.state == nil {
			v.state = newDict()
		}
		d, _ := v.state.(*pyDict)
		return d
	}
	return nil
}
