package auto

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goroberta/goroberta/internal/pyjson"
	"github.com/goroberta/goroberta/tokenizer"
)

// A config is what the files beside a vocabulary say. A map is nil if its file is not
// there. Members of a kind that nobody expects count as missing.
type config struct {
	tokenizer, special, added, model, sentence map[string]any
}

// readConfig reads the files that are there.
func (p *plan) readConfig() error {
	c := &p.config
	for i, to := range []*map[string]any{&c.tokenizer, &c.special, &c.added, &c.model, &c.sentence} {
		name := configNames[i]
		if !p.take(name) {
			continue
		}
		m, err := pyjson.Object(p.files[name])
		if err != nil {
			return p.in(name, fmt.Errorf("not a JSON object: %.200w", err))
		}
		*to = m
	}
	p.looked = nil // none of these is a tokenizer
	return nil
}

// classes are the tokenizers of model types.
var classes = map[string]string{
	"roberta": "RobertaTokenizer", "roberta-prelayernorm": "RobertaTokenizer", "data2vec-text": "RobertaTokenizer",
	"xlm-roberta": "XLMRobertaTokenizer", "xlm-roberta-xl": "XLMRobertaTokenizer", "camembert": "CamembertTokenizer", "bert": "BertTokenizer",
}

// class is the class of the tokenizer, without Fast at its end; "" if no file says it.
func (c *config) class() string {
	for _, m := range []map[string]any{c.tokenizer, c.model} {
		if s := pyjson.String(m, "tokenizer_class"); s != "" {
			return strings.TrimSuffix(s, "Fast")
		}
	}
	return classes[pyjson.String(c.model, "model_type")]
}

// prefixSpace is add_prefix_space as transformers has it for RoBERTa's own class: false
// where tokenizer_config.json does not say it; ok is false where the file is missing or
// the class is another one.
func (c *config) prefixSpace() (add, ok bool) {
	if c.tokenizer == nil || !slices.Contains([]string{"RobertaTokenizer", "LongformerTokenizer", "BartTokenizer"}, c.class()) {
		return false, false
	}
	add, _ = c.tokenizer["add_prefix_space"].(bool)
	return add, true
}

// noLength is above all lengths: transformers writes 1e30 for none.
const noLength = 1 << 24

// describe fills in what the files say of lengths.
func (c *config) describe(info *tokenizer.Info) {
	for _, v := range []any{c.sentence["max_seq_length"], c.tokenizer["model_max_length"]} {
		if n, ok := pyjson.Int(v); ok && 0 < n && n < noLength {
			info.MaxLength = n
			break
		}
	}
	info.TruncateLeft = pyjson.String(c.tokenizer, "truncation_side") == "left"
}

// A token is one that stands for itself in texts, as the files describe it.
type token struct {
	text           string
	id             int // -1: no file says it
	special        bool
	lstrip, rstrip bool
	singleWord     bool
	normalized     bool
	flags          bool // the file gives these; otherwise they are the class's
	file           string
}

// asToken reads a token, which is a string or an object.
func asToken(v any) (t token, ok bool) {
	switch v := v.(type) {
	case string:
		t.text = v
	case map[string]any:
		flag := func(name string) bool { b, _ := v[name].(bool); return b }
		t = token{text: pyjson.String(v, "content"), special: flag("special"), lstrip: flag("lstrip"), rstrip: flag("rstrip"),
			singleWord: flag("single_word"), normalized: flag("normalized"), flags: true}
	}
	t.id = -1
	return t, t.text != ""
}

// roles are the special tokens with a name of their own, by their members in
// tokenizer_config.json and special_tokens_map.json.
var roles = []string{"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"}

// role returns a special token; ok is false if no file names it. special_tokens_map.json
// counts before tokenizer_config.json, unless that has added_tokens_decoder: so
// transformers has it.
func (c *config) role(name string) (t token, ok bool) {
	if !c.hasDecoder() {
		t, ok = asToken(c.special[name])
		t.file = "special_tokens_map.json"
	}
	if !ok {
		t, ok = asToken(c.tokenizer[name])
		t.file = "tokenizer_config.json"
	}
	if !ok {
		return t, false
	}
	t.special = true
	for _, a := range c.decoder() {
		if a.text == t.text {
			return a, true
		}
	}
	return t, true
}

func (c *config) hasDecoder() bool {
	_, ok := c.tokenizer["added_tokens_decoder"].(map[string]any)
	return ok
}

// decoder lists added_tokens_decoder of tokenizer_config.json, by id.
func (c *config) decoder() []token {
	m, _ := c.tokenizer["added_tokens_decoder"].(map[string]any)
	var all []token
	for key, v := range m {
		id, err := strconv.Atoi(key)
		if t, ok := asToken(v); ok && err == nil && id >= 0 {
			t.id, t.file = id, "tokenizer_config.json"
			all = append(all, t)
		}
	}
	slices.SortFunc(all, byID)
	return all
}

// extra lists the special tokens without a role.
func (c *config) extra() []token {
	files := []string{"tokenizer_config.json", "special_tokens_map.json"}
	if c.hasDecoder() {
		files = files[:1]
	}
	var all []token
	for i, m := range []map[string]any{c.tokenizer, c.special}[:len(files)] {
		for _, name := range []string{"additional_special_tokens", "extra_special_tokens"} {
			list, _ := m[name].([]any)
			for _, v := range list {
				if t, ok := asToken(v); ok && !slices.ContainsFunc(all, func(u token) bool { return u.text == t.text }) {
					t.special, t.file = true, files[i]
					all = append(all, t)
				}
			}
		}
	}
	return all
}

// tokens lists all added tokens: those with ids first, by id, then the extra ones.
// added_tokens.json counts unless there is added_tokens_decoder.
func (c *config) tokens() []token {
	all := c.decoder()
	extra := c.extra()
	if !c.hasDecoder() {
		for text, v := range c.added {
			if id, ok := pyjson.Int(v); ok && id >= 0 && text != "" {
				all = append(all, token{text: text, id: id, file: "added_tokens.json"})
			}
		}
		slices.SortFunc(all, byID)
	}
	for _, t := range extra {
		i := slices.IndexFunc(all, func(u token) bool { return u.text == t.text })
		if i < 0 {
			all = append(all, t)
		} else {
			all[i].special = true
		}
	}
	return all
}

func byID(a, b token) int { return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.text, b.text)) }
