package auto

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/goroberta/goroberta/bpe"
	"github.com/goroberta/goroberta/tokenizer"
	"github.com/goroberta/goroberta/tokenizer/fastbpe"
)

// build makes the tokenizer.
func (p *plan) build(o *options) (tokenizer.Tokenizer, tokenizer.Info, error) {
	info := tokenizer.Info{Notes: p.notes}
	if p.main != "" {
		info.File = p.called[p.main]
	}
	p.config.describe(&info)
	tok, err := p.makers(o, &info)
	if err != nil {
		return nil, tokenizer.Info{}, err
	}
	if p.VocabSize > 0 && tok.Len() > p.VocabSize {
		return nil, tokenizer.Info{}, p.tooLarge(tok)
	}
	return tok, info, nil
}

// tooLarge is the error for a vocabulary that is larger than the model's. It names the
// file that lists the first token without a row.
func (p *plan) tooLarge(tok tokenizer.Tokenizer) error {
	var added []token
	if p.kind != tokenizerJSON { // which has all that count
		added = p.config.tokens()
		for _, role := range roles {
			if t, ok := p.config.role(role); ok {
				added = append(added, t)
			}
		}
	}
	id, text := p.VocabSize, ""
	for ; id < tok.Len() && text == ""; id++ {
		text = string(tok.AppendText(nil, []int{id}))
	}
	for _, t := range added {
		if t.text == text {
			return p.in(t.file, fmt.Errorf("added token %.100q has id %d, but the model's token embedding has %d rows", text, id-1, p.VocabSize))
		}
	}
	return p.in(p.main, fmt.Errorf("the vocabulary has %d tokens, but the model's token embedding has %d rows", tok.Len(), p.VocabSize))
}

// makers makes the tokenizer of the plan's kind and says what it is.
func (p *plan) makers(o *options, info *tokenizer.Info) (tokenizer.Tokenizer, error) {
	switch p.kind {
	case builtIn:
		info.Kind = "byte-level BPE"
		return bpe.DefaultTokenizer(), nil
	case tokenizerJSON:
		return p.tokenizerJSON(o, info)
	case sentencePieceHF, sentencePieceOwn, dictSentencePiece:
		return p.sentencePiece(o, info)
	case byteLevel:
		return p.byteLevel(o, info)
	case fastBPE:
		info.Kind = "fastBPE"
		return p.fastBPE(o)
	case dictionary:
		return p.dictionary(info)
	case dictByteLevel:
		info.Kind = "byte-level BPE"
		enc, err := bpe.New(p.reader("vocab.json"), p.reader("merges.txt"))
		if err != nil {
			return nil, err
		}
		return p.withDictionary(enc)
	case dictFastBPE:
		info.Kind = "fastBPE"
		codes, err := fastbpe.ParseCodes(p.files[codesNames[0]], p.called[codesNames[0]])
		if err != nil {
			return nil, err
		}
		dict, err := p.dict()
		if err != nil {
			return nil, err
		}
		symbols := make([]string, dict.Len())
		for id := range symbols {
			symbols[id] = dict.Symbol(id)
		}
		return fastbpe.NewFairseq(symbols, dict.Mask(), codes), nil
	}
	return nil, errors.New("tokenizer: no files were chosen")
}

// dict reads dict.txt.
func (p *plan) dict() (*bpe.Dictionary, error) {
	dict, err := bpe.ParseDictionary(p.reader("dict.txt"), p.called["dict.txt"])
	if err != nil {
		return nil, err
	}
	dict = dict.AddMask()
	// fairseq refuses every other size, and rightly: it shows that the file is another
	// model's.
	if n := dict.Len(); p.VocabSize > 0 && n != p.VocabSize {
		return nil, p.in("dict.txt", fmt.Errorf("the dictionary has %d symbols, <mask> included, but the model's token embedding has %d rows", n, p.VocabSize))
	}
	return dict, nil
}

// withDictionary makes the tokenizer of a BPE and dict.txt.
func (p *plan) withDictionary(enc *bpe.Encoder) (tokenizer.Tokenizer, error) {
	dict, err := p.dict()
	if err != nil {
		return nil, err
	}
	return bpe.NewTokenizer(enc, dict), nil
}

// dictionary makes the tokenizer of fairseq's bpe gpt2, or of symbols.
func (p *plan) dictionary(info *tokenizer.Info) (tokenizer.Tokenizer, error) {
	info.Kind = "byte-level BPE"
	enc := bpe.Default()
	if p.files["encoder.json"] != nil && p.files["vocab.bpe"] != nil {
		var err error
		if enc, err = bpe.New(p.reader("encoder.json"), p.reader("vocab.bpe")); err != nil {
			return nil, err
		}
	}
	if p.files["dict.txt"] == nil {
		return p.withoutDictionary(enc, info)
	}
	dict, err := p.dict()
	if err != nil {
		return nil, err
	}
	if !dict.Numeric() {
		info.Kind = "symbols between spaces"
		enc = nil
	}
	return bpe.NewTokenizer(enc, dict), nil
}

// withoutDictionary makes the tokenizer of encoder.json and vocab.bpe alone: its ids are
// the model's if they begin with RoBERTa's special tokens; GPT-2's have a dictionary that
// is built in.
func (p *plan) withoutDictionary(enc *bpe.Encoder, info *tokenizer.Info) (tokenizer.Tokenizer, error) {
	dict, err := enc.Dictionary()
	if err == nil {
		return bpe.NewTokenizer(enc, dict), nil
	}
	if enc.Len() != bpe.Default().Len() {
		return nil, p.in("dict.txt", fmt.Errorf("the file is missing, which numbers the tokens of %s", p.called["encoder.json"]))
	}
	info.Notes = append(info.Notes, "no dict.txt numbers the tokens; that of the released models is used")
	return bpe.NewTokenizer(enc, bpe.DefaultDictionary()), nil
}

// fastBPE makes BERTweet's or PhoBERT's tokenizer.
func (p *plan) fastBPE(o *options) (tokenizer.Tokenizer, error) {
	var s fastbpe.Spec
	var err error
	if s.Words, err = fastbpe.ParseVocabulary(p.files["vocab.txt"], p.called["vocab.txt"]); err != nil {
		return nil, err
	}
	if s.Codes, err = fastbpe.ParseCodes(p.files[codesNames[0]], p.called[codesNames[0]]); err != nil {
		return nil, err
	}
	s.PlainText = o.plainText
	if p.config.class() == "BertweetTokenizer" {
		s.NormalizeTweets, _ = p.config.tokenizer["normalization"].(bool)
	}
	for i, to := range []*string{&s.BOS, &s.EOS, &s.Unk, &s.SEP, &s.Pad, &s.CLS, &s.Mask} {
		t, ok := p.config.role(roles[i])
		if !ok {
			continue
		}
		*to = t.text
		if t.flags {
			s.Added = append(s.Added, fastbpe.Added{Text: t.text, ID: t.id, Kind: tokenizer.Symbol, LStrip: t.lstrip, RStrip: t.rstrip})
		}
	}
	for _, t := range p.config.tokens() {
		if t.singleWord {
			return nil, p.in("tokenizer_config.json", fmt.Errorf("added token %.100q is a single_word, which is not supported here", t.text))
		}
		kind := tokenizer.Text
		if t.special {
			kind = tokenizer.Symbol
		}
		s.Added = append(s.Added, fastbpe.Added{Text: t.text, ID: t.id, Kind: kind, LStrip: t.lstrip, RStrip: t.rstrip})
	}
	tok, err := fastbpe.New(s)
	if err != nil {
		return nil, p.in("vocab.txt", err)
	}
	return tok, nil
}

// reader reads a file and names it as it is called on disk.
func (p *plan) reader(name string) namedReader {
	return namedReader{bytes.NewReader(p.files[name]), p.called[name]}
}

type namedReader struct {
	*bytes.Reader
	name string
}

// Name is what package bpe calls the file in errors.
func (r namedReader) Name() string { return r.name }
