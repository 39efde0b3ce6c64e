package nn

import "slices"

// A Selection is the rows of the last layer that are wanted. The last layer computes
// no others.
type Selection struct {
	some bool
	rows []int
}

// All selects every row.
func All() Selection { return Selection{} }

// Only selects the given rows of a batch, in rising order.
func Only(rows ...int) Selection { return Selection{some: true, rows: rows} }

// count is the number of rows selected of n.
func (s Selection) count(n int) int {
	if s.some {
		return len(s.rows)
	}
	return n
}

// between returns the places first … end-1, among the selected rows, of those that
// lie in lo … hi-1.
func (s Selection) between(lo, hi int) (first, end int) {
	if !s.some {
		return lo, hi
	}
	first, _ = slices.BinarySearch(s.rows, lo)
	end, _ = slices.BinarySearch(s.rows, hi)
	return first, end
}
