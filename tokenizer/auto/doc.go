// Package auto finds out which of a folder's files are its tokenizer, and opens it.
//
//	tok, info, err := auto.Open("xlm-roberta-base") // a folder or a file, no weights needed
//	ids := tokenizer.Encode(tok, "Hello world!")
//	fmt.Println(info.Kind, info.File)
//
// Package roberta does so for a model: see Read.
//
// # Which files count
//
// In a folder of Hugging Face's the first of these that is there:
//
//	tokenizer.json                       package hf
//	sentencepiece.bpe.model and others   package sentencepiece, with XLM-R's or CamemBERT's ids
//	vocab.json, merges.txt               package hf
//	vocab.txt, bpe.codes                 package fastbpe
//	dict.txt, encoder.json, vocab.bpe    package bpe, as for fairseq
//
// For a checkpoint of fairseq's its setting bpe counts, and dict.txt numbers the pieces:
//
//	gpt2 or none     encoder.json and vocab.bpe, else GPT-2's, which are built in
//	sentencepiece    sentencepiece.bpe.model
//	hf_byte_bpe      vocab.json and merges.txt
//	fastbpe          bpe.codes
//
// Nothing is guessed beyond that. GPT-2's vocabulary stands in for a missing one only if
// a model has its size, 50,265, and Info.Notes say so. A file that is there and cannot be
// read, or that contradicts another, is an error that names it.
//
// # What other files say
//
// tokenizer_config.json, special_tokens_map.json, added_tokens.json and config.json say
// what the special tokens are, where vocabulary files do not; what they say beyond a
// tokenizer.json is add_prefix_space, which counts for RoBERTa's own class of tokenizer
// (false if tokenizer_config.json does not have it), as in transformers. Lengths are in
// Info: nothing is cut unasked.
//
// # References
//
//   - transformers 5.24: tokenization_utils_base.py (_from_pretrained),
//     models/auto/tokenization_auto.py.
//   - sentence-transformers 6.2: models/Transformer.py (max_seq_length, subfolders).
//   - fairseq 0.12.3: models/roberta/hub_interface.py, hub_utils.py, data/encoders/.
package auto
