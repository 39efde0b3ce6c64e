package hf

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/tokenizer"
)

// check holds a tokenizer to what its interface promises of any text.
func check(t *testing.T, tok *Tokenizer, text string) {
	t.Helper()
	ids, spans := tok.AppendSpans(nil, nil, text)
	if again := tok.Append(nil, text); !slices.Equal(ids, again) {
		t.Fatalf("Append = %v, AppendSpans = %v", again, ids)
	}
	if len(spans) != len(ids) {
		t.Fatalf("%d spans of %d ids", len(spans), len(ids))
	}
	end := 0
	for i, s := range spans {
		if s.Start < 0 || s.Start > s.End || s.End > len(text) || s.End < end {
			t.Fatalf("span %d of %v of %d bytes", i, spans, len(text))
		}
		end = s.End
		if ids[i] < 0 || ids[i] >= tok.Len() {
			t.Fatalf("id %d of %d", ids[i], tok.Len())
		}
		tok.Bytes(ids[i])
	}
	tok.AppendText(nil, ids)
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(small(`"normalizer": {"type": "NFC"}, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true}, "decoder": {"type": "ByteLevel"}, `)), "ab <m> é\xff")
	f.Add([]byte(small(`"added_tokens": [{"id": 3, "content": "<m>", "single_word": false, "lstrip": true, "rstrip": true, "normalized": true, "special": true}], `)), "a <m> b")
	f.Add([]byte(`{"normalizer": {"type": "Replace", "pattern": {"Regex": "^"}, "content": "x"}, "model": {"unk_id": 0, "vocab": [["<unk>", 0], ["a", -1], ["▁", -2.5]]}, "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first"}}`), "a b")
	f.Add([]byte(`{"pre_tokenizer": {"type": "Split", "pattern": {"String": "a"}, "behavior": "MergedWithNext", "invert": true}, "model": {"type": "BPE", "vocab": {"a": 0, "b": 7}, "merges": [], "unk_token": "b", "fuse_unk": true}, "decoder": {"type": "Sequence", "decoders": [{"type": "Fuse"}, {"type": "Strip", "content": "a", "start": 1, "stop": 1}]}}`), "xaya")
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		tok, err := Parse(data, "tokenizer.json")
		if err != nil {
			if e := (*Error)(nil); !errors.As(err, &e) || len(err.Error()) > 1000 {
				t.Fatalf("error %T of %d bytes: %.200v", err, len(err.Error()), err)
			}
			return
		}
		if len(text) > 200 {
			text = text[:200]
		}
		check(t, tok, text)
	})
}

func FuzzEncode(f *testing.F) {
	var toks, plain []*Tokenizer
	for _, name := range []string{"bytelevel", "bytelevel_prefix_space", "added_flags_nfc_lowercase", "xlmr_hub", "camembert_tf4", "unigram_first", "spm_bpe_tf4", "unigram_bytes"} {
		tok := parseGolden(f, name)
		toks, plain = append(toks, tok), append(plain, tok.Plain())
	}
	for i, s := range []string{"Hello  world", "a <mask> b\xff", "<l> <r>  lead", "\x01½ ﬁ\u0301 </s>", "a\u3000 b \n", "日本 word", "né e\u0301 İ", "☃☃☃"} {
		f.Add(uint8(i), s)
	}
	f.Fuzz(func(t *testing.T, which uint8, text string) {
		tok := toks[int(which)%len(toks)]
		check(t, tok, text)
		check(t, plain[int(which)%len(toks)], text)
		// A byte-level BPE loses nothing of a text without added tokens.
		if tok.anyBytes && !strings.ContainsRune(text, '<') {
			got := string(tok.AppendText(nil, tok.Append(nil, text)))
			if tok.prefix && text != "" && text[0] != ' ' {
				text = " " + text
			}
			if got != text {
				t.Fatalf("decoded %q, want %q", got, text)
			}
		}
		_ = tokenizer.Decode(tok, tok.Append(nil, text))
	})
}
