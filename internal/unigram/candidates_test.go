package unigram

import (
	"slices"
	"testing"
)

// TestCandidates lists what the search looks at, and finds its tokens among them.
func TestCandidates(t *testing.T) {
	m, err := New([]Piece[float64]{{"a", 1, -1}, {"ab", 2, -1.5}, {"b", 3, -1}, {"é", 4, -2}, {"abc", 5, -9}}, Options[float64]{Unknown: 0, UnknownScore: -11, Join: true})
	if err != nil {
		t.Fatal(err)
	}
	const text = "abé☃☃a"
	got := slices.Collect(m.Candidates(text))
	want := []Candidate[float64]{
		{0, 1, 1, true, -1}, {0, 2, 2, true, -1.5}, {1, 2, 3, true, -1}, {2, 4, 4, true, -2}, {4, 7, 0, false, -11}, {7, 10, 0, false, -11}, {10, 11, 1, true, -1},
	}
	if !slices.Equal(got, want) {
		t.Errorf("candidates %v, want %v", got, want)
	}
	var ends []int
	for _, x := range m.Append(nil, text) {
		ends = append(ends, x.End)
	}
	if path := Path(got, ends); !slices.Equal(path, []int{1, 3, 4, 5, 6}) {
		t.Errorf("path %v of tokens that end at %v", path, ends)
	}
	for range m.Candidates(text) { // may be left
		break
	}
	if n := len(slices.Collect(m.Candidates("\xff\xe2"))); n != 1 { // the first says that it has four
		t.Errorf("%d candidates of bytes that are no characters", n)
	}
}
