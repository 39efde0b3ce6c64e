package metrics

import (
	"errors"
	"fmt"
	"strings"
)

// An Entity is a stretch of words of one type.
type Entity struct {
	Type        string
	First, Last int // words, from 0
}

// ErrLabel is returned for a label that a scheme does not have.
var ErrLabel = errors.New("metrics: label outside the scheme")

// outside is the label of what is no entity.
const outside = "O"

// split cuts a label into its prefix and its type. A label without a prefix is inside an
// entity of that type.
func split(label string) (prefix byte, kind string) {
	switch {
	case label == outside || label == "":
		return 'O', "_"
	case len(label) == 1 && strings.Contains("BIESLU", label):
		return label[0], "_"
	case len(label) > 1 && label[1] == '-' && strings.Contains("BIESLUO", label[:1]):
		if label[2:] == "" {
			return label[0], "_"
		}
		return label[0], label[2:]
	}
	return 'I', label
}

// Entities finds the entities of a sentence's labels by the lenient reading of CoNLL's
// conlleval, which is seqeval's default: I-PER begins an entity where none of the type
// is open, B-PER always begins one, and E- and S- end one.
//
// seqeval takes the first letter of any label for a prefix: a label PER is ER to it,
// and ORG is O. Here a label without prefix is an entity's inside, as in package
// pipeline, so PER PER is one entity of type PER.
func Entities(labels []string) []Entity {
	var found []Entity
	begin, before, last := 0, byte('O'), "_"
	for i := 0; i <= len(labels); i++ {
		prefix, kind := byte('O'), "_"
		if i < len(labels) {
			prefix, kind = split(labels[i])
		}
		if ends(before, prefix) || before != 'O' && last != kind {
			found = append(found, Entity{last, begin, i - 1})
		}
		if begins(before, prefix) || prefix != 'O' && last != kind {
			begin = i
		}
		before, last = prefix, kind
	}
	return found
}

// ends says whether an entity ends between two labels of one type, as seqeval's
// end_of_chunk does.
func ends(before, prefix byte) bool {
	switch before {
	case 'E', 'S':
		return true
	case 'B', 'I':
		return prefix == 'B' || prefix == 'S' || prefix == 'O'
	}
	return false
}

// begins says whether an entity begins between two labels of one type, as seqeval's
// start_of_chunk does.
func begins(before, prefix byte) bool {
	switch prefix {
	case 'B', 'S':
		return true
	case 'E', 'I':
		return before == 'O' || before == 'S' || before == 'E'
	}
	return false
}

// A Scheme says how labels write entities.
type Scheme string

// The schemes, by seqeval's names.
const (
	IOB1  Scheme = "IOB1"  // I- inside; B- only where an entity follows another of its type
	IOB2  Scheme = "IOB2"  // B- begins every entity, I- goes on; also called BIO
	IOE2  Scheme = "IOE2"  // E- ends every entity, I- comes before it
	IOBES Scheme = "IOBES" // B- begins, E- ends, S- is an entity of one word
	BILOU Scheme = "BILOU" // B- begins, L- ends, U- is an entity of one word
)

// A transition is what may stand between two labels: their prefixes ('*' is any), and
// whether their types are equal ('='), differ ('!'), or do not matter (' ').
type transition [3]byte

// schemes holds each scheme's prefixes, and what begins, continues and ends an entity
// (seqeval/scheme.py).
var schemes = map[Scheme]struct {
	prefixes             string
	begin, inside, ended []transition
}{
	IOB1: {"IOB", []transition{{'O', 'I', ' '}, {'I', 'I', '!'}, {'B', 'I', ' '}, {'I', 'B', '='}, {'B', 'B', '='}},
		[]transition{{'B', 'I', '='}, {'I', 'I', '='}},
		[]transition{{'I', 'I', '!'}, {'I', 'O', ' '}, {'I', 'B', ' '}, {'B', 'O', ' '}, {'B', 'I', '!'}, {'B', 'B', '='}}},
	IOB2: {"IOB", []transition{{'*', 'B', ' '}},
		[]transition{{'B', 'I', '='}, {'I', 'I', '='}},
		[]transition{{'I', 'O', ' '}, {'I', 'I', '!'}, {'I', 'B', ' '}, {'B', 'O', ' '}, {'B', 'I', '!'}, {'B', 'B', ' '}}},
	IOE2: {"IOE", []transition{{'O', 'I', ' '}, {'O', 'E', ' '}, {'E', 'I', ' '}, {'E', 'E', ' '}, {'I', 'I', '!'}, {'I', 'E', '!'}},
		[]transition{{'I', 'E', '='}, {'I', 'I', '='}},
		[]transition{{'E', '*', ' '}}},
	IOBES: {"IOBES", []transition{{'*', 'B', ' '}, {'*', 'S', ' '}},
		[]transition{{'B', 'I', '='}, {'B', 'E', '='}, {'I', 'I', '='}, {'I', 'E', '='}},
		[]transition{{'S', '*', ' '}, {'E', '*', ' '}}},
	BILOU: {"BILOU", []transition{{'*', 'B', ' '}, {'*', 'U', ' '}},
		[]transition{{'B', 'I', '='}, {'B', 'L', '='}, {'I', 'I', '='}, {'I', 'L', '='}},
		[]transition{{'U', '*', ' '}, {'L', '*', ' '}}},
}

// StrictEntities finds the entities that a scheme allows, as seqeval's mode="strict"
// does: what does not begin or end as the scheme wants it is none. The error is ErrLabel,
// with the label, for one that the scheme does not have.
func StrictEntities(labels []string, s Scheme) ([]Entity, error) {
	scheme, ok := schemes[s]
	if !ok {
		return nil, fmt.Errorf("%w: no scheme %.100q", ErrLabel, string(s))
	}
	type token struct {
		prefix byte
		kind   string
	}
	tokens := make([]token, len(labels)+1)
	for i, label := range labels {
		tokens[i].prefix, tokens[i].kind = split(label)
		if !strings.Contains(scheme.prefixes, string(tokens[i].prefix)) || tokens[i].prefix == 'I' && tokens[i].kind == label {
			return nil, fmt.Errorf("%w %s: %.100q", ErrLabel, s, label)
		}
	}
	tokens[len(labels)] = token{'O', "_"}
	matches := func(list []transition, a, b token) bool {
		for _, t := range list {
			if (t[0] == '*' || t[0] == a.prefix) && (t[1] == '*' || t[1] == b.prefix) && (t[2] == ' ' || (t[2] == '=') == (a.kind == b.kind)) {
				return true
			}
		}
		return false
	}
	var found []Entity
	before := token{'O', "_"}
	for i := 0; i < len(tokens); {
		if !matches(scheme.begin, before, tokens[i]) {
			before = tokens[i]
			i++
			continue
		}
		end := i + 1
		for end < len(tokens) && matches(scheme.inside, tokens[end-1], tokens[end]) {
			end++
		}
		if matches(scheme.ended, tokens[end-1], tokens[end]) {
			found = append(found, Entity{tokens[i].kind, i, end - 1})
		}
		before, i = tokens[end-1], end
	}
	return found, nil
}
