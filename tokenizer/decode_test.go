package tokenizer_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/goroberta/goroberta/tokenizer"
)

const (
	a = 10 + 'a'
	b = 10 + 'b'
)

func TestDecode(t *testing.T) {
	for _, test := range []struct {
		name         string
		ids          []int
		documents    []string
		skip         string // by DecodeSkipSpecial
		raw          string
		notInDecoder bool // DecodeRaw refuses an id
	}{
		{"one text", []int{bos, a, b, eos}, []string{"ab"}, "ab", "<s>ab</s>", false},
		{"no ids", nil, []string{""}, "", "", false},
		{"two documents", []int{bos, a, eos, eos, b, eos}, []string{"a", "b"}, "ab", "<s>a</s></s>b</s>", false},
		{"one </s> between", []int{bos, a, eos, b, eos}, []string{"ab"}, "ab", "<s>a</s>b</s>", false},
		{"two empty documents", []int{bos, eos, eos}, []string{"", ""}, "", "<s></s></s>", false},
		{"three empty documents", []int{bos, eos, eos, eos}, []string{"", "", ""}, "", "<s></s></s></s>", false},
		{"<s> in the text", []int{a, bos, b}, []string{"ab"}, "ab", "a<s>b", false},
		{"symbols", []int{bos, mask, a, unk, eos}, []string{"<mask>a<unk>"}, "a", "<s><mask>a<unk></s>", false},
		{"pads", []int{bos, a, eos, pad, pad}, []string{"a"}, "a", "<s>a</s><pad><pad>", false},
		{"holes", []int{0, a, 6, 270}, []string{"a"}, "a", "a", false},
		{"from the end", []int{a - 272, mask - 272}, []string{"a<mask>"}, "a", "a<mask>", false},
		{"outside", []int{a, 272, -273}, []string{"a<unk><unk>"}, "a", "", true},
		{"</s> from the end", []int{a, eos - 272, eos, b}, []string{"ab"}, "ab", "a</s></s>b", false},
		{"not UTF-8", []int{10 + 0xe4, 10 + 0xb8, a, 10 + 0xff}, []string{"\ufffda\ufffd"}, "\ufffda\ufffd", "\ufffda\ufffd", false},
		{"one character", []int{10 + 0xc3, 10 + 0xa9}, []string{"é"}, "é", "é", false},
		{"a character over a pad", []int{10 + 0xc3, pad, 10 + 0xa9}, []string{"é"}, "é", "\ufffd<pad>\ufffd", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			given := slices.Clone(test.ids)
			if got := tokenizer.DecodeDocuments(letters{}, test.ids); !slices.Equal(got, test.documents) {
				t.Errorf("DecodeDocuments = %q, want %q", got, test.documents)
			}
			want := test.documents[0]
			for _, d := range test.documents[1:] {
				want += "\n" + d
			}
			if got := tokenizer.Decode(letters{}, test.ids); got != want {
				t.Errorf("Decode = %q, want %q", got, want)
			}
			if got := tokenizer.ToValidUTF8(tokenizer.DecodeBytes(letters{}, test.ids)); got != want {
				t.Errorf("DecodeBytes gives %q, want %q", got, want)
			}
			if got := tokenizer.DecodeSkipSpecial(letters{}, test.ids); got != test.skip {
				t.Errorf("DecodeSkipSpecial = %q, want %q", got, test.skip)
			}
			got, err := tokenizer.DecodeRaw(letters{}, test.ids)
			if _, refused := errors.AsType[*tokenizer.IDError](err); got != test.raw || refused != test.notInDecoder {
				t.Errorf("DecodeRaw = %q, %v, want %q", got, err, test.raw)
			}
			if !slices.Equal(test.ids, given) {
				t.Errorf("the ids have become %v", test.ids)
			}
		})
	}
}

func TestDecodeRawError(t *testing.T) {
	_, err := tokenizer.DecodeRaw(letters{}, []int{a, 5000})
	e, ok := errors.AsType[*tokenizer.IDError](err)
	if !ok || *e != (tokenizer.IDError{ID: 5000, Index: 1}) || !errors.Is(err, tokenizer.ErrID) {
		t.Errorf("error %#v", err)
	}
	if want := "tokenizer: ids[1] = 5000: not in the vocabulary"; err == nil || err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
}

// bare has no special tokens.
type bare struct{ letters }

func (bare) Special() tokenizer.Special {
	return tokenizer.Special{BOS: -1, Pad: -1, EOS: -1, Unk: -1, Mask: -1}
}

// TestDecodeWithoutSpecial: -1 counts from the end even where EOS is -1, and an
// id outside the vocabulary has no <unk> to become.
func TestDecodeWithoutSpecial(t *testing.T) {
	if got := tokenizer.DecodeDocuments(bare{}, []int{a, -1, -1, 9999, b}); !slices.Equal(got, []string{"ab"}) {
		t.Errorf("DecodeDocuments = %q, want one document ab", got)
	}
	if got := tokenizer.TokenText(bare{}, 9999); got != "" {
		t.Errorf("TokenText(9999) = %q, want none", got)
	}
}

func TestTokenText(t *testing.T) {
	for id, want := range map[int]string{a: "a", mask: "<mask>", mask - 272: "<mask>", 9999: "<unk>", 0: "", 10 + 0xff: "\ufffd"} {
		if got := tokenizer.TokenText(letters{}, id); got != want {
			t.Errorf("TokenText(%d) = %q, want %q", id, got, want)
		}
	}
}
