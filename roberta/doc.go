// Package roberta runs RoBERTa checkpoints as fairseq does: it encodes text,
// extracts features, classifies sentences and sentence pairs, and fills masks.
//
//	m, err := roberta.Open("roberta.large.mnli.tar.gz")
//	if err != nil { … }
//	defer m.Close()
//	tokens := m.Encode("Roberta is optimized.", "Roberta is not optimized.")
//	logp, err := m.Predict(ctx, "mnli", tokens)
//
// # Tokens
//
// A token is a number: 0 <s>, 1 <pad>, 2 </s>, 3 <unk>, then GPT-2's byte-level
// BPE in fairseq's order, last <mask>. Encode gives <s> text </s>. A batch is
// several such slices, of any lengths: nothing is padded inside, so a batch costs
// what its tokens cost.
//
// # Results
//
// Hidden states are a *tensor.Dense of shape (B, T, C): B sequences, T the
// longest one's length, C channels; rows past a sequence's end are zero. A
// tensor is contiguous, row-major float32 and the caller's own, so
// x.Data().([]float32) is the slice to work with.
//
// Equal tokens give equal bits, alone or in any batch, on any number of threads
// and with any set of instructions.
//
// # Concurrency
//
// A Model may be used by any number of goroutines. One call already uses all
// processors (see WithThreads); for throughput, give it several sequences at once.
// Calls take turns in the order they came, as many at a time as there are
// threads; while more than half as many compute, each does so on one thread.
//
// The memory that a call works in is kept for later ones. It goes back after two
// garbage collections without use: in an idle process within four minutes.
//
// # Errors
//
// Errors wrap one of this package's Err variables, or one of package weights'
// for a file, and say which sequence, token, head, tensor or file is at fault.
//
// # Differences to fairseq
//
// Where fairseq fails by accident, this package does what its user wants; the
// methods say so. The rest, such as the order of a batch's roundings, gives
// fairseq's numbers to within its own rounding error.
//
// References: RoBERTa: A Robustly Optimized BERT Pretraining Approach, Liu et
// al., 2019; Attention Is All You Need, Vaswani et al., 2017, section 3;
// fairseq 0.12.3, fairseq/models/roberta.
package roberta
