package datasets

import (
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Task is one of GLUE's.
type Task string

// GLUE's tasks.
const (
	CoLA Task = "cola"  // is a sentence acceptable English?
	SST2 Task = "sst-2" // is a review's sentence positive?
	MRPC Task = "mrpc"  // do two sentences mean the same?
	QQP  Task = "qqp"   // do two questions mean the same?
	STSB Task = "sts-b" // how similar are two sentences, from 0 to 5?
	MNLI Task = "mnli"  // does the second sentence follow from the first?
	QNLI Task = "qnli"  // does a sentence answer a question?
	RTE  Task = "rte"   // does the second sentence follow from the first?
	WNLI Task = "wnli"  // does the second sentence follow from the first?
)

// Tasks are GLUE's tasks.
func Tasks() []Task { return []Task{CoLA, SST2, MRPC, QQP, STSB, MNLI, QNLI, RTE, WNLI} }

// Labels are a task's labels as its files have them, in GLUE's order; nil for STSB.
func (t Task) Labels() []string { return slices.Clone(layouts[t].labels) }

// Regression says whether a task asks for a value and not for a label.
func (t Task) Regression() bool { return t == STSB }

// A GLUEExample is one of a task's examples.
type GLUEExample struct {
	Texts []string // a sentence, or two
	Label string   // one of the task's; "" for STSB
	Score float64  // of STSB
	Line  int      // where it stands, from 1
}

// A layout is what a task's files look like.
type layout struct {
	texts  []string // the names of the texts' columns
	label  string   // that of the label's
	labels []string
}

// layouts are those of gluebenchmark.com.
var layouts = map[Task]layout{
	CoLA: {[]string{"sentence"}, "label", []string{"0", "1"}},
	SST2: {[]string{"sentence"}, "label", []string{"0", "1"}},
	MRPC: {[]string{"#1 String", "#2 String"}, "Quality", []string{"0", "1"}},
	QQP:  {[]string{"question1", "question2"}, "is_duplicate", []string{"0", "1"}},
	STSB: {[]string{"sentence1", "sentence2"}, "score", nil},
	MNLI: {[]string{"sentence1", "sentence2"}, "gold_label", []string{"contradiction", "entailment", "neutral"}},
	QNLI: {[]string{"question", "sentence"}, "label", []string{"entailment", "not_entailment"}},
	RTE:  {[]string{"sentence1", "sentence2"}, "label", []string{"entailment", "not_entailment"}},
	WNLI: {[]string{"sentence1", "sentence2"}, "label", []string{"0", "1"}},
}

// colaColumns are those of CoLA's train.tsv and dev.tsv, which have no header: source,
// label, the author's mark, sentence.
var colaColumns = []string{"", "label", "", "sentence"}

// GLUE yields the examples of a task's file, train.tsv or a dev.tsv, that name stands for
// in errors. Columns are cut at tabs and lines at line feeds, with or without a carriage
// return before them; a quotation mark is a character like any other. Blank lines are
// skipped.
//
// QQP's files have lines that are broken in two. As in fairseq's preprocessing a line of QQP
// with another number of columns than the header is left out; skipped, if it is not nil, is
// called with its number. In files of other tasks such a line is an error.
//
// Errors are ErrTask, and as *LineError ErrFormat and ErrNoLabels. An error is the last that
// is yielded.
func GLUE(name string, r io.Reader, task Task, skipped func(line int)) iter.Seq2[GLUEExample, error] {
	return func(yield func(GLUEExample, error) bool) {
		g := glueReader{lineReader: newLineReader(name, r), task: task}
		var known bool
		if g.layout, known = layouts[task]; !known {
			yield(GLUEExample{}, fmt.Errorf("%w %.100q", ErrTask, string(task)))
			return
		}
		for {
			e, err := g.example()
			if err == errBroken {
				if skipped != nil {
					skipped(g.line)
				}
				continue
			}
			if err == io.EOF {
				return
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// A glueReader reads a task's file.
type glueReader struct {
	*lineReader
	task Task
	layout
	width int // columns; 0 until the header is read
	text  []int
	at    int // the label's column
}

// errBroken stands for a line of QQP with another number of columns.
var errBroken = fmt.Errorf("%w: the line is broken", ErrFormat)

func (g *glueReader) example() (e GLUEExample, err error) {
	for {
		line, err := g.next()
		if err != nil {
			if err == io.EOF && g.width == 0 {
				return e, g.faultf("the file is empty")
			}
			return e, err
		}
		if len(line) == 0 {
			continue
		}
		cells := strings.Split(string(line), "\t")
		if g.width == 0 {
			header, err := g.header(cells)
			if err != nil {
				return e, err
			}
			if header {
				continue
			}
		}
		switch {
		case len(cells) == g.width:
			return g.row(cells)
		case g.task == QQP:
			return e, errBroken
		}
		return e, g.faultf("%d columns, want %d", len(cells), g.width)
	}
}

// header finds the columns in a file's first line. CoLA's files with labels begin with an
// example.
func (g *glueReader) header(cells []string) (header bool, err error) {
	names := cells
	header = true
	if g.task == CoLA && len(cells) == len(colaColumns) && slices.Contains(g.labels, cells[1]) {
		names, header = colaColumns, false
	}
	g.width = len(names)
	for _, text := range g.texts {
		at := slices.Index(names, text)
		if at < 0 {
			return header, g.faultf("no column %q, which files of %s have", text, g.task)
		}
		g.text = append(g.text, at)
	}
	if g.at = slices.Index(names, g.label); g.at < 0 {
		return header, g.fault(fmt.Errorf("%w: no column %q", ErrNoLabels, g.label))
	}
	return header, nil
}

func (g *glueReader) row(cells []string) (GLUEExample, error) {
	e := GLUEExample{Line: g.line}
	for _, at := range g.text {
		e.Texts = append(e.Texts, cells[at])
	}
	label := cells[g.at]
	if !g.task.Regression() {
		if e.Label = label; !slices.Contains(g.labels, label) {
			return e, g.faultf("label %.100q, want one of %q", label, g.labels)
		}
		return e, nil
	}
	var err error
	if e.Score, err = strconv.ParseFloat(label, 64); err != nil || math.IsNaN(e.Score) || math.IsInf(e.Score, 0) {
		return e, g.faultf("score %.100q is no number", label)
	}
	return e, nil
}
