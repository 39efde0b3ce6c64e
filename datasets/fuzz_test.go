package datasets_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/datasets"
)

// FuzzCoNLL holds that sentences written as a file again are read as the same sentences,
// and that every word stands at the beginning of its line.
func FuzzCoNLL(f *testing.F) {
	f.Add("-DOCSTART- -X- O O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\r\n\n\nJosé\tB-PER\n. O")
	f.Add("\ufeffa  b\t\tc \n \t\nword\n")
	f.Add("\u00a0 O\n\u2028 O\n\n-DOCSTART-x O\na O")
	f.Fuzz(func(t *testing.T, text string) {
		read := func(text string) (all []datasets.Sentence, err error) {
			for s, err := range datasets.CoNLL("f", strings.NewReader(text)) {
				if err != nil {
					return all, err
				}
				all = append(all, s)
			}
			return all, nil
		}
		all, _ := read(text)
		lines := strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n")
		var again strings.Builder
		for _, s := range all {
			if len(s.Words) == 0 || len(s.Words) != len(s.Labels) {
				t.Fatalf("%d words, %d labels", len(s.Words), len(s.Labels))
			}
			for i, w := range s.Words {
				line := strings.Trim(lines[s.Line-1+i], " \t\r")
				if w == "" || !strings.HasPrefix(line, w) || !strings.HasSuffix(line, s.Labels[i]) {
					t.Errorf("line %d is %q, read as %q %q", s.Line+i, line, w, s.Labels[i])
				}
				fmt.Fprintf(&again, "%s x %s\n", w, s.Labels[i])
			}
			again.WriteString("\n")
		}
		twice, err := read(again.String())
		if err != nil || len(twice) != len(all) {
			t.Fatalf("%d sentences, read again %d, %v", len(all), len(twice), err)
		}
		for i := range all {
			all[i].Line, twice[i].Line = 0, 0
		}
		if !reflect.DeepEqual(all, twice) {
			t.Errorf("%+v, read again %+v", all, twice)
		}
	})
}

// FuzzSQuAD holds that questions written as a file again are read as the same questions.
func FuzzSQuAD(f *testing.F) {
	f.Add(`{"data":[{"paragraphs":[{"context":"Go is from 2009.","qas":[{"id":"1","question":"When?","answers":[{"text":"2009"}]},{"id":"2","question":"Where?","answers":[],"is_impossible":true}]}]}]}`)
	f.Add(`{"data":[{"paragraphs":[{"context":"","qas":[{"id":"","question":"","answers":null}]}]}]}`)
	f.Add(`[]`)
	f.Fuzz(func(t *testing.T, text string) {
		all, err := datasets.SQuAD("f", strings.NewReader(text))
		if err != nil {
			if len(err.Error()) > 600 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		var paragraphs []any
		for _, q := range all {
			answers := []any{}
			for _, a := range q.Answers {
				answers = append(answers, map[string]any{"text": a})
			}
			paragraphs = append(paragraphs, map[string]any{"context": q.Context, "qas": []any{map[string]any{"id": q.ID, "question": q.Question, "answers": answers}}})
		}
		again, err := json.Marshal(map[string]any{"data": []any{map[string]any{"paragraphs": paragraphs}}})
		if err != nil {
			t.Fatal(err)
		}
		twice, err := datasets.SQuAD("again", strings.NewReader(string(again)))
		if err != nil || !reflect.DeepEqual(all, twice) {
			t.Errorf("%+v, read again %+v, %v", all, twice, err)
		}
	})
}
