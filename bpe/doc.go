// Package bpe turns text into the token ids of RoBERTa and back, id for id as
// fairseq does.
//
//	tok := bpe.DefaultTokenizer()
//	ids := tokenizer.Encode(tok, "Hello world!") // [0 31414 232 328 2]
//	text := tokenizer.Decode(tok, ids)           // "Hello world!"
//
// # From text to ids
//
// Three steps lead from a text to a model's ids:
//
//	"Hello world!"  ─pattern→  "Hello" " world" "!"  ─merges→  15496 995 0  ─dictionary→  31414 232 328
//
// GPT-2's pattern cuts the text into pieces, roughly words with the space
// before them. Each piece starts as its bytes, and the merges learned on a
// large corpus join neighbours into longer tokens, lowest rank first. An
// [Encoder] does both; its ids are GPT-2's. A [Dictionary] numbers GPT-2's ids
// by their frequency, after the special symbols <s>, <pad>, </s> and <unk>; those
// are the ids of fairseq's models. A [Tokenizer] is an Encoder and a Dictionary.
// It implements the interface of package tokenizer, which puts <s> and </s>
// around texts, limits their length and decodes.
//
// The vocabulary of the released models is part of the package: [Default],
// [DefaultDictionary], [DefaultTokenizer]. [New] and [Load] read others, in
// GPT-2's form (encoder.json, vocab.bpe) or Hugging Face's (vocab.json,
// merges.txt); [ParseDictionary] reads fairseq's dict.txt. A vocabulary from
// Hugging Face already has the model's ids, and [Encoder.Dictionary] makes a
// dictionary of them. Models without a BPE, whose texts are symbols with spaces
// between, have a Tokenizer without an Encoder.
//
// # Guarantees
//
// Text is never special: "</s>" or "<mask>" in a text is letters. Nothing is
// normalised, cut or lost: every Go string can be encoded, and its ids decode to
// its bytes, valid UTF-8 or not. A byte-level BPE has no unknown characters;
// <unk> appears only if the dictionary lacks some of the BPE's ids.
//
// fairseq does not accept text that is not UTF-8. Here a byte that is not UTF-8
// counts as punctuation: a run of them, with a space before it if there is one,
// is a piece. Ids can decode to such bytes, since a token may hold a part of a
// character. Functions that return bytes give them as they are; functions that
// return a string write U+FFFD: see tokenizer.ToValidUTF8.
//
// A table in the package says which characters are letters and numbers. It is
// taken from Python's regex package, which fairseq uses and which follows a newer
// Unicode than Go's unicode package. Ids do not change with the Go release.
//
// Everything may be used by any number of goroutines at once.
//
// # Speed
//
// The scanner is written by hand, and the ids of recent short pieces come from a
// cache without locks. A text of cached words costs no allocation except the
// result. The time is proportional to the length of a text, whatever it
// contains: long pieces are merged with a queue for each rank instead of a search
// for the next pair.
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
