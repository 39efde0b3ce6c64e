package train

import "math/rand/v2"

// split chooses the examples that are held out, about so large a share, at random but so
// that every label stays among the others. It returns the examples' indexes, first those
// that a head is fitted on and then those held out, each in order, and the number of the
// first. labels are those of each example.
func (o *options) split(labels [][]string) (order []int, fitted int) {
	n := len(labels)
	left := map[string]int{}
	for _, all := range labels {
		for _, l := range all {
			left[l]++
		}
	}
	want := int(*o.heldOut * float64(n))
	held := make([]bool, n)
	for _, i := range rand.New(rand.NewPCG(o.seed, 1)).Perm(n) {
		if want == 0 {
			break
		}
		own := map[string]int{}
		for _, l := range labels[i] {
			own[l]++
		}
		last := false // whether it holds the last of a label
		for l, k := range own {
			last = last || left[l] <= k
		}
		if last {
			continue
		}
		for l, k := range own {
			left[l] -= k
		}
		held[i] = true
		want--
	}
	for i := range n {
		if !held[i] {
			order = append(order, i)
		}
	}
	fitted = len(order)
	for i := range n {
		if held[i] {
			order = append(order, i)
		}
	}
	return order, fitted
}
