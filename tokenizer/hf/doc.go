// Package hf reads tokenizer.json, the file that Hugging Face's tokenizers library
// writes, and does what it says: id for id, and byte for byte of the offsets, as
// version 0.23 of the library. The older pair of files, vocab.json and merges.txt, goes
// through the same pipeline.
//
//	t, err := hf.Parse(data, "tokenizer.json")
//	ids := tokenizer.Encode(t, "Hello world!")
//
// # From text to ids
//
//	text ─added tokens→ parts ─normaliser→ ─added tokens→ ─pre-tokeniser→ pieces ─model→ ids
//
// Added tokens are found in the text itself, leftmost and longest first: <mask> in a
// text is the mask. Some of them are looked for in the normalised text, in their own
// normalised form. What lies between is normalised and cut into pieces, and the model,
// a BPE or a Unigram model, makes tokens of each piece. [Tokenizer.Plain] makes letters
// of special tokens in a text.
//
// The post-processor gives the template, the special tokens around texts, which package
// tokenizer applies. The sections truncation and padding are in Info and are not applied
// unasked.
//
// # What is supported
//
//   - models: BPE without dropout, Unigram;
//   - normalisers: Sequence, NFC, NFD, NFKC, NFKD, Lowercase, Strip, StripAccents,
//     Replace, Prepend, Precompiled, Nmt, ByteLevel;
//   - pre-tokenisers: Sequence, ByteLevel, Metaspace, WhitespaceSplit, Whitespace,
//     Punctuation, Digits, Split, CharDelimiterSplit, FixedLength;
//   - post-processors: Sequence, ByteLevel, RobertaProcessing, BertProcessing,
//     TemplateProcessing;
//   - decoders: Sequence, ByteLevel, Metaspace, ByteFallback, Fuse, Strip, Replace,
//     BPEDecoder, WordPiece.
//
// Anything else is an error that names it and wraps ErrNotSupported. Nothing is guessed.
//
// # What the library does, and this package with it
//
//   - The id that the file gives an added token does not count. It gets the id that the
//     vocabulary has for it, or else the next one after the size of the vocabulary. A note
//     in Info says so.
//   - Precompiled takes the shortest key of a grapheme cluster for all of it, so that
//     marks may be lost.
//   - NFC and its sisters know the characters of Unicode 9.0.
//   - Unigram adds scores as float64, and every token of the vocabulary matches text.
//
// # Regular expressions
//
// Expressions are in Oniguruma's syntax and run by regexp2, which backtracks. A match
// that takes more than a second gives up; [Tokenizer.Check] returns the error. What the two
// libraries read otherwise is translated, or refused when the file is read.
//
// # Text that is not UTF-8
//
// The library takes only UTF-8. Here a byte-level BPE without a normaliser takes any
// bytes as they are, and its ids decode to them. In any other pipeline each byte that is
// not part of a character counts as U+FFFD, and its span is that byte.
package hf
