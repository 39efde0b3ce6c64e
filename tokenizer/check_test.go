package tokenizer_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/bpe"
	"github.com/goroberta/goroberta/tokenizer"
)

var errDigit = errors.New("a digit")

// noDigits encodes no text with a digit.
type noDigits struct{ *bpe.Tokenizer }

func (noDigits) Check(text string) error {
	if strings.ContainsAny(text, "0123456789") {
		return errDigit
	}
	return nil
}

// TestCheck: a text that cannot be encoded is an error of every function that has one.
func TestCheck(t *testing.T) {
	tok := noDigits{bpe.DefaultTokenizer()}
	tm := tok.Template()
	for _, c := range []struct {
		texts []string
		want  error
	}{{[]string{"a"}, nil}, {[]string{"1"}, errDigit}, {[]string{"a", "b", "2"}, errDigit}, {[]string{"a", "b"}, nil}} {
		_, encode := tm.Encode(tok, tokenizer.Limit{}, c.texts[0], c.texts[1:]...)
		_, windows := tm.Windows(tok, tokenizer.Limit{}, c.texts[0], c.texts[1:]...)
		for what, err := range map[string]error{"Check": tokenizer.Check(tok, c.texts...), "Encode": encode, "Windows": windows} {
			if !errors.Is(err, c.want) || c.want == nil && err != nil {
				t.Errorf("%s(%q): %v, want %v", what, c.texts, err, c.want)
			}
		}
		if err := tokenizer.Check(tok.Tokenizer, c.texts...); err != nil {
			t.Errorf("a tokenizer that encodes every text: %v", err)
		}
	}
}
