package roberta

import "github.com/goroberta/goroberta/tokenizer"

// Encode turns a text into tokens, <s> text </s>, and several texts into one input,
// <s> a </s></s> b </s>: what stands around texts is the tokenizer's template. Nothing is
// cut off, and every string has tokens, valid UTF-8 or not. The name of a special token in
// a text is plain text for a checkpoint of fairseq's, and that token for a model of Hugging
// Face's, as each has it: see WithPlainText.
// Without a vocabulary (see Tokenizer), and for a text that tokenizer.Check refuses, it
// returns nil. As fairseq's RobertaHubInterface.encode.
func (m *Model) Encode(s string, more ...string) []int {
	if m.tok == nil || tokenizer.Check(m.tok, s) != nil || tokenizer.Check(m.tok, more...) != nil {
		return nil
	}
	return tokenizer.Encode(m.tok, s, more...)
}

// EncodeNoSeparator is Encode with one </s> between texts, <s> a </s> b </s>.
func (m *Model) EncodeNoSeparator(s string, more ...string) []int {
	if m.tok == nil || tokenizer.Check(m.tok, s) != nil || tokenizer.Check(m.tok, more...) != nil {
		return nil
	}
	return tokenizer.EncodeNoSeparator(m.tok, s, more...)
}

// Decode turns tokens back into text. Two </s> separate documents, which Decode joins
// and DecodeDocuments returns one by one. Pads and other tokens without text are
// skipped, where fairseq fails. Without a vocabulary it returns "". See
// tokenizer.Decode.
func (m *Model) Decode(tokens []int) string {
	if m.tok == nil {
		return ""
	}
	return tokenizer.Decode(m.tok, tokens)
}

// DecodeDocuments decodes the documents of an input, which two </s> separate. Without a
// vocabulary it returns nil. As fairseq's decode, which returns a list for several.
func (m *Model) DecodeDocuments(tokens []int) []string {
	if m.tok == nil {
		return nil
	}
	return tokenizer.DecodeDocuments(m.tok, tokens)
}
