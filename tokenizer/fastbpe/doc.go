// Package fastbpe is the BPE of fastBPE, as BERTweet and PhoBERT have it and as
// fairseq's bpe setting "fastbpe" means it.
//
//	words, err := fastbpe.ParseVocabulary(vocab, "vocab.txt")
//	codes, err := fastbpe.ParseCodes(merges, "bpe.codes")
//	tok, err := fastbpe.New(fastbpe.Spec{Words: words, Codes: codes})
//	ids := tokenizer.Encode(tok, "Hello world!")
//
// # From text to ids
//
// Words are what stands between white space. Each begins as its characters, the
// last of them with </w>, so that the end of a word is a letter of its own:
//
//	lower  →  l o w e r</w>  →  low er</w>  →  low@@ er
//
// The merge of lowest rank, which is its line in bpe.codes, joins all its
// occurrences in the word, then the next lowest, until none is left. Pieces that do
// not end a word are written with @@, and looked up so in vocab.txt. What that lacks
// is <unk>. A BPE of this kind loses text: an unknown character, and which white space
// stood between two words.
//
// In transformers a line feed after a word belongs to the word. There special tokens
// are found in the text before it is cut into words; fairseq knows none.
//
// # Files
//
// A line of vocab.txt is a piece, a space and a count; a line of bpe.codes is two
// symbols and a count, with spaces between. Counts mean nothing here.
//
// # Bytes that are not UTF-8
//
// Each is a character that no file knows.
//
// # References
//
//   - Rico Sennrich, Barry Haddow and Alexandra Birch, "Neural Machine Translation of
//     Rare Words with Subword Units", ACL 2016, section 3.2.
//   - github.com/glample/fastBPE, fastBPE.hpp (process_bpe).
//   - Dat Quoc Nguyen, Thanh Vu and Anh Tuan Nguyen, "BERTweet: A pre-trained language
//     model for English Tweets", EMNLP 2020, section 2: how tweets are normalised.
//   - transformers 5.24: models/bertweet/tokenization_bertweet.py,
//     models/phobert/tokenization_phobert.py, tokenization_python.py (added tokens).
//   - fairseq 0.12.3: data/encoders/fastbpe.py, tokenizer.py.
package fastbpe
