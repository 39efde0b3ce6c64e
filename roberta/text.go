package roberta

import "github.com/goroberta/goroberta/tokenizer"

// Encode turns a text into tokens, <s> text </s>, and several into one input,
// <s> a </s></s> b </s>. Special tokens' names in a text are plain text, and
// nothing is cut off. Every string works, also one that is not valid UTF-8.
// Without a vocabulary (see Tokenizer) it returns nil.
// As fairseq's RobertaHubInterface.encode.
func (m *Model) Encode(s string, more ...string) []int {
	if m.tok == nil {
		return nil
	}
	return tokenizer.Encode(m.tok, s, more...)
}

// EncodeNoSeparator is Encode with one </s> between texts, <s> a </s> b </s>.
func (m *Model) EncodeNoSeparator(s string, more ...string) []int {
	if m.tok == nil {
		return nil
	}
	return tokenizer.EncodeNoSeparator(m.tok, s, more...)
}

// Decode turns tokens back into text. Documents, which two </s> part, are
// joined; DecodeDocuments gives them one by one. Where fairseq fails (pads, no
// tokens at all) Decode skips what has no text. See tokenizer.Decode.
func (m *Model) Decode(tokens []int) string {
	if m.tok == nil {
		return ""
	}
	return tokenizer.Decode(m.tok, tokens)
}

// DecodeDocuments decodes the documents of an input: the parts between two
// </s>. As fairseq's decode, which returns a list there.
func (m *Model) DecodeDocuments(tokens []int) []string {
	if m.tok == nil {
		return nil
	}
	return tokenizer.DecodeDocuments(m.tok, tokens)
}
