package datasets_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/datasets"
)

type golden struct {
	Files map[string]string
	Tasks []struct {
		Task, File           string
		Sentence1, Sentence2 []string
		Labels               []any
	}
}

func readGolden(t testing.TB) *golden {
	t.Helper()
	file, err := os.Open("testdata/glue.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	g := new(golden)
	if err := json.NewDecoder(z).Decode(g); err != nil {
		t.Fatal(err)
	}
	return g
}

// read reads all examples of a file.
func read(name, text string, task datasets.Task) (all []datasets.GLUEExample, skipped []int, err error) {
	for e, err := range datasets.GLUE(name, strings.NewReader(text), task, func(line int) { skipped = append(skipped, line) }) {
		if err != nil {
			return all, skipped, err
		}
		all = append(all, e)
	}
	return all, skipped, nil
}

func task(name string) datasets.Task {
	name, _, _ = strings.Cut(strings.ToLower(name), "-mm")
	return datasets.Task(name)
}

func TestGLUE(t *testing.T) {
	g := readGolden(t)
	tasks := slices.Clone(g.Tasks)
	for _, x := range g.Tasks {
		switch x.Task {
		case "MRPC":
			x.File = "MRPC/bom_crlf.tsv"
			tasks = append(tasks, x)
		case "QQP":
			x.File = "QQP/broken.tsv"
			x.Sentence1 = []string{x.Sentence1[0], x.Sentence1[2]}
			x.Sentence2 = []string{x.Sentence2[0], x.Sentence2[2]}
			x.Labels = []any{x.Labels[0], x.Labels[2]}
			tasks = append(tasks, x)
		}
	}
	for _, want := range tasks {
		t.Run(want.File, func(t *testing.T) {
			got, skipped, err := read(want.File, g.Files[want.File], task(want.Task))
			if err != nil {
				t.Fatal(err)
			}
			if broken := want.File == "QQP/broken.tsv"; broken != slices.Equal(skipped, []int{3, 4}) {
				t.Errorf("skipped lines %v", skipped)
			}
			if len(got) != len(want.Labels) {
				t.Fatalf("%d examples, want %d", len(got), len(want.Labels))
			}
			for i, e := range got {
				texts := []string{want.Sentence1[i]}
				if want.Sentence2 != nil {
					texts = append(texts, want.Sentence2[i])
				}
				var label any = e.Label
				switch v := want.Labels[i].(type) {
				case float64:
					label = e.Score
					if want.Task != "STS-B" {
						label, want.Labels[i] = e.Label, fmt.Sprint(v)
					}
				}
				if !slices.Equal(e.Texts, texts) || label != want.Labels[i] {
					t.Errorf("example %d is %q %v, want %q %v", i, e.Texts, label, texts, want.Labels[i])
				}
			}
		})
	}
	if len(tasks) < 11 {
		t.Errorf("%d files, want 11 or more", len(tasks))
	}
}

func TestGLUEErrors(t *testing.T) {
	g := readGolden(t)
	for _, test := range []struct {
		name, text string
		task       datasets.Task
		want       error
		says       string
	}{
		{"CoLA/test.tsv", g.Files["CoLA/test.tsv"], datasets.CoLA, datasets.ErrNoLabels, `datasets: CoLA/test.tsv: line 1: the file has no labels: no column "label"`},
		{"SST-2/test.tsv", g.Files["SST-2/test.tsv"], datasets.SST2, datasets.ErrNoLabels, `datasets: SST-2/test.tsv: line 1: the file has no labels: no column "label"`},
		{"MRPC/test.tsv", g.Files["MRPC/test.tsv"], datasets.MRPC, datasets.ErrNoLabels, `datasets: MRPC/test.tsv: line 1: the file has no labels: no column "Quality"`},
		{"a.tsv", "", datasets.SST2, datasets.ErrFormat, "datasets: a.tsv: line 1: not in the format: the file is empty"},
		{"a.tsv", "\n\n", datasets.SST2, datasets.ErrFormat, "datasets: a.tsv: line 2: not in the format: the file is empty"},
		{"a.tsv", "sentence\tlabel\n\"a\t0\nb\t2\n", datasets.SST2, datasets.ErrFormat, `datasets: a.tsv: line 3: not in the format: label "2", want one of ["0" "1"]`},
		{"a.tsv", "sentence\tlabel\na\t0\nb\n", datasets.SST2, datasets.ErrFormat, "datasets: a.tsv: line 3: not in the format: 1 columns, want 2"},
		{"a.tsv", "sentence\tlabel\na\tb\t0\n", datasets.SST2, datasets.ErrFormat, "datasets: a.tsv: line 2: not in the format: 3 columns, want 2"},
		{"a.tsv", "sentence\tlabel\n", datasets.RTE, datasets.ErrFormat, `datasets: a.tsv: line 1: not in the format: no column "sentence1", which files of rte have`},
		{"a.tsv", "sentence1\tsentence2\tscore\na\tb\tNaN\n", datasets.STSB, datasets.ErrFormat, `datasets: a.tsv: line 2: not in the format: score "NaN" is no number`},
		{"a.tsv", "x", "ax", datasets.ErrTask, `datasets: unknown task "ax"`},
	} {
		_, _, err := read(test.name, test.text, test.task)
		if !errors.Is(err, test.want) || err.Error() != test.says {
			t.Errorf("%s: error %v, want %q", test.name, err, test.says)
		}
	}
}

func TestLongLine(t *testing.T) {
	_, _, err := read("a.tsv", "sentence\tlabel\n"+strings.Repeat("a", 17<<20), datasets.SST2)
	if !errors.Is(err, datasets.ErrFormat) || err.Error() != "datasets: a.tsv: line 2: not in the format: the line has more than 16777216 bytes" {
		t.Errorf("error %v", err)
	}
}

func TestCoNLL(t *testing.T) {
	const text = "\ufeff-DOCSTART- -X- -X- O\r\n\r\nEU NNP B-NP B-ORG\r\nrejects VBZ B-VP O\r\n\r\n\nJosé\tB-PER\n. O"
	var got []datasets.Sentence
	for s, err := range datasets.CoNLL("eng.testa", strings.NewReader(text)) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, s)
	}
	want := []datasets.Sentence{{Words: []string{"EU", "rejects"}, Labels: []string{"B-ORG", "O"}, Line: 3}, {Words: []string{"José", "."}, Labels: []string{"B-PER", "O"}, Line: 7}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	for s, err := range datasets.CoNLL("eng.testa", strings.NewReader("a O\nb\n")) {
		if err == nil || err.Error() != `datasets: eng.testa: line 2: not in the format: "b" is a word without a label` {
			t.Errorf("%v, error %v", s, err)
		}
	}
}

func TestSQuAD(t *testing.T) {
	const text = `{"version":"v2.0","data":[{"title":"A","paragraphs":[{"context":"Go is from 2009.","qas":[
{"id":"1","question":"When?","answers":[{"text":"2009","answer_start":11},{"text":"from 2009","answer_start":6}]},
{"id":"2","question":"Where?","answers":[],"plausible_answers":[{"text":"Go"}],"is_impossible":true}]}]}]}`
	got, err := datasets.SQuAD("dev.json", strings.NewReader("\ufeff"+text))
	if err != nil {
		t.Fatal(err)
	}
	want := []datasets.Question{{ID: "1", Question: "When?", Context: "Go is from 2009.", Answers: []string{"2009", "from 2009"}}, {ID: "2", Question: "Where?", Context: "Go is from 2009."}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	for _, test := range []struct {
		text string
		want error
		says string
	}{
		{"{\n\"data\": [}", datasets.ErrFormat, "datasets: dev.json: line 2: not in the format: invalid character '}' looking for beginning of value"},
		{"{}", datasets.ErrFormat, "datasets: dev.json: line 1: not in the format: no questions"},
		{`{"data":3}`, datasets.ErrFormat, `datasets: dev.json: line 1: not in the format: "data" holds a JSON number`},
		{`{"data":[{"paragraphs":[{"context":"","qas":[{"id":"7","question":"?"}]}]}]}`, datasets.ErrNoLabels, `datasets: dev.json: line 1: the file has no labels: question "7"`},
		{`{"data":[{"paragraphs":[{"qas":[{"id":"7","question":"?","answers":[]}]}]}]}`, datasets.ErrFormat, `datasets: dev.json: line 1: not in the format: question "7" lacks its text or its context`},
	} {
		if _, err := datasets.SQuAD("dev.json", strings.NewReader(test.text)); !errors.Is(err, test.want) || err.Error() != test.says {
			t.Errorf("%s: error %v, want %q", test.text, err, test.says)
		}
	}
}

// FuzzGLUE holds that what is read is in the file: examples written as a file again are
// read as the same examples, and every text stands on the line that is said.
func FuzzGLUE(f *testing.F) {
	g := readGolden(f)
	for _, text := range g.Files {
		for i := range datasets.Tasks() {
			f.Add(text, i)
		}
	}
	f.Add("\ufeffsentence\tlabel\r\n\r\n\"a\r\t1\n\n", 1)
	f.Fuzz(func(t *testing.T, text string, k int) {
		tasks := datasets.Tasks()
		task := tasks[(k%len(tasks)+len(tasks))%len(tasks)]
		all, skipped, _ := read("f", text, task)
		lines := strings.Split(text, "\n")
		var again bytes.Buffer
		header := map[datasets.Task]string{datasets.CoLA: "", datasets.SST2: "sentence\tlabel\n", datasets.MRPC: "#1 String\t#2 String\tQuality\n", datasets.QQP: "question1\tquestion2\tis_duplicate\n",
			datasets.STSB: "sentence1\tsentence2\tscore\n", datasets.MNLI: "sentence1\tsentence2\tgold_label\n", datasets.QNLI: "question\tsentence\tlabel\n"}[task]
		if header == "" && task != datasets.CoLA {
			header = "sentence1\tsentence2\tlabel\n"
		}
		again.WriteString(header)
		for i, e := range all {
			if e.Line < 1 || e.Line > len(lines) || i > 0 && e.Line <= all[i-1].Line {
				t.Fatalf("example %d stands on line %d of %d", i, e.Line, len(lines))
			}
			for _, part := range e.Texts {
				if strings.ContainsAny(part, "\t\n") || !strings.Contains(lines[e.Line-1], part) {
					t.Errorf("%q is not on line %d: %q", part, e.Line, lines[e.Line-1])
				}
			}
			if !task.Regression() && !slices.Contains(task.Labels(), e.Label) {
				t.Errorf("label %q", e.Label)
			}
			label := e.Label
			if task.Regression() {
				label = fmt.Sprint(e.Score)
			}
			switch task {
			case datasets.CoLA:
				fmt.Fprintf(&again, "s\t%s\t\t%s\r\n", label, e.Texts[0])
			default:
				fmt.Fprintf(&again, "%s\t%s\r\n", strings.Join(e.Texts, "\t"), label)
			}
		}
		for _, line := range skipped {
			if task != datasets.QQP || line < 2 || line > len(lines) {
				t.Errorf("skipped line %d of %s", line, task)
			}
		}
		twice, _, err := read("again", again.String(), task)
		if len(all) == 0 && task == datasets.CoLA {
			return
		}
		if err != nil || len(twice) != len(all) {
			t.Fatalf("%d examples, read again %d, %v", len(all), len(twice), err)
		}
		for i := range all {
			all[i].Line, twice[i].Line = 0, 0
		}
		if !reflect.DeepEqual(all, twice) {
			t.Errorf("%+v, read again %+v", all, twice)
		}
	})
}

func TestLabel(t *testing.T) {
	for _, test := range []struct {
		task datasets.Task
		name string
		want string
	}{
		{datasets.SST2, "POSITIVE", "1"},
		{datasets.SST2, "LABEL_0", "0"},
		{datasets.SST2, "LABEL_2", ""},
		{datasets.SST2, "1", "1"},
		{datasets.MRPC, "Not equivalent", "0"},
		{datasets.MNLI, "CONTRADICTION", "contradiction"},
		{datasets.MNLI, "LABEL_0", ""}, // models number them in different orders
		{datasets.RTE, "not-entailment", "not_entailment"},
		{datasets.WNLI, "entailment", "1"},
		{datasets.STSB, "LABEL_0", ""},
	} {
		if got, ok := test.task.Label(test.name); got != test.want || ok != (test.want != "") {
			t.Errorf("%s: %q is %q %v, want %q", test.task, test.name, got, ok, test.want)
		}
	}
}
