package tokenizer_test

import (
	"slices"
	"testing"

	"github.com/goroberta/goroberta/tokenizer"
)

func TestTemplates(t *testing.T) {
	roberta := tokenizer.Roberta(bos, eos)
	special := func(id, typ int) tokenizer.Part { return tokenizer.Part{Text: -1, ID: id, Type: typ} }
	// As TemplateProcessing in tokenizer.json may have it: other tokens around a
	// pair than around one text, the second text first, token types.
	other := tokenizer.Template{
		Single: []tokenizer.Part{{Text: 0}, special(eos, 0)},
		Pair:   []tokenizer.Part{special(mask, 0), {Text: 1, Type: 1}, special(unk, 2), {Text: 0}},
	}
	for _, test := range []struct {
		name     string
		template tokenizer.Template
		texts    []string
		want     string
		types    []int
	}{
		{"one text", roberta, []string{"a"}, "<s>a</s>", nil},
		{"two texts", roberta, []string{"ab", "c"}, "<s>ab</s></s>c</s>", nil},
		{"four texts", roberta, []string{"a", "b", "", "d"}, "<s>a</s></s>b</s></s></s></s>d</s>", nil},
		{"no separator, one text", roberta.NoSeparator(), []string{"a"}, "<s>a</s>", nil},
		{"no separator, two texts", roberta.NoSeparator(), []string{"a", "b"}, "<s>a</s>b</s>", nil},
		{"no separator, three texts", roberta.NoSeparator(), []string{"a", "b", "c"}, "<s>a</s>b</s>c</s>", nil},
		{"no separator twice", roberta.NoSeparator().NoSeparator(), []string{"a", "b"}, "<s>a</s>b</s>", nil},
		{"plain, one text", tokenizer.Plain(), []string{"a"}, "a", nil},
		{"plain, three texts", tokenizer.Plain(), []string{"a", "b", "c"}, "abc", nil},
		{"plain, no separator", tokenizer.Plain().NoSeparator(), []string{"a", "b"}, "ab", nil},
		{"other, one text", other, []string{"a"}, "a</s>", nil},
		{"other, two texts", other, []string{"a", "bc"}, "<mask>bc<unk>a", []int{0, 1, 1, 2, 0}},
	} {
		t.Run(test.name, func(t *testing.T) {
			ids := test.template.IDs(letters{}, test.texts[0], test.texts[1:]...)
			if got := spell(ids); got != test.want {
				t.Errorf("IDs = %s, want %s", got, test.want)
			}
			e, err := test.template.Encode(letters{}, tokenizer.Limit{}, test.texts[0], test.texts[1:]...)
			if err != nil || !slices.Equal(e.IDs, ids) || !slices.Equal(e.Types, test.types) {
				t.Errorf("Encode = %+v, %v, want ids %v, types %v", e, err, ids, test.types)
			}
		})
	}
	// NoSeparator has left what it was called on as it was.
	if got := spell(roberta.IDs(letters{}, "a", "b")); got != "<s>a</s></s>b</s>" {
		t.Errorf("after NoSeparator the template gives %s", got)
	}
}

func TestEncode(t *testing.T) {
	if got := spell(tokenizer.Encode(letters{}, "a", "b", "c")); got != "<s>a</s></s>b</s></s>c</s>" {
		t.Errorf("Encode = %s", got)
	}
	if got := spell(tokenizer.EncodeNoSeparator(letters{}, "a", "b", "c")); got != "<s>a</s>b</s>c</s>" {
		t.Errorf("EncodeNoSeparator = %s", got)
	}
	e, err := tokenizer.Roberta(bos, eos).Encode(letters{}, tokenizer.Limit{}, "ab", "c")
	if err != nil {
		t.Fatal(err)
	}
	wantSpans := []tokenizer.Span{{}, {Start: 0, End: 1}, {Start: 1, End: 2}, {Start: 2, End: 2}, {}, {Start: 0, End: 1}, {Start: 1, End: 1}}
	if !slices.Equal(e.Spans, wantSpans) {
		t.Errorf("Spans = %v, want %v", e.Spans, wantSpans)
	}
	if want := []int{-1, 0, 0, -1, -1, 1, -1}; !slices.Equal(e.Sequence, want) {
		t.Errorf("Sequence = %v, want %v", e.Sequence, want)
	}

	// A text that is cut still ends where it ends.
	e, err = tokenizer.Roberta(bos, eos).Encode(letters{}, tokenizer.Limit{Length: 4, Truncation: tokenizer.OnlyFirst}, "abcde")
	if err != nil || e.Spans[2] != (tokenizer.Span{Start: 1, End: 2}) || e.Spans[3] != (tokenizer.Span{Start: 5, End: 5}) {
		t.Errorf("of a text that is cut: %+v, %v", e, err)
	}
}
