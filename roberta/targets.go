package roberta

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/goroberta/goroberta/tokenizer"
)

// A Target is a word that may be an answer to a mask.
type Target struct {
	Text string // as it was given
	IDs  []int  // its tokens
}

// ErrTarget is returned, as a *TargetError, for a word that cannot be an answer.
var ErrTarget = errors.New("roberta: unusable target")

// A TargetError reports a word that cannot be an answer to a mask.
type TargetError struct {
	Text   string
	Tokens int // how many it has; 0: the vocabulary lacks a part of it
}

func (e *TargetError) Error() string {
	if e.Tokens == 0 {
		return fmt.Sprintf("roberta: target %s is not in the vocabulary", quote(e.Text))
	}
	return fmt.Sprintf("roberta: target %s has %d tokens, and a mask filled by itself takes one; filling jointly scores the product of their probabilities", quote(e.Text), e.Tokens)
}

// Is makes errors.Is(err, ErrTarget) true.
func (e *TargetError) Is(target error) bool { return target == ErrTarget }

// Targets looks up words that may be answers to masks. A word is taken verbatim: " river"
// is the word after a space, "river" goes on a word. It is the token that the tokenizer
// makes of it, or else any token with this text, or else the tokens that the tokenizer
// makes of it. A tokenizer that begins every text with a space, as SentencePiece's do,
// makes " Paris" of a "Paris" that is no token. Words of equal tokens count once; of
// such only the first is there. The order is that of words.
//
// Errors are a *TargetError for a word that has <unk> among its tokens, unless it is that
// token's name, and for one without tokens;
// ErrNoVocabulary; and those of tokenizer.Check.
func (m *Model) Targets(words ...string) ([]Target, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	if m.tok == nil {
		return nil, m.noTok
	}
	var all []Target
	seen := map[string]bool{}
	var index map[string]int // tokens by their text, of equal ones the first; made if needed
	for _, word := range words {
		if err := tokenizer.Check(m.tok, word); err != nil {
			return nil, err
		}
		ids := m.tok.Append(nil, word)
		itself := len(ids) == 1 && bytes.Equal(m.tok.Bytes(ids[0]), []byte(word))
		if !itself {
			if index == nil {
				index = m.tokensByText()
			}
			if id, ok := index[word]; ok {
				ids = []int{id}
			}
		}
		if len(ids) == 0 || !itself && slices.Contains(ids, m.tok.Special().Unk) {
			return nil, &TargetError{Text: word}
		}
		if V := m.cfg.VocabSize; slices.ContainsFunc(ids, func(id int) bool { return id < 0 || id >= V }) {
			return nil, &TargetError{Text: word} // the tokenizer has more ids than the model
		}
		if key := fmt.Sprint(ids); !seen[key] {
			seen[key] = true
			all = append(all, Target{word, ids})
		}
	}
	return all, nil
}

// tokensByText are the tokens that are text, by what they are.
func (m *Model) tokensByText() map[string]int {
	index := make(map[string]int, m.tok.Len())
	for id := range m.tok.Len() {
		if m.tok.Kind(id) != tokenizer.Text {
			continue
		}
		text := string(m.tok.Bytes(id))
		if _, ok := index[text]; !ok && text != "" {
			index[text] = id
		}
	}
	return index
}

// single are the tokens of targets, in ascending order; nil for nil.
func (m *Model) single(targets []Target) ([]int, error) {
	if targets == nil {
		return nil, nil
	}
	ids := make([]int, 0, len(targets))
	for _, t := range targets {
		if len(t.IDs) != 1 {
			return nil, &TargetError{t.Text, len(t.IDs)}
		}
		ids = append(ids, t.IDs[0])
	}
	slices.Sort(ids)
	return slices.Compact(ids), m.checkTargets(targets)
}

// checkTargets is a *TargetError for targets that Targets does not make.
func (m *Model) checkTargets(targets []Target) error {
	for _, t := range targets {
		if len(t.IDs) == 0 || slices.ContainsFunc(t.IDs, func(id int) bool { return id < 0 || id >= m.cfg.VocabSize }) {
			return &TargetError{Text: t.Text}
		}
	}
	return nil
}
