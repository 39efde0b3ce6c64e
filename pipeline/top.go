package pipeline

import "slices"

// A top keeps the best of any number of things, in memory for a few times as many as are
// wanted.
type top[T any] struct {
	k     int              // how many; 0: all
	order func(a, b T) int // below 0 if a is better; a total order
	key   func(x T) string // of things with equal keys only the best counts; nil: all differ
	kept  []T
	floor *T // the k-th best so far
}

// wants says whether x may be among the best.
func (t *top[T]) wants(x T) bool { return t.floor == nil || t.order(x, *t.floor) < 0 }

func (t *top[T]) add(x T) {
	if !t.wants(x) {
		return
	}
	t.kept = append(t.kept, x)
	if t.k > 0 && len(t.kept)/4-16 >= t.k {
		t.tidy()
	}
}

// tidy sorts what is kept and drops what is not among the best.
func (t *top[T]) tidy() {
	slices.SortFunc(t.kept, t.order)
	if t.key != nil {
		seen := make(map[string]bool, len(t.kept))
		t.kept = slices.DeleteFunc(t.kept, func(x T) bool {
			k := t.key(x)
			was := seen[k]
			seen[k] = true
			return was
		})
	}
	if t.k > 0 && len(t.kept) >= t.k {
		clear(t.kept[t.k:])
		t.kept = t.kept[:t.k]
		floor := t.kept[t.k-1]
		t.floor = &floor
	}
}

// best returns what was kept, the best first.
func (t *top[T]) best() []T {
	t.tidy()
	return t.kept
}
