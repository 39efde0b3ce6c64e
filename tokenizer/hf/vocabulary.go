package hf

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// maxID is the largest id that a vocabulary may have.
const maxID = math.MaxInt32 - 1

// A vocabulary holds the tokens of a model, under the names that the file gives them.
// It does not change once built.
type vocabulary struct {
	names []string // in the order of the file
	ids   []int32
	index map[string]int32 // from the name to the place in names
	byID  idTable
}

// newVocabulary builds a vocabulary. The file and section are for errors.
func newVocabulary(names []string, ids []int32, file, section string) (*vocabulary, error) {
	v := &vocabulary{names: names, ids: ids, index: make(map[string]int32, len(names))}
	for i, name := range names {
		v.index[name] = int32(i)
		if len(v.index) != i+1 {
			return nil, &Error{file, section, name, ErrDuplicate}
		}
	}
	v.byID = newIDTable(ids)
	for i, id := range ids {
		if other := v.byID.get(int(id)); other >= 0 {
			return nil, &Error{file, section, names[i], fmt.Errorf("%w id %d, which %.100q has", ErrDuplicate, id, names[other])}
		}
		v.byID.set(int(id), int32(i))
	}
	return v, nil
}

// id returns the id of the token of this name.
func (v *vocabulary) id(name string) (int, bool) {
	i, ok := v.index[name]
	if !ok {
		return -1, false
	}
	return int(v.ids[i]), true
}

// name returns the name of the token with this id.
func (v *vocabulary) name(id int) (string, bool) {
	i := v.byID.get(id)
	if i < 0 {
		return "", false
	}
	return v.names[i], true
}

// order returns the places of the tokens in the order of their ids.
func (v *vocabulary) order() []int {
	order := make([]int, len(v.names))
	for i := range order {
		order[i] = i
	}
	byID := func(a, b int) int { return cmp.Compare(v.ids[a], v.ids[b]) }
	if !slices.IsSortedFunc(order, byID) {
		slices.SortFunc(order, byID)
	}
	return order
}

// An idTable maps ids to small numbers. Where ids are dense it is a slice, and
// where a few of them claim a huge range it is a map, so that its size goes by
// their number and not by what they say.
type idTable struct {
	dense  []int32 // the number plus one; 0: none
	sparse map[int]int32
}

func newIDTable(ids []int32) idTable {
	top := -1
	for _, id := range ids {
		top = max(top, int(id))
	}
	if top < 4*len(ids)+1<<12 {
		return idTable{dense: make([]int32, top+1)}
	}
	return idTable{sparse: make(map[int]int32, len(ids))}
}

// get returns the number of id, or -1.
func (t *idTable) get(id int) int {
	if uint(id) < uint(len(t.dense)) {
		return int(t.dense[id]) - 1
	}
	return int(t.sparse[id]) - 1
}

// set records the number of an id that was among those given to newIDTable.
func (t *idTable) set(id int, number int32) {
	if id < len(t.dense) {
		t.dense[id] = number + 1
	} else {
		t.sparse[id] = number + 1
	}
}

// An interner collects strings in one allocation.
type interner struct {
	text []byte
	ends []int
}

func (n *interner) add(s []byte) {
	n.text = append(n.text, s...)
	n.ends = append(n.ends, len(n.text))
}

func (n *interner) strings() []string {
	text := string(n.text)
	out := make([]string, len(n.ends))
	from := 0
	for i, end := range n.ends {
		out[i] = text[from:end]
		from = end
	}
	return out
}

// tokenIDs reads an object of tokens and their ids, such as vocab.json.
func (r *reader) tokenIDs() (names []string, ids []int32) {
	all := interner{text: make([]byte, 0, len(r.text)/2)}
	r.expect('{')
	if r.err == nil && r.accept('}') {
		return nil, nil
	}
	for r.err == nil {
		all.add(r.bytes())
		r.expect(':')
		ids = append(ids, int32(r.integer(maxID)))
		if r.err == nil && r.accept('}') {
			break
		}
		r.expect(',')
	}
	if r.err != nil {
		return nil, nil
	}
	return all.strings(), ids
}

// A rule is a merge: what is on its left and what on its right.
type rule struct{ left, right string }

// rules reads the merges of tokenizer.json: strings "left right", or pairs.
func (r *reader) rules() (rules []rule) {
	all := interner{text: make([]byte, 0, len(r.text)/2)}
	pairs := false
	r.array(func(i int) {
		if isPair := r.peek() == '['; i == 0 {
			pairs = isPair
		} else if isPair != pairs {
			r.fail("merges are strings and pairs in one list")
			return
		}
		if !pairs {
			b := r.bytes()
			if bytes.HasPrefix(b, []byte("#version")) {
				return
			}
			left, right, ok := bytes.Cut(b, []byte(" "))
			if !ok || bytes.IndexByte(right, ' ') >= 0 {
				r.fail("merge %.100q, want two tokens and a space between", b)
				return
			}
			all.add(left)
			all.add(right)
			return
		}
		n := 0
		r.array(func(int) {
			all.add(r.bytes())
			n++
		})
		if n != 2 {
			r.fail("a merge of %d tokens, want 2", n)
		}
	})
	if r.err != nil {
		return nil
	}
	names := all.strings()
	rules = make([]rule, len(names)/2)
	for i := range rules {
		rules[i] = rule{names[2*i], names[2*i+1]}
	}
	return rules
}

// parseMerges reads merges.txt: the merges by rank, each a line "left right". Lines
// that begin with "#version" do not count, nor do empty ones.
func parseMerges(data []byte, file string) ([]rule, error) {
	var rules []rule
	text := strings.TrimPrefix(string(data), "\uFEFF")
	for line := 1; text != ""; line++ {
		var s string
		s, text, _ = strings.Cut(text, "\n")
		s = strings.TrimSuffix(s, "\r")
		if s == "" || strings.HasPrefix(s, "#version") {
			continue
		}
		left, right, ok := strings.Cut(s, " ")
		if !ok || left == "" || right == "" || strings.Contains(right, " ") {
			return nil, &Error{file, fmt.Sprintf("line %d", line), "", formatError("%.100q, want two tokens and a space between", s)}
		}
		rules = append(rules, rule{left, right})
	}
	return rules, nil
}

// A merge is a rule whose tokens are places in the vocabulary.
type merge struct{ left, right, made int32 }

// resolve finds the tokens of merges. The part of a right token that prefix is, if
// it has any, is not part of what the merge makes.
func (v *vocabulary) resolve(rules []rule, prefix int, file, section, vocabFile string) ([]merge, error) {
	merges := make([]merge, len(rules))
	var made []byte
	for rank, rule := range rules {
		fail := func(name, why string) ([]merge, error) {
			return nil, &Error{file, section, name, fmt.Errorf("%w: %s, but %s lacks it", ErrUnknownToken, why, vocabFile)}
		}
		m := &merges[rank]
		var ok bool
		if m.left, ok = v.index[rule.left]; !ok {
			return fail(rule.left, fmt.Sprintf("merge %d needs it", rank))
		}
		if m.right, ok = v.index[rule.right]; !ok {
			return fail(rule.right, fmt.Sprintf("merge %d needs it", rank))
		}
		if prefix > len(rule.right) {
			return nil, &Error{file, section, rule.right, formatError("it is shorter than the prefix of continuing subwords")}
		}
		made = append(append(made[:0], rule.left...), rule.right[prefix:]...)
		if m.made, ok = v.index[string(made)]; !ok {
			return fail(string(made), fmt.Sprintf("merge %d makes it", rank))
		}
	}
	return merges, nil
}

// inOrder reports whether merging every occurrence of the lowest rank at once, as
// GPT-2 does, gives what the tokenizers library makes of one occurrence after the
// other. That is so unless what a merge makes is part of a merge of lower rank, which
// the library then does at once.
func inOrder(merges []merge, tokens int) bool {
	first := make([]int32, tokens) // the lowest rank that uses the token, plus one
	for rank, m := range slices.Backward(merges) {
		first[m.left] = int32(rank) + 1
		first[m.right] = int32(rank) + 1
	}
	for rank, m := range merges {
		if f := first[m.made]; f != 0 && int(f)-1 <= rank {
			return false
		}
	}
	return true
}
