package datasets

import (
	"slices"
	"strings"
)

// names are what models call the labels 0 and 1 of GLUE's tasks, as the hub's copies of
// the files name them.
var names = map[Task][2][]string{
	CoLA: {{"unacceptable"}, {"acceptable"}},
	SST2: {{"negative", "neg"}, {"positive", "pos"}},
	MRPC: {{"not_equivalent", "not_paraphrase"}, {"equivalent", "paraphrase"}},
	QQP:  {{"not_duplicate"}, {"duplicate"}},
	WNLI: {{"not_entailment"}, {"entailment"}},
}

// Label finds a task's label by the name that a model has for it: the label itself, what it
// stands for (positive is the 1 of SST-2), or for labels that are numbers LABEL_0 and
// LABEL_1. Case does not matter, nor whether words are joined by _, - or a space.
func (t Task) Label(name string) (label string, ok bool) {
	plain := strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToLower(name))
	labels := layouts[t].labels
	if slices.Contains(labels, plain) {
		return plain, true
	}
	numbered, isNumber := strings.CutPrefix(plain, "label_")
	own, zeroAndOne := names[t]
	for k, label := range labels {
		if zeroAndOne && (slices.Contains(own[k], plain) || isNumber && numbered == label) {
			return label, true
		}
	}
	return "", false
}
