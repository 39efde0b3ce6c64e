package weights

import "strings"

// maxNesting bounds how deep settings are looked into.
const maxNesting = 8

// attributes gives the members of a dict, a Namespace, a dataclass or an
// omegaconf node.
func attributes(v any) *pyDict {
	for range maxNesting {
		switch o := v.(type) {
		case *pyDict:
			// omegaconf pickles a node as {_content: …} or {_val: …}.
			inner, ok := o.get("_content")
			if !ok {
				inner, ok = o.get("_val")
			}
			if ok {
				v = inner
				continue
			}
			return o
		case *pyObject:
			v = o.state
			continue
		}
		break
	}
	return nil
}

// scalar gives a setting's value, or ok false for what is no single value.
func scalar(v any) (any, bool) {
	for range maxNesting {
		switch o := v.(type) {
		case nil, bool, int64, float64, string:
			return o, true
		case *pyObject:
			if strings.HasPrefix(o.class.module, "omegaconf") {
				d, ok := o.state.(*pyDict)
				if !ok {
					return nil, false
				}
				if v, ok = d.get("_val"); !ok {
					return nil, false
				}
				continue
			}
			if len(o.args) == 1 && !o.class.opaque { // an enum's member
				v = o.args[0]
				continue
			}
		}
		break
	}
	return nil, false
}

// settingsOf gives the settings that an object of torch.save's holds beside
// state, its state dict; nil if there are none.
func settingsOf(root, state *pyDict) map[string]any {
	if root == state {
		return nil
	}
	m := settingsReader{state: nil}.members(root, maxNesting)
	if len(m) == 0 {
		return nil
	}
	return m
}

// A settingsReader keeps the map made of each dict, nil while that is being read. A
// dict can be a value in many places, even in itself. Each is read once, so settings
// are never larger than the pickle.
type settingsReader map[*pyDict]map[string]any

// members gives a dict's members that are scalars or have members themselves.
func (r settingsReader) members(d *pyDict, depth int) map[string]any {
	r[d] = nil
	m := map[string]any{}
	for i, k := range d.keys {
		name, ok := k.(string)
		if !ok {
			continue
		}
		v := d.values[i]
		if s, ok := scalar(v); ok {
			m[name] = s
			continue
		}
		inner := attributes(v)
		if inner == nil {
			continue
		}
		known, ok := r[inner]
		if !ok && depth > 0 {
			known = r.members(inner, depth-1)
		}
		if known != nil {
			m[name] = known
		}
	}
	r[d] = m
	return m
}
