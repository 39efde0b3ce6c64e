package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// alignCmd is `roberta align`.
type alignCmd struct {
	textFlags
	tensorFlags
	limitFlags
	Text  *string  `arg:"" optional:"" name:"text" help:"The text, verbatim."`
	Words []string `arg:"" optional:"" name:"word" help:"The words that the text consists of."`
}

const wordsForm = `{"text":…,"words":[…]}`

// Help is shown by kong below the summary.
func (alignCmd) Help() string {
	return `Writes {"text":…,"words":[…]} and the float32 tensor "0" [1 + words + rest, width]: a row for <s>, one for each word, ` +
		`and one for each token after the last word. The tensors of --input are "0", "1" and so on, by line. ` +
		`A text that is too long is an error, or with --truncate loses whole words: those that are left, and their text, are in the result. Lines of --input are ` + wordsForm + `.`
}

// Validate is called by kong.
func (c *alignCmd) Validate() error {
	return c.noWindows()
}

// A wordText is a text and the words in it.
type wordText struct {
	Text  string   `json:"text"`
	Words []string `json:"words"`
}

// Run is called by kong.
func (c *alignCmd) Run(ctx context.Context, s *session) error {
	var args *request
	if c.Text != nil {
		args = &request{texts: []string{*c.Text}, words: c.Words, hasWords: true}
	}
	return answerTexts(ctx, s, &c.textFlags, &c.tensorFlags, args, wordsForm, func(m *roberta.Model, out *spool) (t task[wordText, *roberta.Alignment], err error) {
		e, err := c.encoder(m)
		if err != nil {
			return t, err
		}
		return task[wordText, *roberta.Alignment]{
			prepare: func(r request) (wordText, int, error) {
				text, err := r.one()
				if err == nil && !r.hasWords {
					err = errors.New(`"words" are missing`)
				}
				t := wordText{text, r.words}
				if err == nil {
					err = t.cut(e)
				}
				return t, len(text), err
			},
			run: each(func(ctx context.Context, t wordText) (*roberta.Alignment, error) {
				return m.ExtractFeaturesAlignedToWords(ctx, t.Text, t.Words)
			}),
			result: func(index int, t wordText, a *roberta.Alignment) (any, error) {
				if t.Words == nil {
					t.Words = []string{} // not null
				}
				shape := a.Features.Shape()
				return t, out.add(strconv.Itoa(index), shape[0], shape[1], a.Features.Row)
			},
		}, nil
	})
}

// cut leaves out words at the end, or at the beginning, of a text that is too long, as the
// encoder's limit says. What is left of the text is encoded as a text of its own.
func (t *wordText) cut(e *encoder) error {
	if e.limit.Length == 0 || e.noTok != nil {
		return nil
	}
	enc, err := e.template.Encode(e.tok, e.limit, t.Text)
	if err != nil {
		return err
	}
	whole, err := e.template.Encode(e.tok, tokenizer.Limit{}, t.Text)
	if err != nil || len(enc.IDs) == len(whole.IDs) {
		return err
	}
	ends := wordEnds(t.Text, t.Words)
	if ends == nil {
		return roberta.ErrAlign
	}
	// The words that lie in what is left of the tokens, or a few less.
	lo, hi := len(t.Text), 0
	for i, of := range enc.Sequence {
		if of == 0 {
			lo, hi = min(lo, enc.Spans[i].Start), max(hi, enc.Spans[i].End)
		}
	}
	from, to := 0, len(t.Words)
	for e.limit.Left && from < to && (from == 0 || strings.TrimSpace(t.Text[min(ends[from-1], lo):lo]) != "") {
		from++
	}
	for !e.limit.Left && to > 0 && ends[to-1] > hi {
		to--
	}
	for ; from < to; from, to = shorter(from, to, e.limit.Left) {
		text := t.Text[:ends[to-1]]
		if from > 0 {
			text = text[ends[from-1]:]
		}
		if _, err := e.template.Encode(e.tok, tokenizer.Limit{Length: e.limit.Length}, text); err == nil {
			t.Text, t.Words = text, t.Words[from:to]
			return nil
		}
	}
	return fmt.Errorf("no word fits into %d tokens", e.limit.Length)
}

// shorter leaves out one more word.
func shorter(from, to int, left bool) (int, int) {
	if left {
		return from + 1, to
	}
	return from, to - 1
}

// wordEnds is where in a text each word ends, white space aside; nil if the words are not
// the text's.
func wordEnds(text string, words []string) []int {
	ends, at := make([]int, len(words)), 0
	for i, word := range words {
		for _, r := range strings.TrimFunc(word, unicode.IsSpace) {
			at += len(text[at:]) - len(strings.TrimLeftFunc(text[at:], unicode.IsSpace))
			if !strings.HasPrefix(text[at:], string(r)) {
				return nil
			}
			at += utf8.RuneLen(r)
		}
		ends[i] = at
	}
	if strings.TrimSpace(text[at:]) != "" {
		return nil
	}
	return ends
}
