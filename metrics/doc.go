// Package metrics has the numbers that classifiers, taggers and question answerers are
// compared by: accuracy, F1 and confusion matrices, of one label an example or of several
// ([MultiLabel]); Matthews', Pearson's and Spearman's
// correlation, as GLUE uses them; seqeval's precision, recall and F1 of entities; SQuAD's
// exact match and F1.
//
//	c := metrics.NewConfusion([]string{"no", "yes"})
//	c.Add(1, 0)                     // an example of class "yes" that was taken for "no"
//	fmt.Println(c.Accuracy(), c.MacroF1(), c.Matthews())
//
// Values are shares from 0 to 1, but for SQuAD's, which are percentages as its official
// script has them. Where a number is 0/0 it is 0; correlations of constant values are NaN.
// The package depends on the standard library alone.
//
// References: Wang et al., GLUE, 2019; Tjong Kim Sang and De Meulder, Introduction to the
// CoNLL-2003 Shared Task, 2003; Nakayama, seqeval, 2018; Rajpurkar et al., Know What You
// Don't Know, 2018.
package metrics
