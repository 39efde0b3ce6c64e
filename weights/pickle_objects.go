package weights

import (
	"fmt"
)

// object reads the opcodes that name globals and make objects of them.
func (u *unpickler) object(op byte) error {
	switch op {
	case 'c', 'i':
		module, err := u.line()
		if err != nil {
			return err
		}
		name, err := u.line()
		if err != nil {
			return err
		}
		g, err := allowed(module, name)
		if err != nil {
			return err
		}
		if op == 'c' {
			u.push(g)
			return nil
		}
		args, err := u.popMark()
		if err != nil {
			return err
		}
		return u.construct(g, args, op)
	case 0x93: // STACK_GLOBAL
		names, err := u.popN(2)
		if err != nil {
			return err
		}
		module, ok1 := names[0].(string)
		name, ok2 := names[1].(string)
		if !ok1 || !ok2 {
			return fmt.Errorf("%w: pickle names a global with %T and %T", ErrCorrupt, names[0], names[1])
		}
		g, err := allowed(module, name)
		if err != nil {
			return err
		}
		u.push(g)
		return nil
	case 'o':
		items, err := u.popMark()
		if err != nil {
			return err
		}
		if len(items) == 0 {
			return errStack
		}
		return u.construct(items[0], items[1:], op)
	case 'b': // BUILD
		state, err := u.pop()
		if err != nil {
			return err
		}
		target, err := u.top()
		if err != nil {
			return err
		}
		switch t := target.(type) {
		case *pyObject:
			if t.state == nil {
				t.state = state
			}
		case *pyDict, *pyTensor, *pyList, *pySet: // attributes that nothing here reads
		default:
			return fmt.Errorf("%w: pickle sets the state of %s", ErrForbidden, describe(target))
		}
		return nil
	}
	n := 2
	if op == 0x92 { // NEWOBJ_EX
		n = 3
	}
	items, err := u.popN(n)
	if err != nil {
		return err
	}
	args, ok := items[1].(pyTuple)
	if !ok {
		return fmt.Errorf("%w: pickle calls with %T for arguments", ErrCorrupt, items[1])
	}
	return u.construct(items[0], args, op)
}

// construct pushes what calling a global would return in Python. Nothing is called.
// Of an opaque class an opcode that makes an instance without calling the class gives a
// record, and a call only where the result is a member of an enum.
func (u *unpickler) construct(callee any, args []any, op byte) error {
	g, ok := callee.(pyGlobal)
	if !ok {
		return fmt.Errorf("%w: pickle calls %s", ErrCorrupt, describe(callee))
	}
	isNew := op == 0x81 || op == 0x92 // NEWOBJ, NEWOBJ_EX
	if g.opaque && !isNew && !(op == 'R' && isMember(args)) {
		return forbidden(g)
	}
	cost, item := int64(madeCost), int64(slotCost)
	if g.name == "OrderedDict" || g.name == "dict" {
		item = pairCost
	}
	for _, a := range args { // what the call may copy
		cost += item * int64(len(sequenceItems(a)))
		if s, ok := a.(string); ok {
			cost += int64(len(s))
		}
	}
	if err := u.spend(1, cost); err != nil {
		return err
	}
	v, err := call(g, args)
	if err != nil {
		return err
	}
	u.push(v)
	return nil
}
