// Package tokenizer says what a tokenizer is, and does once for all of them
// what does not depend on how text becomes tokens: special tokens and pairs,
// offsets, truncation, windows and decoding.
//
//	tok := bpe.DefaultTokenizer()                 // a tokenizer.Tokenizer
//	ids := tokenizer.Encode(tok, "Hello world!")  // [0 31414 232 328 2]
//	text := tokenizer.Decode(tok, ids)            // "Hello world!"
//
// A [Tokenizer] knows single texts. Package bpe implements it.
//
// # Inputs
//
// An input of a model is one text or several with special tokens around them. A
// [Template] says where they stand. RoBERTa's is
//
//	<s> a </s>    <s> a </s></s> b </s>    <s> a </s></s> b </s></s> c </s>
//
// [Encode] gives the ids of an input. [Template.Encode] gives an [Encoding],
// which also says which text each token is of and which of its bytes it stands
// for. All offsets count bytes.
//
// # Limits
//
// Nothing is ever cut unasked. A [Limit] with a length is an error for a longer
// input, unless it says which text gives way and at which end.
// [Template.Windows] loses nothing: it reads a long text through windows that
// may overlap.
//
//	tokens of the text   0 1 2 3 4 5 6 7 8 9     room for 5, stride 2
//	first window         0 1 2 3 4
//	second window              3 4 5 6 7
//	third window                     6 7 8 9
//
// # Text of ids
//
// [Decode] follows fairseq: <s> and </s> vanish, two </s> part documents, and
// <mask> and <unk> are written by their names. [DecodeSkipSpecial] drops all
// special tokens, as Hugging Face's skip_special_tokens does. [DecodeRaw] writes
// every id that it is given. All return valid UTF-8: see [ToValidUTF8].
//
// # References
//
//   - fairseq 0.12.3: models/roberta/hub_interface.py (encode, decode).
//   - tokenizers 0.23: utils/truncation.rs (strategies), tokenizer/encoding.rs
//     (windows), processors/template.rs.
package tokenizer
