// Package sentencepiece reads SentencePiece models (files such as
// sentencepiece.bpe.model, spm.model) and turns text into their ids and back, exactly
// as the library does.
//
//	data, err := os.ReadFile("sentencepiece.bpe.model")
//	m, err := sentencepiece.Load(data, "sentencepiece.bpe.model")
//	tok, err := sentencepiece.NewXLMRoberta(m)    // a tokenizer.Tokenizer
//	ids := tokenizer.Encode(tok, "Hello world!")  // <s> ▁Hello ▁world ! </s>
//
// # Models
//
// A model is a list of pieces with scores, rules that normalise text, and one of two
// ways to cut the result into pieces. A unigram model takes the pieces whose scores have
// the largest sum; a BPE model merges neighbours, those of the highest score first. XLM-R's
// sentencepiece.bpe.model is a unigram model, whatever its name says: [Model.Kind] tells.
//
//	"Ｈｅｌｌｏ  wor½d"
//	    normalised   spaces are ▁, one is put before the text    "▁Hello▁wor1⁄2d"
//	    cut          into pieces                                 ▁Hello ▁wor 1 ⁄ 2 d
//	    looked up    <unk> stands for what is no piece           ids
//
// The rules of normalisation, its table of characters included, are in the file. They are
// not Unicode's NFKC: the tables are of some version of Unicode and add rules of their own.
//
// # Whose ids
//
// A model numbers its pieces by their place in the file: see [Model.Tokenizer]. The
// models that fairseq trained have a dictionary that numbers them again, see
// [NewFairseq], and Hugging Face keeps the numbers of those: see [NewXLMRoberta] and
// [NewCamembert]. They also differ in what is special in a text: in fairseq nothing.
//
// # Limits
//
// Word and char models are refused, as are pieces of 8000 bytes or more, which the library does not take either. The time to
// encode a text is linear in its length for unigram models, and n log n for BPE models.
// Sampling is not here.
//
// # References
//
//   - Kudo, Richardson 2018, SentencePiece: A simple and language independent subword
//     tokenizer and detokenizer for Neural Text Processing.
//   - sentencepiece 0.2.3: sentencepiece_model.proto, normalizer.cc, unigram_model.cc,
//     bpe_model.cc, sentencepiece_processor.cc.
//   - fairseq 0.12.3: data/encoders/sentencepiece_bpe.py, data/dictionary.py.
//   - transformers 4.57: tokenization_xlm_roberta.py, tokenization_camembert.py.
package sentencepiece
