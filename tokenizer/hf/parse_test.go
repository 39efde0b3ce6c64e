package hf

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/bpe"
	"github.com/goroberta/goroberta/internal/charsmap"
	"github.com/goroberta/goroberta/tokenizer"
)

// small is a tokenizer.json of a small BPE with these sections beside the model.
func small(sections string) string {
	return `{"version": "1.0", ` + sections + `"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "<m>": 3, "<unk>": 4}, "merges": ["a b"]}}`
}

func mustParse(t testing.TB, text string, opts ...Option) *Tokenizer {
	t.Helper()
	tok, err := Parse([]byte(text), "tokenizer.json", opts...)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func TestErrors(t *testing.T) {
	model := func(m string) string { return `{"model": ` + m + `}` }
	for _, test := range []struct {
		name, text string
		section    string
		want       error
		says       string
	}{
		{"nothing", ``, "", ErrFormat, "end of the file"},
		{"an array", `[]`, "", ErrFormat, `want '{'`},
		{"cut", small("")[:80], "", ErrFormat, "byte 79"},
		{"more after it", small("") + "{}", "", ErrFormat, "after the value"},
		{"deep", `{"x": ` + strings.Repeat("[", 200), "", ErrFormat, "in one another"},
		{"a lone surrogate", `{"x": "\ud800"}`, "", ErrFormat, "escape"},
		{"not UTF-8", "{\"x\": \"\xff\"}", "", ErrFormat, "UTF-8"},
		{"Git LFS", "version https://git-lfs.github.com/spec/v1\noid", "", ErrFormat, "git lfs pull"},
		{"another version", `{"version": "2.0"}`, "", ErrNotSupported, `"2.0"`},
		{"no model", `{}`, "model", ErrFormat, "missing"},
		{"WordPiece", model(`{"type": "WordPiece"}`), "model", ErrNotSupported, `"WordPiece"`},
		{"WordPiece by its fields", model(`{"vocab": {}, "unk_token": "x", "max_input_chars_per_word": 100}`), "model", ErrNotSupported, `"WordPiece"`},
		{"WordLevel", model(`{"vocab": {}, "unk_token": "x"}`), "model", ErrNotSupported, `"WordLevel"`},
		{"another model", model(`{"type": "Foo"}`), "model", ErrNotSupported, `"Foo"`},
		{"dropout", model(`{"type": "BPE", "dropout": 0.1, "vocab": {}, "merges": []}`), "model", ErrNotSupported, "dropout"},
		{"a token twice", model(`{"type": "BPE", "vocab": {"a": 0, "a": 1}, "merges": []}`), "model.vocab", ErrDuplicate, `"a"`},
		{"an id twice", model(`{"type": "BPE", "vocab": {"a": 0, "b": 0}, "merges": []}`), "model.vocab", ErrDuplicate, `"b"`},
		{"a negative id", model(`{"type": "BPE", "vocab": {"a": -1}, "merges": []}`), "model", ErrFormat, "-1"},
		{"an id without end", model(`{"type": "BPE", "vocab": {"a": 99999999999999999999}, "merges": []}`), "model", ErrFormat, "9999"},
		{"an id that is no integer", model(`{"type": "BPE", "vocab": {"a": 1.5}, "merges": []}`), "model", ErrFormat, "1.5"},
		{"a merge of what is not there", model(`{"type": "BPE", "vocab": {"a": 0}, "merges": ["a b"]}`), "model.merges", ErrUnknownToken, `"b"`},
		{"a merge into what is not there", model(`{"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": [["a", "b"]]}`), "model.merges", ErrUnknownToken, `"ab"`},
		{"merges of both forms", model(`{"type": "BPE", "vocab": {"a": 0, "aa": 1}, "merges": ["a a", ["a", "a"]]}`), "model", ErrFormat, "one list"},
		{"a merge of three", model(`{"type": "BPE", "vocab": {"a": 0}, "merges": [["a", "a", "a"]]}`), "model", ErrFormat, "3 tokens"},
		{"no unknown token", model(`{"type": "BPE", "vocab": {"a": 0}, "merges": [], "unk_token": "u"}`), "model", ErrUnknownToken, `"u"`},
		{"NaN", model(`{"type": "Unigram", "unk_id": 0, "vocab": [["a", NaN]]}`), "", ErrFormat, "NaN"},
		{"a score out of range", model(`{"type": "Unigram", "unk_id": 0, "vocab": [["a", -1e999]]}`), "model", ErrFormat, "range"},
		{"no unk_id", model(`{"type": "Unigram", "vocab": [["a", -1]]}`), "model", ErrNotSupported, "unk_id"},
		{"unk_id too large", model(`{"type": "Unigram", "unk_id": 1, "vocab": [["a", -1]]}`), "model", ErrFormat, "unk_id"},
		{"a huge piece", model(`{"type": "Unigram", "unk_id": 0, "vocab": [["` + strings.Repeat("a", 1<<17) + `", -1]]}`), "model", ErrTooLarge, "bytes"},
		{"another normalizer", small(`"normalizer": {"type": "Foo"}, `), "normalizer", ErrNotSupported, `"Foo"`},
		{"BERT's normalizer", small(`"normalizer": {"type": "Sequence", "normalizers": [{"type": "BertNormalizer"}]}, `), "normalizer", ErrNotSupported, `"BertNormalizer"`},
		{"a field missing", small(`"normalizer": {"type": "Strip", "strip_left": true}, `), "normalizer", ErrFormat, "strip_right"},
		{"a damaged charsmap", small(`"normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAA"}, `), "normalizer", charsmap.ErrFormat, "charsmap"},
		{"a charsmap that is no base64", small(`"normalizer": {"type": "Precompiled", "precompiled_charsmap": "*"}, `), "normalizer", ErrFormat, "charsmap"},
		{"an expression that does not compile", small(`"normalizer": {"type": "Replace", "pattern": {"Regex": "("}, "content": ""}, `), "normalizer", ErrFormat, `"("`},
		{"an expression that would be read otherwise", small(`"normalizer": {"type": "Replace", "pattern": {"Regex": "[a&&b]"}, "content": ""}, `), "normalizer", ErrNotSupported, "&&"},
		{"a huge expression", small(`"normalizer": {"type": "Replace", "pattern": {"Regex": "` + strings.Repeat("(", 1<<16) + `"}, "content": ""}, `), "normalizer", ErrFormat, "65536"},
		{"another pre-tokenizer", small(`"pre_tokenizer": {"type": "UnicodeScripts"}, `), "pre_tokenizer", ErrNotSupported, `"UnicodeScripts"`},
		{"another behavior", small(`"pre_tokenizer": {"type": "Punctuation", "behavior": "x"}, `), "pre_tokenizer", ErrNotSupported, `"x"`},
		{"Metaspace that contradicts itself", small(`"pre_tokenizer": {"type": "Metaspace", "replacement": "_", "add_prefix_space": false}, `), "pre_tokenizer", ErrFormat, "add_prefix_space"},
		{"another decoder", small(`"decoder": {"type": "CTC"}, `), "decoder", ErrNotSupported, `"CTC"`},
		{"another processor", small(`"post_processor": {"type": "Foo"}, `), "post_processor", ErrNotSupported, `"Foo"`},
		{"a template of an unknown token", small(`"post_processor": {"type": "TemplateProcessing", "special_tokens": {}, "single": [{"SpecialToken": {"id": "x", "type_id": 0}}], "pair": []}, `), "post_processor", ErrUnknownToken, `"x"`},
		{"a second text in a template of one", small(`"post_processor": {"type": "TemplateProcessing", "special_tokens": {}, "single": [{"Sequence": {"id": "B", "type_id": 0}}], "pair": []}, `), "post_processor", ErrFormat, `"B"`},
		{"another strategy", small(`"truncation": {"strategy": "x", "max_length": 1, "stride": 0}, `), "truncation", ErrNotSupported, `"x"`},
		{"an added token without flags", small(`"added_tokens": [{"id": 0, "content": "a"}], `), "added_tokens", ErrFormat, "single_word"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse([]byte(test.text), "its name")
			e := (*Error)(nil)
			if !errors.As(err, &e) || !errors.Is(err, test.want) {
				t.Fatalf("error %v, want %v", err, test.want)
			}
			if e.File != "its name" || e.Section != test.section || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %q in section %q, want section %q and %q", err, e.Section, test.section, test.says)
			}
			if n := len(err.Error()); n > 400 {
				t.Errorf("an error of %d bytes", n)
			}
		})
	}
}

// A huge id costs no memory for those below it.
func TestHugeID(t *testing.T) {
	tok := mustParse(t, `{"model": {"type": "BPE", "vocab": {"a": 2000000000, "b": 3}, "merges": []}}`)
	if got := tok.Append(nil, "ab"); !slices.Equal(got, []int{2000000000, 3}) {
		t.Errorf("Append = %v", got)
	}
	if tok.Len() != 2000000001 || tok.Kind(5) != tokenizer.Filler || string(tok.Bytes(2000000000)) != "a" || tok.Bytes(5) != nil || tok.Bytes(-1) != nil {
		t.Errorf("Len %d, kind of a hole %v", tok.Len(), tok.Kind(5))
	}
}

func TestAddedTokens(t *testing.T) {
	flags := func(id int, content, set string) string {
		all := fmt.Sprintf(`{"id": %d, "content": %q`, id, content)
		for _, f := range []string{"single_word", "lstrip", "rstrip", "normalized", "special"} {
			all += fmt.Sprintf(`, %q: %v`, f, strings.Contains(set, f))
		}
		return all + "}"
	}
	text := small(`"added_tokens": [` + flags(9, "<m>", "special lstrip") + "," + flags(5, "<x>", "rstrip") + "," + flags(6, "<x>ab", "single_word") + `], `)
	tok := mustParse(t, text)
	for _, test := range []struct {
		text string
		ids  []int
	}{
		{"ab<m>ab", []int{2, 3, 2}},
		{"<x>a", []int{5, 0}},
		{"<x>ab", []int{6}},
		{"<x>aba", []int{2, 0}}, // the longest is found, and dropped since it is no word
		{"<x>", []int{5}},
	} {
		if got := tok.Append(nil, test.text); !slices.Equal(got, test.ids) {
			t.Errorf("Append(%q) = %v, want %v", test.text, got, test.ids)
		}
	}
	_, spans := tok.AppendSpans(nil, nil, "a \t<m>a<x>  b")
	if want := []tokenizer.Span{{Start: 0, End: 1}, {Start: 1, End: 6}, {Start: 6, End: 7}, {Start: 7, End: 12}, {Start: 12, End: 13}}; !slices.Equal(spans, want) {
		t.Errorf("spans %v, want %v", spans, want)
	}
	if notes := strings.Join(tok.Info().Notes, "\n"); !strings.Contains(notes, `"<m>" has id 9`) || strings.Contains(notes, `"<x>"`) {
		t.Errorf("notes %q, want one about <m> alone", notes)
	}
	if tok.Kind(3) != tokenizer.Symbol || tok.Kind(5) != tokenizer.Text || tok.Kind(7) != tokenizer.Filler {
		t.Errorf("kinds %v %v %v", tok.Kind(3), tok.Kind(5), tok.Kind(7))
	}
	for _, plain := range []*Tokenizer{tok.Plain(), mustParse(t, text, WithPlainText())} {
		if got := plain.Append(nil, "ab<m><x>"); !slices.Equal(got, []int{2, 5}) {
			t.Errorf("plain: Append = %v, want 2 5: the special token is letters, which the vocabulary lacks", got)
		}
	}
}

// In a plain Unigram model a special token is not matched as a piece either.
func TestPlainUnigram(t *testing.T) {
	tok := parseGolden(t, "xlmr_hub")
	id, ok := tok.Lookup("<mask>")
	if !ok || !slices.Contains(tok.Append(nil, "a <mask> b"), id) {
		t.Errorf("<mask> is not found: id %d", id)
	}
	for _, s := range []string{"a <mask> b", "<mask>", "x<s></s>"} {
		for _, id := range tok.Plain().Append(nil, s) {
			if k := tok.Kind(id); k != tokenizer.Text && id != tok.Special().Unk {
				t.Errorf("plain: %q has token %d of kind %v", s, id, k)
			}
		}
	}
}

func TestNew(t *testing.T) {
	tok, err := New(gpt2(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"", "Hello world!", "It's  naïve\n\n", "\xff\xc3 中"} {
		ids, spans := tok.AppendSpans(nil, nil, s)
		if want := bpe.Default().Append(nil, s); !slices.Equal(ids, want) {
			t.Errorf("%q: %v, want %v", s, ids, want)
		}
		if got := string(tok.AppendText(nil, ids)); got != s {
			t.Errorf("%q decodes to %q", s, got)
		}
		if len(spans) != len(ids) {
			t.Errorf("%q: %d spans", s, len(spans))
		}
	}
	if got, want := tokenizer.Encode(tok, "a <mask> b", "c"), []int{50257, 64, 50261, 275, 50259, 50259, 66, 50259}; !slices.Equal(got, want) {
		t.Errorf("Encode = %v, want %v", got, want)
	}
	if s := tok.Special(); s != (tokenizer.Special{BOS: 50257, Pad: 50258, EOS: 50259, Unk: 50260, Mask: 50261}) {
		t.Errorf("Special = %+v", s)
	}
	if info := tok.Info(); info.Kind != "byte-level BPE" || info.File != "encoder.json" || len(info.Notes) != 0 {
		t.Errorf("Info = %+v", info)
	}
	prefixed, err := New(gpt2(t), WithPrefixSpace(true))
	if err != nil {
		t.Fatal(err)
	}
	ids, spans := prefixed.AppendSpans(nil, nil, "Hello <mask>x")
	if want := append(bpe.Default().Append(nil, " Hello"), 50261, 2124); !slices.Equal(ids, want) {
		t.Errorf("with a prefix space: %v, want %v", ids, want)
	}
	if spans[0] != (tokenizer.Span{Start: 0, End: 5}) {
		t.Errorf("with a prefix space: spans %v", spans)
	}

	spec := gpt2(t)
	spec.Special.EOS = "</nothing>"
	spec.Added = nil
	if _, err := New(spec); !errors.Is(err, ErrUnknownToken) {
		t.Errorf("without EOS: %v", err)
	}
	spec = gpt2(t)
	spec.Merges = append(spec.Merges, "q Ġwhatever\n"...)
	if e := (*Error)(nil); !errors.As(func() error { _, err := New(spec); return err }(), &e) || e.File != "vocab.bpe" {
		t.Errorf("a merge without a token: %v", e)
	}
}

// Both models of a byte-level BPE agree.
func TestModelsAgree(t *testing.T) {
	spec := gpt2(t)
	tok, err := New(spec)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := parseMerges(spec.Merges, "")
	if err != nil {
		t.Fatal(err)
	}
	merges, err := tok.vocab.resolve(rules, 0, "", "", "")
	if err != nil {
		t.Fatal(err)
	}
	slow := newCharBPE(tok.vocab, merges)
	slow.mapped = true
	for _, s := range []string{"a", " the", "Telecommunications", " naïve", "\xff\xff", strings.Repeat("ab", 300), strings.Repeat("=", 77)} {
		want := tok.model.appendIDs(nil, s, new(scratch))
		if got := slow.appendIDs(nil, s, new(scratch)); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", s, got, want)
		}
		fast, other := tok.model.appendTokens(nil, s, new(scratch)), slow.appendTokens(nil, s, new(scratch))
		if !slices.Equal(fast, other) {
			t.Errorf("tokens of %q: %v, want %v", s, other, fast)
		}
	}
}

// What a merge makes is part of a merge of lower rank: then the order counts.
func TestOrder(t *testing.T) {
	tok := mustParse(t, `{"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "aba": 3, "abab": 4}, "merges": ["ab a", "a b", "ab ab"]}}`)
	if got := tok.Append(nil, "abab"); !slices.Equal(got, []int{3, 1}) {
		t.Errorf("Append = %v, want 3 1", got)
	}
	if inOrder([]merge{{2, 0, 3}, {0, 1, 2}}, 4) || !inOrder([]merge{{0, 1, 2}, {2, 0, 3}}, 4) {
		t.Error("inOrder is wrong")
	}
}

func TestMalformed(t *testing.T) {
	tok := parseGolden(t, "xlmr_hub")
	ids, spans := tok.AppendSpans(nil, nil, "a\xffb")
	same, _ := tok.AppendSpans(nil, nil, "a\uFFFDb")
	if !slices.Equal(ids, same) {
		t.Errorf("a byte that is not UTF-8: %v, U+FFFD: %v", ids, same)
	}
	if last := spans[len(spans)-1]; last.End != 3 {
		t.Errorf("spans %v", spans)
	}
}

func TestExpressions(t *testing.T) {
	for _, test := range []struct{ expr, text, want string }{
		{`\w+`, "a1_é²|-b", "a1_é²||-|b"},
		{`[[:punct:]]`, "a$b", "a|$|b"},
		{`\h`, "xfz", "x|f|z"},
		{`\p{^L}`, "a1", "a|1"},
		{`(?m:.)x`, "\nx", "\nx"},
		{`a*`, "baab", "|b|aa|b|"},
		{`\bx`, "²x x", "²x |x"},
		{`\p{Lu}`, "\U00010D50", "\U00010D50"},
	} {
		x, err := newExpression(test.expr)
		if err != nil {
			t.Error(err)
			continue
		}
		var parts []string
		for _, m := range x.find(nil, test.text) {
			parts = append(parts, test.text[m.lo:m.hi])
		}
		if got := strings.Join(parts, "|"); got != test.want {
			t.Errorf("%s in %q: %q, want %q", test.expr, test.text, got, test.want)
		}
	}
}

// An expression that backtracks without end gives up, and says so.
func TestTimeout(t *testing.T) {
	tok := mustParse(t, small(`"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "^(([a-z])+.)+[A-Z]([a-z])+$"}, "behavior": "Isolated", "invert": false}, `))
	if err := tok.Check("ab"); err != nil {
		t.Errorf("Check = %v", err)
	}
	text := strings.Repeat("a", 60)
	err := tok.Check(text)
	if e := (*PatternError)(nil); !errors.As(err, &e) || !errors.Is(err, ErrTimeout) {
		t.Errorf("Check = %v, want a timeout", err)
	}
	if ids, spans := tok.AppendSpans([]int{7}, nil, text); len(ids) != 1 || len(spans) != 0 {
		t.Errorf("AppendSpans = %v, %v, want nothing appended", ids, spans)
	}
}

func TestSections(t *testing.T) {
	tok := mustParse(t, small(`"truncation": {"direction": "Left", "max_length": 9, "strategy": "OnlyFirst", "stride": 2},
		"padding": {"strategy": {"Fixed": 7}, "direction": "Left", "pad_to_multiple_of": 8, "pad_id": 4, "pad_type_id": 1, "pad_token": "x"}, `))
	info := tok.Info()
	if info.Truncation == nil || *info.Truncation != (tokenizer.Limit{Length: 9, Truncation: tokenizer.OnlyFirst, Left: true, Stride: 2}) {
		t.Errorf("Truncation = %+v", info.Truncation)
	}
	if info.Padding == nil || *info.Padding != (tokenizer.Padding{Length: 7, MultipleOf: 8, Left: true, ID: 4, Type: 1}) {
		t.Errorf("Padding = %+v", info.Padding)
	}
	if got := tokenizer.Encode(tok, strings.Repeat("a", 20)); len(got) != 20 {
		t.Errorf("%d tokens: it was cut unasked", len(got))
	}
}

// TestPrecompiledMarks: a character changes that stands second in a cluster, where no key
// begins with the first byte of the first. Values by tokenizers 0.23.3.
func TestPrecompiledMarks(t *testing.T) {
	tok := parseGolden(t, "xlmr_hub")
	for _, text := range []string{"\u0301\u0344", "a\u0344", "é\u0344x", "ж\u0344"} {
		want := strings.ReplaceAll(text, "\u0344", "\u0308\u0301")
		p := piece{text: text, mem: new(scratch)}
		for _, n := range tok.normalizer {
			p = n.normalize(p)
		}
		if p.text != want {
			t.Errorf("%+q becomes %+q, want %+q", text, p.text, want)
		}
	}
}
