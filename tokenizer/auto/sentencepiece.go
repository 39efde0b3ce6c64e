package auto

import (
	"fmt"
	"slices"

	"github.com/goroberta/goroberta/sentencepiece"
	"github.com/goroberta/goroberta/tokenizer"
)

// sentencePiece makes the tokenizer of a SentencePiece model.
func (p *plan) sentencePiece(o *options, info *tokenizer.Info) (tokenizer.Tokenizer, error) {
	m, err := sentencepiece.Load(p.files[p.main], p.called[p.main])
	if err != nil {
		return nil, err
	}
	info.Kind = m.Kind()
	switch p.kind {
	case sentencePieceOwn:
		return m.Tokenizer(), nil
	case dictSentencePiece:
		dict, err := p.dict()
		if err != nil {
			return nil, err
		}
		tok, err := sentencepiece.NewFairseq(m, dict)
		if err != nil {
			return nil, p.in("dict.txt", err)
		}
		if n := tok.Missing(); n > 0 {
			info.Notes = append(info.Notes, fmt.Sprintf("%s lacks %d pieces of %s, which become <unk>", p.called["dict.txt"], n, p.called[p.main]))
		}
		return tok, nil
	}
	return p.sentencePieceHF(m, o)
}

// usualNames are RoBERTa's special tokens, in the order of roles.
var usualNames = []string{"<s>", "</s>", "<unk>", "</s>", "<pad>", "<s>", "<mask>"}

// sentencePieceHF makes the tokenizer of transformers' class for XLM-R or CamemBERT.
func (p *plan) sentencePieceHF(m *sentencepiece.Model, o *options) (tokenizer.Tokenizer, error) {
	build, offset := sentencepiece.NewXLMRoberta, 1 // ids are those of the pieces and this
	if p.config.class() == "CamembertTokenizer" {
		build, offset = sentencepiece.NewCamembert, 4
	}
	tok, err := build(m)
	if err != nil {
		return nil, p.in(p.main, err)
	}
	var added []sentencepiece.AddedToken
	for i, role := range roles {
		t, ok := p.config.role(role)
		switch {
		case ok && t.text != usualNames[i]:
			return nil, p.in(p.main, fmt.Errorf("%s is %.100q, want %q: other special tokens are not known for a SentencePiece model", role, t.text, usualNames[i]))
		case ok && t.flags && role == "mask_token":
			added = append(added, sentencepiece.AddedToken{Text: t.text, ID: tok.Special().Mask, LStrip: t.lstrip, RStrip: t.rstrip})
		}
	}
	next := tok.Len()
	for _, t := range p.config.tokens() {
		switch piece, ok := m.Lookup(t.text); {
		case slices.Contains(usualNames, t.text):
			continue
		case t.singleWord:
			return nil, p.in(p.main, fmt.Errorf("added token %.100q is a single_word, which is not supported here", t.text))
		case t.id >= 0:
		case offset == 4 && slices.Contains([]string{"<s>NOTUSED", "</s>NOTUSED", "<unk>NOTUSED"}, t.text):
			continue // the class has them
		case ok && piece >= 3:
			t.id = piece + offset
		default:
			t.id = next
		}
		next = max(next, t.id+1)
		added = append(added, sentencepiece.AddedToken{Text: t.text, ID: t.id, LStrip: t.lstrip, RStrip: t.rstrip})
	}
	opts := []sentencepiece.Option{sentencepiece.WithAddedTokens(added...)}
	if o.plainText {
		opts = append(opts, sentencepiece.WithPlainText())
	}
	if tok, err = build(m, opts...); err != nil {
		return nil, p.in(p.main, err)
	}
	return tok, nil
}
