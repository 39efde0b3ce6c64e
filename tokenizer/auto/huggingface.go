package auto

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/goroberta/goroberta/internal/pyjson"
	"github.com/goroberta/goroberta/tokenizer"
	"github.com/goroberta/goroberta/tokenizer/hf"
)

// tokenizerJSON makes the tokenizer of tokenizer.json.
func (p *plan) tokenizerJSON(o *options, info *tokenizer.Info) (tokenizer.Tokenizer, error) {
	opts := []hf.Option{hf.WithSpecial(p.names(nil))}
	if add, ok := p.config.prefixSpace(); ok {
		opts = append(opts, hf.WithPrefixSpace(add))
	}
	if o.plainText {
		opts = append(opts, hf.WithPlainText())
	}
	tok, err := hf.Parse(p.files[p.main], p.called[p.main], opts...)
	if err != nil {
		return nil, err
	}
	add(info, tok.Info())
	// transformers would add tokens that other files list and this one lacks.
	for _, t := range p.config.tokens() {
		if _, ok := tok.Lookup(t.text); !ok {
			info.Notes = append(info.Notes, fmt.Sprintf("added token %.100q is not in %s, and so not known", t.text, info.File))
		}
	}
	return tok, nil
}

// add completes what is known of a tokenizer with what its file says.
func add(info *tokenizer.Info, file tokenizer.Info) {
	info.Kind, info.Truncation, info.Padding = file.Kind, file.Truncation, file.Padding
	info.Notes = append(info.Notes, file.Notes...)
}

// byteLevel makes the tokenizer of vocab.json and merges.txt.
func (p *plan) byteLevel(o *options, info *tokenizer.Info) (tokenizer.Tokenizer, error) {
	vocab := p.files["vocab.json"]
	s := &hf.Spec{
		Vocab: vocab, Merges: p.files["merges.txt"], VocabFile: p.called["vocab.json"], MergesFile: p.called["merges.txt"],
		Special: p.names(vocab),
	}
	s.AddPrefixSpace, _ = p.config.prefixSpace()
	if trim, ok := p.config.tokenizer["trim_offsets"].(bool); ok {
		s.NoTrim = !trim
	}
	put := func(t token) {
		if !slices.ContainsFunc(s.Added, func(a hf.AddedToken) bool { return a.Content == t.text }) {
			s.Added = append(s.Added, hf.AddedToken{ID: t.id, Content: t.text, SingleWord: t.singleWord, LStrip: t.lstrip, RStrip: t.rstrip, Normalized: t.normalized, Special: t.special})
		}
	}
	added := p.config.tokens()
	for _, t := range added {
		if t.id >= 0 {
			put(t)
		}
	}
	for i, name := range []string{s.Special.BOS, s.Special.EOS, s.Special.Unk, s.Special.Pad, s.Special.Mask} {
		mask := i == 4
		t, ok := p.special(name)
		if !ok {
			t = token{text: name, id: -1}
		}
		t.special = true
		if mask && !t.flags {
			t.lstrip = true // as transformers' RobertaTokenizer makes it of a string
		}
		if name != "" && (ok || hasToken(vocab, name)) {
			put(t)
		}
	}
	for _, t := range added {
		if t.id < 0 {
			put(t)
		}
	}
	var opts []hf.Option
	if o.plainText {
		opts = append(opts, hf.WithPlainText())
	}
	tok, err := hf.New(s, opts...)
	if err != nil {
		return nil, err
	}
	add(info, tok.Info())
	return tok, nil
}

// special returns the token with a role and this name; ok is false if no file gives a
// token of this name a role.
func (p *plan) special(name string) (token, bool) {
	for _, role := range roles {
		if t, ok := p.config.role(role); ok && t.text == name {
			return t, true
		}
	}
	return token{}, false
}

// names are the names of the special tokens: those that the files give them, else, if
// there is a vocab.json, those of the ids in config.json or else RoBERTa's. <s> and </s>
// are those that stand around texts.
func (p *plan) names(vocab []byte) hf.Names {
	name := func(usual, id string, roles ...string) string {
		for _, role := range roles {
			if t, ok := p.config.role(role); ok {
				return t.text
			}
		}
		if vocab == nil || hasToken(vocab, usual) {
			if vocab == nil {
				return ""
			}
			return usual
		}
		if n, ok := pyjson.Int(p.config.model[id]); ok {
			if s := tokenWithID(vocab, n); s != "" {
				return s
			}
		}
		return usual
	}
	return hf.Names{
		BOS: name("<s>", "bos_token_id", "cls_token", "bos_token"), EOS: name("</s>", "eos_token_id", "sep_token", "eos_token"),
		Pad: name("<pad>", "pad_token_id", "pad_token"), Unk: name("<unk>", "unk_token_id", "unk_token"), Mask: name("<mask>", "mask_token_id", "mask_token"),
	}
}

// hasToken reports whether a vocab.json may hold a token. Names of special tokens have
// no characters that JSON escapes.
func hasToken(vocab []byte, name string) bool { return bytes.Contains(vocab, []byte(`"`+name+`"`)) }

// tokenWithID finds a token of a vocab.json, "" if there is none.
func tokenWithID(vocab []byte, id int) string {
	m, _ := pyjson.Object(vocab) // an error shows again where the file is read
	for name, v := range m {
		if n, ok := pyjson.Int(v); ok && n == id {
			return name
		}
	}
	return ""
}
