package roberta

import (
	"errors"
	"fmt"
)

// Errors that a caller can test for with errors.Is.
var (
	// ErrClosed is returned after Close by methods that compute, and by SetHead,
	// RegisterClassificationHead, HeadWeights and Save.
	ErrClosed = errors.New("roberta: model is closed")
	// ErrEmpty is returned for a batch without sequences and for a sequence
	// without tokens (pads do not count).
	ErrEmpty = errors.New("roberta: empty input")
	// ErrTooLong is returned, as a *LengthError, for a sequence of more than
	// Config.MaxPositions tokens, or of more than four times as many tokens and pads.
	ErrTooLong = errors.New("roberta: too many tokens")
	// ErrToken is returned, as a *TokenError, for an id outside the vocabulary.
	ErrToken = errors.New("roberta: token outside the vocabulary")
	// ErrTokenType is returned, as a *TypeError, for a token type that the model does
	// not have, and for types that are not as many as the tokens.
	ErrTokenType = errors.New("roberta: wrong token types")
	// ErrUnknownHead is returned, as a *HeadError, for a classification head
	// that the model does not have.
	ErrUnknownHead = errors.New("roberta: unknown classification head")
	// ErrHead is returned by SetHead and RegisterClassificationHead for a head with a
	// bad name, number of classes, size or option.
	ErrHead = errors.New("roberta: invalid classification head")
	// ErrHeadReads is returned by Predict for a head that reads each token, spans or
	// choices, and by PredictTokens for one that reads a sequence's first token.
	ErrHeadReads = errors.New("roberta: classification head reads other tokens")
	// ErrRegression is returned by Predict for a head whose logits are values of a
	// regression and not scores of classes: Function Identity.
	ErrRegression = errors.New("roberta: a regression has no probabilities")
	// ErrNoVocabulary is returned by methods that take text, and for the empty
	// sequence that Encode gives, if the checkpoint came without a vocabulary or, as an
	// error that names the file, with one that cannot be used.
	ErrNoVocabulary = errors.New("roberta: no vocabulary")
	// ErrNoLMHead is returned by FillMask, LMLogits and DisambiguatePronoun if
	// the checkpoint holds no language-model head.
	ErrNoLMHead = errors.New("roberta: checkpoint has no language-model head")
	// ErrNoPooler is returned by Compute with WantPooler if the checkpoint holds no
	// pooler. fairseq's models and most of Hugging Face's have none.
	ErrNoPooler = errors.New("roberta: checkpoint has no pooler")
	// ErrAttentions is returned by Compute with WantAttentions if a batch would give
	// more attention weights than any machine wants to hold.
	ErrAttentions = errors.New("roberta: too many attention weights")
	// ErrMask is returned, as a *MaskError, for a text without a mask, or with several
	// where one is wanted.
	ErrMask = errors.New("roberta: wrong number of masks")
	// ErrTopK is returned, as a *TopKError, for a number of answers below 1 or
	// above the vocabulary's size.
	ErrTopK = errors.New("roberta: top-k out of range")
	// ErrAlign is returned, as an *AlignError, if words and tokens do not match.
	ErrAlign = errors.New("roberta: words do not match the text")
	// ErrModel is returned, wrapped with the tensor or setting at fault, by Open
	// for a checkpoint that no model can be built from.
	ErrModel = errors.New("roberta: not a usable RoBERTa checkpoint")
)

// A LengthError reports a sequence with more tokens than the model has positions,
// or with more tokens and pads than any padded batch has.
type LengthError struct {
	Sequence int  // index in the batch
	Tokens   int  // without pads, unless Pads is set
	Max      int  // the most that it may have
	Pads     bool // Tokens and Max count pads as well
	More     bool // the sequence has more than Tokens; the rest was not counted
}

func (e *LengthError) Error() string {
	return fmt.Sprintf("roberta: sequence %d: %s", e.Sequence, e.Reason())
}

// Reason is the error without the sequence, for callers that name it themselves.
func (e *LengthError) Reason() string {
	what := "tokens"
	if e.Pads {
		what = "tokens and pads"
	}
	if e.More {
		return fmt.Sprintf("more than %d %s exceed the maximum length of %d", e.Tokens, what, e.Max)
	}
	return fmt.Sprintf("%d %s exceed the maximum length of %d", e.Tokens, what, e.Max)
}

// Is makes errors.Is(err, ErrTooLong) true.
func (e *LengthError) Is(target error) bool { return target == ErrTooLong }

// A TokenError reports an id that the vocabulary does not have.
type TokenError struct {
	Sequence int // index in the batch
	Position int // index in the sequence
	ID       int
	Vocab    int // size of the vocabulary: ids are 0 … Vocab-1
}

func (e *TokenError) Error() string {
	return fmt.Sprintf("roberta: sequence %d: token %d at position %d is outside the vocabulary of %d", e.Sequence, e.ID, e.Position, e.Vocab)
}

// Is makes errors.Is(err, ErrToken) true.
func (e *TokenError) Is(target error) bool { return target == ErrToken }

// A TypeError reports token types that do not fit the tokens or the model.
type TypeError struct {
	Sequence int // index in the batch
	Position int // index in the sequence; -1 if the number of types is wrong
	Type     int // at Position
	Given    int // number of types
	Tokens   int // number of tokens
	Types    int // of the model, Config.TokenTypes: types are 0 … Types-1, or 0 alone
}

func (e *TypeError) Error() string {
	return fmt.Sprintf("roberta: sequence %d: %s", e.Sequence, e.Reason())
}

// Reason is the error without the sequence, for callers that name it themselves.
func (e *TypeError) Reason() string {
	switch {
	case e.Position < 0:
		return fmt.Sprintf("%d token types for %d tokens", e.Given, e.Tokens)
	case e.Types <= 1:
		return fmt.Sprintf("token type %d at position %d, but the model has no types other than 0", e.Type, e.Position)
	}
	return fmt.Sprintf("token type %d at position %d, but the model's types are 0 to %d", e.Type, e.Position, e.Types-1)
}

// Is makes errors.Is(err, ErrTokenType) true.
func (e *TypeError) Is(target error) bool { return target == ErrTokenType }

// A HeadError reports a classification head that is not there, and those that are.
type HeadError struct {
	Name  string
	Heads []string // names of the model's heads, sorted
}

func (e *HeadError) Error() string {
	have := "the model has none"
	if len(e.Heads) > 0 {
		have = "the model has " + list(e.Heads)
	}
	return fmt.Sprintf("roberta: unknown classification head %s: %s", quote(e.Name), have)
}

// Is makes errors.Is(err, ErrUnknownHead) true.
func (e *HeadError) Is(target error) bool { return target == ErrUnknownHead }

// A MaskError reports how many masks a text has.
type MaskError struct {
	Text    int // index in the batch
	Found   int
	Mask    string // the mask's name, <mask> as a rule
	Several bool   // there may be several; else exactly one is wanted
	Missing bool   // the vocabulary has no mask

	batch bool // the text is one of several
}

func (e *MaskError) Error() string {
	if e.Missing {
		return "roberta: the vocabulary has no mask token"
	}
	which, want := "the text", "exactly one"
	if e.batch {
		which = fmt.Sprintf("text %d", e.Text)
	}
	if e.Several {
		want = "at least one"
	}
	return fmt.Sprintf("roberta: %s has %d %.100s tokens, want %s, as in \"He is a %.100s guy\"", which, e.Found, e.Mask, want, e.Mask)
}

// Is makes errors.Is(err, ErrMask) true.
func (e *MaskError) Is(target error) bool { return target == ErrMask }

// A TopKError reports a number of answers that cannot be given.
type TopKError struct {
	K, Max int
}

func (e *TopKError) Error() string {
	return fmt.Sprintf("roberta: top-k is %d, want 1 to %d", e.K, e.Max)
}

// Is makes errors.Is(err, ErrTopK) true.
func (e *TopKError) Is(target error) bool { return target == ErrTopK }
