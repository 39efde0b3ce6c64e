package pipeline

import (
	"fmt"
	"iter"
)

// An Input is what one answer is asked for with. Text, Words and Tokens make one.
// Pipelines do not change its slices, which must stay as they are until the answer has
// come.
type Input struct {
	Texts  []string // a text, or several that the model reads as one input: a pair, as a rule
	Words  []string // a text that is cut into words, for a Tagger, in place of Texts
	Tokens []int    // ids with special tokens, as roberta.Model.Encode gives them, in place of Texts
	Types  []int    // the token types of Tokens; nil: all 0
}

// Text is the Input of a text, or of a pair.
func Text(text string, more ...string) Input {
	return Input{Texts: append([]string{text}, more...)}
}

// Words is the Input of a text that is cut into words.
func Words(words ...string) Input { return Input{Words: append([]string{}, words...)} }

// Tokens is the Input of tokens.
func Tokens(ids ...int) Input { return Input{Tokens: append([]int{}, ids...)} }

// Texts yields an Input for each text.
func Texts(texts iter.Seq[string]) iter.Seq[Input] {
	return func(yield func(Input) bool) {
		for text := range texts {
			if !yield(Text(text)) {
				return
			}
		}
	}
}

// check is an error for an Input that a pipeline does not answer.
func (in *Input) check(k kind) error {
	given := 0
	for _, is := range []bool{in.Texts != nil, in.Words != nil, in.Tokens != nil} {
		if is {
			given++
		}
	}
	switch {
	case given != 1:
		return fmt.Errorf("%w: %d of Texts, Words and Tokens are given, want one", ErrInput, given)
	case in.Texts != nil && len(in.Texts) == 0:
		return fmt.Errorf("%w: no text", ErrInput)
	case in.Types != nil && len(in.Types) != len(in.Tokens):
		return fmt.Errorf("%w: %d token types for %d tokens", ErrInput, len(in.Types), len(in.Tokens))
	case k == tagger && in.Tokens != nil:
		return fmt.Errorf("%w: tokens, and a %v takes text", ErrInput, k)
	case k == tagger && len(in.Texts) > 1:
		return fmt.Errorf("%w: %d texts, and a %v takes one", ErrInput, len(in.Texts), k)
	case k == filler && len(in.Texts) > 1:
		return fmt.Errorf("%w: %d texts, and a %v takes one", ErrInput, len(in.Texts), k)
	case k != tagger && in.Words != nil:
		return fmt.Errorf("%w: words, and a %v takes text", ErrInput, k)
	}
	return nil
}
