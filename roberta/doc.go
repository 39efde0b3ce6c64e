// Package roberta runs RoBERTa checkpoints as fairseq does: it encodes text,
// extracts features, classifies sentences and fills masks.
//
// References: RoBERTa: A Robustly Optimized BERT Pretraining Approach, Liu et
// al., 2019; Attention Is All You Need, Vaswani et al., 2017, section 3;
// fairseq 0.12.3, fairseq/models/roberta.
package roberta
