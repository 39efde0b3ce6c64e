package train

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// A Sentence is a text that is cut into words, and the label that each should get: B-PER,
// I-PER, O, or any other names.
type Sentence struct {
	Words  []string
	Labels []string // as many as Words
}

// Tagger fits a head that gives tokens labels, and sets it in the model under that name,
// as Classifier does. Package pipeline's Tagger and roberta.Model.PredictTokens find it
// there.
//
// Words are encoded as package pipeline's Tagger encodes them. The head is fitted on every
// token of a word, so that entities are whole whatever way tokens are put together: the
// first has the word's label, and those that follow it I-PER where the word has B-PER, else
// the same. WithFirstTokens fits it on first tokens alone. Words without tokens, and those
// that WithLimit cuts off, are left out; a note says how many. Features take 4·C bytes a
// token.
//
// The report counts words, by the labels of their first tokens, and has the entities'
// scores (metrics.ScoreEntities). Errors are those of Classifier.
func Tagger(ctx context.Context, m *roberta.Model, name string, sentences []Sentence, opts ...Option) (*Fit, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	t, err := o.words(m, sentences)
	if err != nil {
		return nil, err
	}
	return o.fit(ctx, m, name, t)
}

// TestTagger reports how good a head of the model is at sentences: one that gives tokens
// labels. Errors are those of TestClassifier.
func TestTagger(ctx context.Context, m *roberta.Model, name string, sentences []Sentence, opts ...Option) (*Report, error) {
	o, err := newOptions(append(slices.Clip(opts), WithFirstTokens()))
	if err != nil {
		return nil, err
	}
	t, err := o.words(m, sentences)
	if err != nil {
		return nil, err
	}
	return o.test(ctx, m, name, roberta.ReadsTokens, t)
}

// words encodes sentences, and gives each of their tokens a label.
func (o *options) words(m *roberta.Model, sentences []Sentence) (*inputs, error) {
	tok, err := m.Tokenizer()
	if err != nil {
		return nil, err
	}
	limit, without := o.longest(m), 0
	t := &inputs{sentences: sentences, reads: roberta.ReadsTokens}
	for i, s := range sentences {
		if len(s.Words) == 0 || len(s.Words) != len(s.Labels) {
			return nil, &ExampleError{i, fmt.Errorf("%w: %d words and %d labels", ErrExamples, len(s.Words), len(s.Labels))}
		}
		for k, label := range s.Labels {
			if label == "" {
				return nil, &ExampleError{i, fmt.Errorf("%w: word %d has no label", ErrExamples, k)}
			}
		}
		words := tokenizer.NewWords(tok, s.Words)
		enc, err := encode(m, words, limit, words.Text)
		if err != nil {
			return nil, &ExampleError{i, err}
		}
		var rows []int
		var labels []string
		var places []place
		last, seen := -1, 0
		for at, word := range words.Of(enc) {
			first := word != last
			if word < 0 || o.firstTokens && !first {
				continue
			}
			if first {
				seen++
			}
			last = word
			rows, labels, places = append(rows, at), append(labels, tokenLabel(s.Labels[word], first)), append(places, place{i, word, first})
		}
		t.encoded = append(t.encoded, encoded{m.Input(enc), rows})
		t.own, t.places = append(t.own, labels), append(t.places, places)
		without += len(s.Words) - seen
	}
	if without > 0 {
		t.notes = append(t.notes, fmt.Sprintf("%d words have no token in the model's input and are left out", without))
	}
	return t, nil
}

// tokenLabel is the label of a word's first token, or of one that follows it.
func tokenLabel(label string, first bool) string {
	if kind, ok := strings.CutPrefix(label, "B-"); ok && !first {
		return "I-" + kind
	}
	return label
}
