// Package roberta runs RoBERTa checkpoints as fairseq does: it encodes text,
// extracts features, classifies sentences and sentence pairs, and fills masks.
//
//	m, err := roberta.Open("roberta.large.mnli.tar.gz")
//	if err != nil { … }
//	defer m.Close()
//	tokens := m.Encode("Roberta is optimized.", "Roberta is not optimized.")
//	logp, err := m.Predict(ctx, "mnli", tokens)
//	logp.Row(0) // log-probabilities of contradiction, neutral, entailment
//
// Package pipeline turns texts into labels, entities, answers and vectors without such
// steps. docs/glossary.md in the repository explains the field's words: token, hidden
// state, head, logits, log-probability.
//
// # Tokens
//
// A token is a number: 0 <s>, 1 <pad>, 2 </s>, 3 <unk>, then GPT-2's byte-level
// BPE in fairseq's order, last <mask>. Encode gives <s> text </s>. A batch is
// several such slices, of any lengths. Nothing is padded inside, so a batch costs
// what its tokens cost.
//
// # Results
//
// Hidden states are [States]: a row of C values for each token, x.Row(sequence,
// token). Logits of classification heads are a [Matrix]: a row for each sequence.
// The memory of a result belongs to the caller and is never used again by the
// package. Float32s gives all values as one slice. Package dense converts results
// to tensors of gorgonia.org/tensor and reads tokens from them.
//
// Equal tokens give equal bits, alone or in any batch, on any number of threads
// and with any set of instructions; BFloat16 says where that has an exception.
//
// # Heads
//
// A classification head is two linear layers, as fairseq's, or one. It reads the
// first token of a sequence, each token, or spans. Heads come with the checkpoint;
// RegisterClassificationHead adds a random one and SetHead one of given weights.
// HeadWeights reads a head, and Save writes the model with its heads to a file.
//
// # Concurrency
//
// Any number of goroutines may use a Model at once. One call already uses all
// processors (see WithThreads), so for throughput give it several sequences. At
// most as many calls compute at a time as there are threads; the others wait, in the
// order they came. While two or more calls compute, and they are more than half the
// number of threads, each runs on one thread.
//
// The memory that a call works in is kept for later calls. The garbage collector
// frees it after two collections without use, in an idle process within four minutes.
//
// # Errors
//
// An error wraps one of this package's Err variables, or one of package weights'
// for a file, and names the sequence, token, head, tensor or file at fault.
//
// # Differences from fairseq
//
// Where fairseq fails by accident, this package does what its user wants; the
// methods say so. Everything else gives fairseq's numbers to within fairseq's own
// rounding error.
//
// References: RoBERTa: A Robustly Optimized BERT Pretraining Approach, Liu et
// al., 2019; Attention Is All You Need, Vaswani et al., 2017, section 3;
// fairseq 0.12.3, fairseq/models/roberta.
package roberta
