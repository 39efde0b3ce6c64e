package weights

import (
	"fmt"
)

// empty makes a container.
func (u *unpickler) empty(op byte) error {
	switch op {
	case ']':
		u.push(&pyList{})
	case ')':
		u.push(pyTuple{})
	case '}':
		u.push(newDict())
	default:
		u.push(&pySet{})
	}
	return u.spend(dictCost, 1)
}

// fill adds to the list, dict or set that is below on the stack.
func (u *unpickler) fill(op byte) error {
	var items []any
	var err error
	switch op {
	case 'a':
		items, err = u.popN(1)
	case 's':
		items, err = u.popN(2)
	default:
		items, err = u.popMark()
	}
	if err != nil {
		return err
	}
	target, err := u.top()
	if err != nil {
		return err
	}
	if err := u.spend(pairCost/2, int64(len(items))); err != nil {
		return err
	}
	switch op {
	case 's', 'u':
		d := dictOf(target)
		if d == nil || len(items)%2 != 0 {
			return fmt.Errorf("%w: pickle sets items of %s", ErrCorrupt, describe(target))
		}
		for i := 0; i < len(items); i += 2 {
			d.set(items[i], items[i+1])
		}
	default:
		switch t := target.(type) {
		case *pyList:
			t.items = append(t.items, items...)
		case *pySet:
			t.items = append(t.items, items...)
		case *pyObject: // a subclass of list
			l, ok := t.state.(*pyList)
			if !ok && t.state != nil {
				return fmt.Errorf("%w: pickle appends to %s", ErrCorrupt, describe(t))
			}
			if l == nil {
				l = &pyList{}
				t.state = l
			}
			l.items = append(l.items, items...)
		default:
			return fmt.Errorf("%w: pickle appends to %s", ErrCorrupt, describe(target))
		}
	}
	return nil
}

// collect builds a list, tuple, dict or frozenset from the stack.
func (u *unpickler) collect(op byte) error {
	var items []any
	var err error
	switch op {
	case 0x85, 0x86, 0x87:
		items, err = u.popN(int(op) - 0x84)
	default:
		items, err = u.popMark()
	}
	if err != nil {
		return err
	}
	item := int64(slotCost)
	if op == 'd' {
		item = pairCost / 2
	}
	if err := u.spend(item, int64(len(items))+2); err != nil {
		return err
	}
	switch op {
	case 'l':
		u.push(&pyList{items})
	case 0x91:
		u.push(&pySet{items})
	case 'd':
		if len(items)%2 != 0 {
			return fmt.Errorf("%w: pickle has a dict with a key and no value", ErrCorrupt)
		}
		d := newDict()
		for i := 0; i < len(items); i += 2 {
			d.set(items[i], items[i+1])
		}
		u.push(d)
	default:
		u.push(pyTuple(items))
	}
	return nil
}
