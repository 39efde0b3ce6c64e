// Package metrics has the numbers that classifiers, taggers and question answerers are
// compared by: accuracy, F1 and confusion matrices, Matthews', Pearson's and Spearman's
// correlation as GLUE uses them, seqeval's F1 of entities, and SQuAD's exact match and F1.
package metrics
