package pipeline

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
	"github.com/goroberta/goroberta/weights"
)

// readCases reads the lines of a file of testdata.
func readCases[C any](t *testing.T, name string, least int) (cases []C) {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c C
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	if lines.Err() != nil || len(cases) < least {
		t.Fatalf("%d cases, %v", len(cases), lines.Err())
	}
	return cases
}

// TestGoldenAnswers makes answers of the logits of testdata.
func TestGoldenAnswers(t *testing.T) {
	type windowCase struct {
		Offsets    [][2]int
		Words      []int     // the number of each token's word
		Start, End []float32 // of <s> and the tokens of the context
	}
	type result struct {
		TopK       int
		MaxAnswer  int `json:"max_answer"`
		Impossible bool
		Align      bool
		Same       bool
		Answers    [][4]any
	}
	same := 0
	for _, c := range readCases[struct {
		Question, Context string
		Windows           []windowCase
		Results           []result
	}](t, "answers.jsonl.gz", 6) {
		j := &job{text: c.Context}
		var given [][][]float32
		for _, w := range c.Windows {
			s := sequence{Encoding: tokenizer.Encoding{Spans: []tokenizer.Span{{}, {Start: 0, End: 3}}, Sequence: []int{-1, 0}}}
			rows := [][]float32{{w.Start[0], w.End[0]}, {99, 99}} // a token of the question, which does not count
			for i, o := range w.Offsets {
				s.Spans, s.Sequence = append(s.Spans, tokenizer.Span{Start: o[0], End: o[1]}), append(s.Sequence, 1)
				rows = append(rows, []float32{w.Start[1+i], w.End[1+i]})
			}
			j.sequences, given = append(j.sequences, s), append(given, rows)
		}
		for _, r := range c.Results {
			reader := &Reader{byteLevel: true, topK: r.TopK, maxAnswer: r.MaxAnswer, impossible: r.Impossible, align: r.Align}
			for w := range j.sequences {
				if j.sequences[w].words = nil; r.Align {
					j.sequences[w].words = c.Windows[w].Words
				}
			}
			got, err := reader.finish(j, given)
			if err != nil || len(got) != len(r.Answers) {
				t.Fatalf("%q %+v: %d answers, %v, want %d", c.Question, r, len(got), err, len(r.Answers))
			}
			for i, a := range got {
				w := r.Answers[i]
				if a.Text != w[0].(string) || a.Start != int(w[2].(float64)) || a.End != int(w[3].(float64)) || math.Abs(float64(a.Score)/w[1].(float64)-1) > 1e-5 {
					t.Errorf("%q, top %d, %d tokens, align %v: answer %d is %+v, want %v", c.Question, r.TopK, r.MaxAnswer, r.Align, i, a, w)
				}
			}
			if r.Same {
				same++
			}
		}
	}
	if same == 0 {
		t.Error("no case is as transformers has it")
	}
}

// TestGoldenZeroShot makes labels of the logits of testdata. Where transformers takes
// another class for contradiction than the one of that name its scores are not asked for.
func TestGoldenZeroShot(t *testing.T) {
	others := 0
	for _, c := range readCases[struct {
		Model      string
		Classes    []string
		Candidates []string
		MultiLabel bool `json:"multi_label"`
		Logits     [][]float32
		Labels     []string
		Scores     []float32
	}](t, "zeroshot.jsonl.gz", 40) {
		h := roberta.Head{Name: "nli", Classes: len(c.Classes), Labels: c.Classes}
		o := &options{}
		if c.Classes[0] == "LABEL_0" {
			h.Labels = nil
			o.entailment, o.contradiction = "LABEL_2", "LABEL_0"
		}
		z := &ZeroShot{head: h, multiLabel: c.MultiLabel}
		var err error
		if z.entailment, z.contradiction, err = inferenceClasses(&h, o, false); err != nil {
			t.Fatal(err)
		}
		got, err := z.finish(&job{labels: c.Candidates}, c.Logits)
		if err != nil || len(got) != len(c.Labels) {
			t.Fatalf("%s: %v, %v", c.Model, got, err)
		}
		if first := 0; (c.MultiLabel || len(c.Candidates) == 1) && c.Classes[z.entailment] != c.Classes[first] && z.contradiction != first {
			others++
			continue
		}
		for i, l := range got {
			if l.Name != c.Labels[i] || !(math.Abs(float64(l.Score-c.Scores[i])) <= 1e-6) {
				t.Errorf("%s, multi-label %v: label %d is %v, want %s %v", c.Model, c.MultiLabel, i, l, c.Labels[i], c.Scores[i])
			}
		}
	}
	if others == 0 || others > 10 {
		t.Errorf("%d cases with another class for contradiction", others)
	}
}

func TestInferenceClasses(t *testing.T) {
	for _, test := range []struct {
		head                      string
		names                     []string
		entailment, contradiction string // options
		fairseq                   bool
		want                      [2]int // -2: an error
	}{
		{names: []string{"contradiction", "neutral", "entailment"}, want: [2]int{2, 0}},
		{names: []string{"neutral", "ENTAILMENT", "Contradict"}, want: [2]int{1, 2}},
		{names: []string{"entails", "no"}, want: [2]int{0, 1}},
		{names: []string{"not_entailment", "entailment"}, want: [2]int{1, 0}},
		{names: []string{"entailment", "neutral", "refuted"}, want: [2]int{0, -1}},
		{names: []string{"entailment", "neutral", "refuted"}, contradiction: "refuted", want: [2]int{0, 2}},
		{names: []string{"entailment", "entailment_reverse", "contradiction"}, want: [2]int{-2}},
		{names: []string{"entailment", "entailment_reverse", "contradiction"}, entailment: "entailment", want: [2]int{0, 2}},
		{names: []string{"joy", "anger"}, want: [2]int{-2}},
		{names: []string{"joy", "anger"}, entailment: "joy", want: [2]int{0, 1}},
		{names: []string{"joy", "anger"}, entailment: "joy", contradiction: "joy", want: [2]int{-2}},
		{names: []string{"joy", "anger"}, entailment: "fear", want: [2]int{-2}},
		{head: "mnli", fairseq: true, want: [2]int{2, 0}},
		{head: "mnli", fairseq: true, entailment: "neutral", want: [2]int{1, 0}},
		{head: "mnli", want: [2]int{-2}},
		{head: "other", fairseq: true, want: [2]int{-2}},
		{head: "other", entailment: "LABEL_1", want: [2]int{1, -1}},
		{head: "other", entailment: "LABEL_1", contradiction: "LABEL_0", want: [2]int{1, 0}},
	} {
		h := roberta.Head{Name: test.head, Labels: test.names, Classes: max(len(test.names), 3)}
		if test.names != nil {
			h.Classes = len(test.names)
		}
		e, c, err := inferenceClasses(&h, &options{entailment: test.entailment, contradiction: test.contradiction}, test.fairseq)
		if (err != nil) != (test.want[0] == -2) || err == nil && [2]int{e, c} != test.want {
			t.Errorf("%+v: classes %d, %d, %v, want %v", test, e, c, err, test.want)
		}
	}
}

func TestTemplates(t *testing.T) {
	for template, want := range map[string][]string{
		"This is {}.":             {"This is ", "."},
		"{}":                      {"", ""},
		"{0}: it's {}, naïve {0}": {"", ": it's ", ", naïve ", ""},
		"{{}} {} }}{{":            {"{} ", " }{"},
		"no label":                nil,
		"{{0}}":                   nil,
		"{1} {}":                  nil,
		"a { {}":                  nil,
		"{} }":                    nil,
		"{label}":                 nil,
		"":                        nil,
		"{}{":                     nil,
		"\xff{}":                  {"\xff", ""},
		"{0":                      nil,
	} {
		got, err := cutTemplate(template)
		if (err == nil) != (want != nil) || !slices.Equal(got, want) {
			t.Errorf("template %q is %q, %v, want %q", template, got, err, want)
		}
	}
}

// TestTop compares with sorting everything.
func TestTop(t *testing.T) {
	order := func(a, b [2]int) int { return slices.Compare(a[:], b[:]) }
	for _, k := range []int{0, 1, 2, 7, 1000, math.MaxInt} {
		for _, key := range []func([2]int) string{nil, func(x [2]int) string { return string(rune('a' + x[1]%5)) }} {
			best := top[[2]int]{k: k, order: order, key: key}
			var all [][2]int
			seed := uint32(1)
			for i := range 3000 {
				seed = seed*1664525 + 1013904223
				x := [2]int{int(seed >> 20), i}
				all = append(all, x)
				best.add(x)
			}
			slices.SortFunc(all, order)
			if key != nil {
				var seen []string
				all = slices.DeleteFunc(all, func(x [2]int) bool {
					was := slices.Contains(seen, key(x))
					seen = append(seen, key(x))
					return was
				})
			}
			if k > 0 && k < len(all) {
				all = all[:k]
			}
			if got := best.best(); !slices.Equal(got, all) {
				t.Errorf("the best %d are %v, want %v", k, got, all)
			}
		}
	}
}

func TestActivation(t *testing.T) {
	for _, test := range []struct {
		config string
		want   float64 // of 2; NaN: an error
	}{
		{"", 0.8807970779778823}, // no file
		{"{}", 0.8807970779778823},
		{`{"sentence_transformers":{"activation_fn":"torch.nn.modules.linear.Identity"}}`, 2},
		{`{"sentence_transformers":{"activation_fn":"torch.nn.modules.activation.Sigmoid"},"sbert_ce_default_activation_function":"torch.nn.modules.linear.Identity"}`, 0.8807970779778823},
		{`{"sentence_transformers":{"version":"4"},"sbert_ce_default_activation_function":"torch.nn.modules.linear.Identity"}`, 2},
		{`{"sbert_ce_default_activation_function":null,"problem_type":"regression"}`, 0.8807970779778823},
		{`{"sbert_ce_default_activation_function":"torch.nn.modules.activation.Tanh"}`, math.Tanh(2)},
		{`{"sbert_ce_default_activation_function":"own.Function"}`, math.NaN()},
		{`{"sbert_ce_default_activation_function":"own.Identity"}`, math.NaN()},
		{`{"sbert_ce_default_activation_function":3}`, math.NaN()},
		{`{`, math.NaN()},
	} {
		files := fileMap{}
		if test.config != "" {
			files["config.json"] = test.config
		}
		f, err := activation(folder{files}, nil)
		if math.IsNaN(test.want) {
			if e, ok := errors.AsType[*weights.FileError](err); !ok || e.Entry != "config.json" {
				t.Errorf("%s: error %v, want a FileError", test.config, err)
			}
		} else if err != nil || math.Abs(f(2)-test.want) > 1e-15 {
			t.Errorf("%s: %v, want f(2) = %v", test.config, err, test.want)
		}
	}
}

// TestCrossEncoderFiles reads folders that CrossEncoder has saved, and others.
func TestCrossEncoderFiles(t *testing.T) {
	const one = `[{"path":"","type":"sentence_transformers.base.modules.transformer.Transformer"}]`
	for _, test := range []struct {
		files     fileMap
		want      float64 // of 2; NaN: an error
		prompt    string
		maxLength int
	}{
		{fileMap{promptsFile: `{"model_type":"CrossEncoder","activation_fn":"torch.nn.modules.linear.Identity"}`, modulesFile: one}, 2, "", 0},
		{fileMap{promptsFile: `{"model_type":"CrossEncoder","activation_fn":"torch.nn.modules.activation.Tanh"}`, modulesFile: one,
			"config.json": `{"sentence_transformers":{"activation_fn":"torch.nn.modules.linear.Identity"}}`}, math.Tanh(2), "", 0},
		{fileMap{promptsFile: `{"model_type":"CrossEncoder","activation_fn":null,"prompts":{"a":"Find: "},"default_prompt_name":"a"}`, modulesFile: one,
			"sentence_bert_config.json": `{"transformer_task":"sequence-classification","modality_config":{"text":{"method":"forward","method_output_name":"logits"}},"module_output_name":"scores","max_seq_length":9}`},
			1 / (1 + math.Exp(-2)), "Find: ", 9},
		{fileMap{promptsFile: `{"model_type":"CrossEncoder","activation_fn":"own.Identity"}`, modulesFile: one}, math.NaN(), "", 0},
		{fileMap{promptsFile: `{"model_type":"CrossEncoder"}`, modulesFile: one[:len(one)-1] + `,{"path":"1","type":"Dense"}]`}, math.NaN(), "", 0},
		{fileMap{promptsFile: `{"model_type":"CrossEncoder"}`, modulesFile: one, "sentence_bert_config.json": `{"processing_kwargs":{"text":{"add_special_tokens":false}}}`}, math.NaN(), "", 0},
		// What is no CrossEncoder's does not count.
		{fileMap{promptsFile: `{"model_type":"CrossEncoder","activation_fn":"torch.nn.modules.linear.Identity","prompts":{"a":"b"},"default_prompt_name":"a"}`}, 1 / (1 + math.Exp(-2)), "", 0},
		{fileMap{promptsFile: `{"activation_fn":"torch.nn.modules.linear.Identity","prompts":{"a":"b"},"default_prompt_name":"a"}`, modulesFile: one}, 1 / (1 + math.Exp(-2)), "", 0},
	} {
		o, f, err := readCrossEncoder(folder{test.files}, nil)
		if math.IsNaN(test.want) {
			if e, ok := errors.AsType[*weights.FileError](err); !ok || e.Entry == "" {
				t.Errorf("%v: error %v, want a FileError", test.files, err)
			}
		} else if err != nil || math.Abs(f(2)-test.want) > 1e-15 || o.prompts[o.defaultPrompt] != test.prompt || o.maxLength != test.maxLength {
			t.Errorf("%v: %v, %+v, want f(2) = %v, prompt %q, %d tokens", test.files, err, o, test.want, test.prompt, test.maxLength)
		}
	}
}

// FuzzTemplate checks that a template, written anew from what was read, is read as the same,
// and that a label comes out as it went in.
func FuzzTemplate(f *testing.F) {
	for _, template := range []string{"This is {}.", "{0}{}", "{{{}}}", "{", "{{}} {0", "\xff{}é"} {
		f.Add(template, "a {} label")
	}
	escape := strings.NewReplacer("{", "{{", "}", "}}")
	f.Fuzz(func(t *testing.T, template, label string) {
		parts, err := cutTemplate(template)
		if err != nil {
			if !errors.Is(err, ErrOption) || len(err.Error()) > 600 {
				t.Fatalf("error %v", err)
			}
			return
		}
		var escaped []string
		for _, part := range parts {
			escaped = append(escaped, escape.Replace(part))
		}
		again, err := cutTemplate(strings.Join(escaped, "{0}"))
		if err != nil || !slices.Equal(again, parts) {
			t.Fatalf("template %q is %q, written anew %q, %v", template, parts, again, err)
		}
		if sentence := strings.Join(parts, label); len(parts) < 2 || !strings.Contains(sentence, label) {
			t.Fatalf("template %q with %q is %q", template, label, sentence)
		}
	})
}

// TestBorder compares with decoding from the beginning.
func TestBorder(t *testing.T) {
	for _, text := range []string{"", "abc", "é", "a東京🙂b", "東\x82\x83", "\x82\x83東", "\xf0\x9f\x99", "\xf0\x9f\x99\x82\x82\x82\x82\x82", "\xe6\xe6\x9d\xb1"} {
		at := 0
		for i := range len(text) + 1 {
			n := 0
			if at < len(text) {
				_, n = utf8.DecodeRuneInString(text[at:])
			}
			if i == at+n {
				at = i
			}
			before, after := i, i
			if i > at {
				before, after = at, at+n
			}
			if b, a := border(text, i); b != before || a != after {
				t.Errorf("%q at %d: character %d to %d, want %d to %d", text, i, b, a, before, after)
			}
		}
	}
}
