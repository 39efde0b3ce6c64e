package tokenizer_test

import (
	"testing"

	"github.com/goroberta/goroberta/tokenizer"
)

func TestToValidUTF8(t *testing.T) {
	const r = "\uFFFD"
	for _, test := range []struct{ in, want string }{
		{"plain é中👍", "plain é中👍"},
		{"\uFFFD", r},
		{"\xe4\xb8", r},             // a prefix of three bytes
		{"\xc0\x80", r + r},         // C0 never begins a character
		{"\xed\xa0\x80", r + r + r}, // a surrogate
		{"\xf0\x9f\x91", r},
		{"\xf0\x80\x80", r + r + r}, // overlong
		{"\xf4\x90\x80\x80", r + r + r + r},
		{"\xe0\x80\x80", r + r + r},
		{"\xe4a", r + "a"},
		{"\xe4\xb8\xe4\xb8\xad", r + "中"},
		{"\xf1\x80\x80\xe1\x80\xc2b", r + r + r + "b"},
		{"\x80a\xff", r + "a" + r},
	} {
		if got := tokenizer.ToValidUTF8([]byte(test.in)); got != test.want {
			t.Errorf("ToValidUTF8(%q) = %q, want %q", test.in, got, test.want)
		}
	}
}
