package datasets_test

import (
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/goroberta/goroberta/datasets"
)

func ExampleGLUE() {
	file := strings.NewReader("Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t7\t8\tHe said \"yes.\tHe agreed.\n")
	for e, err := range datasets.GLUE("MRPC/dev.tsv", file, datasets.MRPC, nil) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%q %s, line %d\n", e.Texts, e.Label, e.Line)
	}
	for _, err := range datasets.GLUE("SST-2/test.tsv", strings.NewReader("index\tsentence\n"), datasets.SST2, nil) {
		e, _ := errors.AsType[*datasets.LineError](err)
		fmt.Println(errors.Is(err, datasets.ErrNoLabels), e.Line)
	}
	// Output:
	// ["He said \"yes." "He agreed."] 1, line 2
	// true 1
}

func ExampleTask() {
	for _, t := range datasets.Tasks() {
		if t.Regression() {
			fmt.Println(t, "asks for a value")
		}
	}
	fmt.Println(datasets.MNLI.Labels())
	fmt.Println(datasets.SST2.Label("POSITIVE"))
	fmt.Println(datasets.MNLI.Label("LABEL_0")) // models number them in different orders
	// Output:
	// sts-b asks for a value
	// [contradiction entailment neutral]
	// 1 true
	//  false
}

func ExampleCoNLL() {
	for s, err := range datasets.CoNLL("eng.testb", strings.NewReader("-DOCSTART- -X- O O\n\nJapan NNP B-NP B-LOC\nwon VBD B-VP O\n")) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(s.Words, s.Labels)
	}
	// Output: [Japan won] [B-LOC O]
}

func ExampleSQuAD() {
	file := strings.NewReader(`{"data":[{"paragraphs":[{"context":"Go is from 2009.","qas":[{"id":"1","question":"When?","answers":[{"text":"2009"}]}]}]}]}`)
	questions, err := datasets.SQuAD("dev.json", file)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(questions[0].Question, questions[0].Answers)
	// Output: When? [2009]
}
