// Package nn is the engine: a RoBERTa encoder, its language-model head and its
// classification heads, from tokens to hidden states and logits.
//
//	tokens ─embed→ x ─layers→ hidden states ─head→ logits
//
// A batch is one matrix of M = Σ lengths rows: its sequences end to end, without
// padding. A linear layer is one product over all rows; only attention looks at where
// a sequence begins and ends.
//
// A loader fills an Encoder and calls Prepare once. Then any number of goroutines may
// call Run. Model code does not check what it is given: a caller that passes ids
// outside the vocabulary, or more tokens than there are positions, has a bug.
//
// Read encoder.go first: it follows the paper. What it calls, and what calls it, is
// elsewhere:
//
//	run.go         a request and its result
//	batch.go       what goes in
//	selection.go   which rows of the last layer are wanted
//	attention.go   softmax(q·kᵀ/√D)·v
//	linear.go      x·Wᵀ + b
//	schedule.go    how work is cut, who does what, what is prefetched
//	tuning.go      the constants of the schedule, each with its measurement
//	team.go        the goroutines of a call and their memory
//
// A result depends on the tokens of its own sequence alone, bit for bit: not on
// the batch, the number of threads or the instruction set (docs/numerics.md).
//
// References: Vaswani et al., "Attention Is All You Need", 2017, section 3; Liu
// et al., "RoBERTa: A Robustly Optimized BERT Pretraining Approach", 2019;
// fairseq/modules/transformer_layer.py.
package nn
