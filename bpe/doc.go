// Package bpe turns text into the token ids of RoBERTa and back, id for id as
// fairseq does.
//
//	tok := bpe.DefaultTokenizer()
//	ids := tok.Encode("Hello world!") // [0 31414 232 328 2]
//	text := tok.Decode(ids)           // "Hello world!"
//
// # From text to ids
//
// Three steps lie between a text and a model's ids:
//
//	"Hello world!"  ─pattern→  "Hello" " world" "!"  ─merges→  15496 995 0  ─dictionary→  31414 232 328
//
// GPT-2's pattern cuts the text into pieces, roughly words with the space
// before them. Each piece starts as its bytes, and the merges learned on a
// large corpus join neighbours into longer tokens, lowest rank first. An
// [Encoder] does both; its ids are GPT-2's. A [Dictionary] then numbers GPT-2's
// ids by their frequency, after the special symbols <s>, <pad>, </s> and <unk>,
// and that gives the ids that fairseq's models know. A [Tokenizer] is an
// Encoder and a Dictionary, and adds <s> and </s>.
//
// The vocabulary of the released models is part of the package: [Default],
// [DefaultDictionary], [DefaultTokenizer]. [New] and [Load] read others, in
// GPT-2's form (encoder.json, vocab.bpe) or Hugging Face's (vocab.json,
// merges.txt); [ParseDictionary] reads fairseq's dict.txt. A vocabulary of
// Hugging Face's has the model's ids already, and [Encoder.Dictionary] makes
// the dictionary that says so. Models without a BPE, whose texts are symbols
// with spaces between, have a Tokenizer without an Encoder.
//
// # What holds
//
// Text is never special: "</s>" or "<mask>" in a text is letters. Nothing is
// normalised, cut or lost: every Go string can be encoded, and its bytes come
// back, valid UTF-8 or not. Byte-level BPE knows no unknown characters; <unk>
// comes up only with a dictionary that lacks some of the BPE's ids.
//
// Bytes that are not UTF-8, which fairseq can't be given, count as punctuation
// does: a run of them is a piece, with a space before it. Ids that decode to
// such bytes, as half a character does, give U+FFFD in a string, one for each
// maximal ill-formed part as in Python, and the bytes themselves from the
// functions that return bytes.
//
// Which characters are letters or numbers is fixed by a table in the package,
// taken from the regex package under fairseq. It knows a newer Unicode than
// Go's unicode package does, and ids don't change with the Go release.
//
// Everything may be used by any number of goroutines at once.
//
// # Speed
//
// The scanner is written by hand, and the ids of short pieces seen before come
// from a cache without locks; a text of known words costs no allocations beyond
// the result. Time grows in proportion to the length of a text whatever is in
// it: pieces of any length are merged with a queue for each rank rather than by
// searching for the next pair.
//
// # References
//
//   - Philip Gage, "A New Algorithm for Data Compression", The C Users Journal 12(2), 1994.
//   - Rico Sennrich, Barry Haddow and Alexandra Birch, "Neural Machine Translation of
//     Rare Words with Subword Units", ACL 2016, section 3.2.
//   - Alec Radford et al., "Language Models are Unsupervised Multitask Learners",
//     2019, section 2.2: BPE on bytes, and the pattern that keeps words apart.
//   - Yinhan Liu et al., "RoBERTa: A Robustly Optimized BERT Pretraining Approach",
//     2019, section 4.4.
//   - fairseq 0.12.3: models/roberta/hub_interface.py (encode, decode),
//     data/dictionary.py, data/encoders/gpt2_bpe.py.
package bpe
