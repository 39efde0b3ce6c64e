package bpe

import (
	"errors"
	"testing"
)

func TestErrorText(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{&DictionaryError{"dict.txt", 3, ErrFormat}, "bpe: dict.txt:3: malformed"},
		{&DictionaryError{"dict.txt", 0, ErrTooLarge}, "bpe: dict.txt: too large"},
		{&VocabularyError{"vocab.bpe", 7, "Ġt", ErrUnknownToken}, `bpe: vocab.bpe:7: token "Ġt": unknown token`},
		{&VocabularyError{"encoder.json", 0, "", ErrFormat}, "bpe: encoder.json: malformed"},
		{&PatternError{"(", 0, errors.New("no end")}, `bpe: pattern "(": at byte 0: no end`},
	} {
		if got := test.err.Error(); got != test.want {
			t.Errorf("error text %q, want %q", got, test.want)
		}
		if errors.Unwrap(test.err) == nil {
			t.Errorf("%T unwraps to nothing", test.err)
		}
	}
}
