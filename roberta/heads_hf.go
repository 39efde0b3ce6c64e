package roberta

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/goroberta/goroberta/weights"
)

// Names of Hugging Face's heads, which have none. A classifier is named by
// finetuning_task, if config.json has that; the name of the first is fairseq's, of the
// task sentence_prediction.
const (
	defaultHead = "sentence_classification_head"
	tokenHead   = "token_classification_head"
	spanHead    = "question_answering_head"
	choiceHead  = "multiple_choice_head"
)

// isHFHead recognises the tensors of Hugging Face's heads.
func isHFHead(name string) bool {
	switch name {
	case "classifier.dense.weight", "classifier.dense.bias", "classifier.out_proj.weight", "classifier.out_proj.bias",
		"classifier.weight", "classifier.bias", "qa_outputs.weight", "qa_outputs.bias":
		return true
	}
	return false
}

// huggingFaceHeads gives the tensors of heads fairseq's names, and returns those that
// have no place.
func (c *checkpoint) huggingFaceHeads(ts map[string]*weights.Tensor, conf map[string]any) (left []string) {
	class := ""
	if a := modelClasses(conf); len(a) > 0 {
		class = a[0]
	}
	c.headSettings = map[string]headSettings{}
	task, _ := conf["finetuning_task"].(string)
	if strings.Contains(task, ".") {
		task = ""
	}
	add := func(name string, s headSettings, parts map[string]string) string {
		if task != "" && !c.hasHead(task) {
			name = task
		}
		for from, to := range parts {
			c.headNames[headPrefix+name+"."+to] = from
			if t := ts[from]; t != nil {
				c.tensors[headPrefix+name+"."+to] = t
				delete(ts, from)
			}
		}
		c.headSettings[name] = s
		return name
	}
	outputs := func(name string) int {
		if t := ts[name]; t != nil && len(t.Shape) == 2 {
			return t.Shape[0]
		}
		return 0
	}
	switch {
	case ts["classifier.out_proj.weight"] != nil || ts["classifier.dense.weight"] != nil:
		// RobertaClassificationHead: dense, tanh, out_proj on <s>.
		s := headSettings{Function: c.function(conf, outputs("classifier.out_proj.weight"))}
		name := add(defaultHead, s, map[string]string{
			"classifier.dense.weight": "dense.weight", "classifier.dense.bias": "dense.bias",
			"classifier.out_proj.weight": "out_proj.weight", "classifier.out_proj.bias": "out_proj.bias",
		})
		c.classNames(conf, name)
	case ts["classifier.weight"] != nil:
		parts := map[string]string{"classifier.weight": "out_proj.weight", "classifier.bias": "out_proj.bias"}
		choices := strings.HasSuffix(class, "ForMultipleChoice")
		switch {
		case strings.HasSuffix(class, "ForSequenceClassification"), choices && !c.has(pooler+".weight"):
			// Its class has other tensors, too: transformers would draw these at random.
		case choices || class == "" && outputs("classifier.weight") == 1 && c.has(pooler+".weight"):
			if !choices {
				c.note("config.json names no class; the classifier of one output is taken for one of multiple choice")
			}
			name := add(choiceHead, headSettings{Reads: ReadsChoices}, parts)
			// RobertaForMultipleChoice: classifier(tanh(pooler.dense)) on <s>.
			for _, kind := range []string{".weight", ".bias"} {
				if t := c.tensors[pooler+kind]; t != nil {
					c.tensors[headPrefix+name+".dense"+kind] = t
				}
			}
		default:
			name := add(tokenHead, headSettings{Reads: ReadsTokens}, parts)
			c.classNames(conf, name)
		}
	}
	if ts["qa_outputs.weight"] != nil {
		add(spanHead, headSettings{Reads: ReadsSpans}, map[string]string{"qa_outputs.weight": "out_proj.weight", "qa_outputs.bias": "out_proj.bias"})
	}
	for _, t := range ts {
		left = append(left, short(t.Name))
	}
	return left
}

func (c *checkpoint) hasHead(name string) bool {
	_, ok := c.headSettings[name]
	return ok
}

// function is what makes scores of the logits of a head with so many classes, as
// transformers' text-classification pipeline and sentence-transformers' CrossEncoder have
// it.
func (c *checkpoint) function(conf map[string]any, classes int) Function {
	f := Softmax
	if classes == 1 {
		f = Sigmoid
	}
	switch problem, _ := conf["problem_type"].(string); problem {
	case "":
	case "regression":
		f = Identity
	case "multi_label_classification":
		f = Sigmoid
	case "single_label_classification":
		f = Softmax
		if classes == 1 {
			f = Sigmoid // as the pipeline has it: one class of one says nothing
		}
	default:
		c.note("config.json has the unknown problem_type %s", quote(problem))
	}
	path, _ := conf["sbert_ce_default_activation_function"].(string)
	if st, ok := conf["sentence_transformers"].(map[string]any); ok {
		if s, ok := st["activation_fn"].(string); ok {
			path = s
		}
	}
	switch name := path[strings.LastIndexByte(path, '.')+1:]; {
	case path == "":
	case name == "Sigmoid":
		f = Sigmoid
	case name == "Identity":
		// Of several classes it means that sentence-transformers leaves the softmax to the
		// caller, which the pipeline does not.
		if classes == 1 {
			f = Identity
		}
	default:
		c.note("config.json names the function %s for scores, which is not applied: the logits are as the head gives them", quote(path))
	}
	return f
}

// classNames reads the names of a head's classes.
func (c *checkpoint) classNames(conf map[string]any, head string) {
	names, ok := id2label(conf["id2label"])
	if !ok {
		c.note("id2label of config.json holds no names by number and is left out")
	}
	if names == nil {
		names = label2id(conf["label2id"])
	}
	if names != nil {
		c.labels, c.labelsFrom, c.labelsHead = names, c.file.FileName("config.json"), head
	}
}

// id2label reads names in the order of their numbers; nil if there are none but
// transformers' defaults, LABEL_0 and so on. ok is false for what has no such names.
func id2label(v any) (names []string, ok bool) {
	text := func(v any) bool {
		s, ok := jsonText(v)
		names = append(names, s)
		return ok
	}
	switch v := v.(type) {
	case nil:
		return nil, true
	case []any:
		for _, x := range v {
			if !text(x) {
				return nil, false
			}
		}
	case map[string]any:
		for i := range len(v) {
			x, found := v[strconv.Itoa(i)]
			if !found || !text(x) {
				return nil, false
			}
		}
	default:
		return nil, false
	}
	return ownNames(names), true
}

// label2id is the inverse of id2label; nil without names for numbers from 0 on.
func label2id(v any) []string {
	m, _ := v.(map[string]any)
	names := make([]string, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		n, _ := m[name].(json.Number)
		i, err := strconv.Atoi(n.String())
		if err != nil || i < 0 || i >= len(names) || names[i] != "" {
			return nil
		}
		names[i] = name
	}
	return ownNames(names)
}

// ownNames is names, or nil if all are transformers' defaults.
func ownNames(names []string) []string {
	for i, name := range names {
		if name != fmt.Sprintf("LABEL_%d", i) {
			return names
		}
	}
	return nil
}

// jsonText is a value of a config.json as a name: a string itself, a number or a truth
// value as JSON writes it; ok is false for others.
func jsonText(v any) (_ string, ok bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return fmt.Sprint(v), true
	}
	return "", false
}
