// Package datasets reads the files that models are compared by: GLUE's tables, CoNLL's
// columns of words and labels, SQuAD's questions.
//
//	for e, err := range datasets.GLUE("MRPC/dev.tsv", file, datasets.MRPC) {
//		if err != nil { … }
//		fmt.Println(e.Texts, e.Label)
//	}
//
// Files are read as their official readers read them, line by line in bounded memory
// (SQuAD's as a whole). Errors are *LineError with the file's name and the line. Package
// metrics has the numbers.
//
// References: Wang et al., GLUE, 2019 (gluebenchmark.com); Tjong Kim Sang and De Meulder,
// Introduction to the CoNLL-2003 Shared Task, 2003; Rajpurkar et al., Know What You Don't
// Know, 2018; transformers, data/processors/glue.py.
package datasets
