package main

import (
	"context"
	"fmt"

	"github.com/goroberta/goroberta/tokenizer"
)

// explainCmd is `roberta explain`.
type explainCmd struct {
	tokenizerFlags
	inputFlags
	Texts []string `arg:"" optional:"" name:"text" help:"The text; several are explained one after another."`
}

const explainForm = `{"text":…}`

// Help is shown by kong below the summary.
func (explainCmd) Help() string {
	return `Writes a line for each word, the part of a text whose tokens are found by themselves: {"word":…,"start":…,"end":…,"tokens":[{"token":…,"id":…}],…}, where start and end are bytes of the text. ` +
		`For a BPE "parts" is what the word begins as, and "merges" each merge in turn: {"rank":…,"merge":["l","r"],"pieces":[…]}, the lowest rank first; of SentencePiece it has a score, the highest first. ` +
		`Pieces after each merge are left out for words of more than ` + fmt.Sprint(maxShownParts) + ` parts. ` +
		`For a unigram model "lattice" has all pieces that the word may be cut into, {"piece":…,"start":…,"end":…,"score":…}, with "best":true on the best path, whose sum is "score". ` +
		`A text that is normalised first has a line {"steps":[{"step":…,"text":…}]} before its words. Of several texts each line names its "text" by number. ` +
		`With --input each text has one line, {"words":[…]} with "steps" before it where there are some. Lines of --input are ` + explainForm + `.`
}

// maxShownParts bounds the parts of words whose pieces are shown after each merge.
const maxShownParts = 64

// A textExplained is all of a text.
type textExplained struct {
	Steps []shownStep `json:"steps,omitempty"`
	Words []*wordLine `json:"words"`
}

type stepsLine struct {
	Text  *int        `json:"text,omitempty"`
	Steps []shownStep `json:"steps"`
}

type shownStep struct {
	Step string `json:"step"`
	Text string `json:"text"`
}

type wordLine struct {
	Text    *int         `json:"text,omitempty"`
	Word    string       `json:"word"`
	Start   int          `json:"start"`
	End     int          `json:"end"`
	Added   bool         `json:"added,omitempty"` // found in the text as a whole
	Tokens  []shownToken `json:"tokens"`
	Parts   []string     `json:"parts,omitempty"`
	Merges  []shownMerge `json:"merges,omitempty"`
	Lattice []candidate  `json:"lattice,omitempty"`
	Score   *float64     `json:"score,omitempty"`
}

type shownToken struct {
	Token string `json:"token"`
	ID    int    `json:"id"`
}

type shownMerge struct {
	Rank   *int      `json:"rank,omitempty"`
	Score  *float64  `json:"score,omitempty"`
	Merge  [2]string `json:"merge"`
	Pieces []string  `json:"pieces,omitempty"`
}

type candidate struct {
	Piece string  `json:"piece"`
	Start int     `json:"start"` // bytes of the word
	End   int     `json:"end"`
	Score float64 `json:"score"`
	Best  bool    `json:"best,omitempty"`
}

// Run is called by kong.
func (c *explainCmd) Run(ctx context.Context, s *session) error {
	in, err := c.inputFlags.open(s, textRequests(c.Texts), explainForm)
	if err != nil {
		return err
	}
	defer in.close()
	tok, info, err := c.tokenizerFlags.open(ctx, s)
	if err != nil {
		return err
	}
	x, ok := tok.(tokenizer.Explainer)
	if !ok {
		return fmt.Errorf("%s: this kind of tokenizer cannot be explained", nameOf(info))
	}
	explain := func(ctx context.Context, text string) (line textExplained, err error) {
		if err := tokenizer.Check(tok, text); err != nil {
			return line, err
		}
		for _, s := range x.Steps(text) {
			line.Steps = append(line.Steps, shownStep{s.Name, s.Text})
		}
		line.Words = []*wordLine{} // not null
		for _, w := range x.Words(text) {
			if err := ctx.Err(); err != nil {
				return line, err
			}
			line.Words = append(line.Words, explained(x, w))
		}
		return line, nil
	}
	if c.Input == "" {
		return c.arguments(ctx, s, explain)
	}
	return answer(ctx, s, in, task[string, textExplained]{
		prepare: func(r request) (string, int, error) {
			text, err := r.one()
			return text, len(text), err
		},
		run:    each(explain),
		result: func(_ int, _ string, line textExplained) (any, error) { return line, nil },
	})
}

// arguments explains the texts of the command line, a line for each word.
func (c *explainCmd) arguments(ctx context.Context, s *session, explain func(context.Context, string) (textExplained, error)) error {
	for i, text := range c.Texts {
		line, err := explain(ctx, text)
		if err != nil {
			return err
		}
		var number *int
		if len(c.Texts) > 1 {
			number = &i
		}
		if line.Steps != nil {
			if err := s.out.write(nil, stepsLine{number, line.Steps}); err != nil {
				return err
			}
		}
		for _, w := range line.Words {
			w.Text = number
			if err := s.out.write(nil, w); err != nil {
				return err
			}
		}
	}
	return nil
}

// explained is the line of a word.
func explained(tok tokenizer.Explainer, w tokenizer.Word) *wordLine {
	line := &wordLine{Word: tokenizer.ToValidUTF8([]byte(w.Text)), Start: w.Span.Start, End: w.Span.End, Added: w.Whole, Tokens: []shownToken{}}
	for _, id := range w.IDs {
		line.Tokens = append(line.Tokens, shownToken{tokenizer.TokenText(tok, id), id})
	}
	x := tok.Explain(w)
	line.Parts = x.Parts
	line.merge(&x)
	for _, c := range x.Lattice {
		line.Lattice = append(line.Lattice, candidate{tokenizer.ToValidUTF8([]byte(c.Text)), c.Start, c.End, c.Score, c.Best})
		if c.Best {
			if line.Score == nil {
				line.Score = new(float64)
			}
			*line.Score += c.Score
		}
	}
	return line
}

// merge writes the merges, and the pieces after each.
func (l *wordLine) merge(x *tokenizer.Explanation) {
	pieces := append([]string(nil), x.Parts...) // by the part that each begins with; "" inside one
	for i := range x.Merges {
		m := &x.Merges[i]
		shown := shownMerge{Merge: [2]string{pieces[m.From], pieces[m.Mid]}}
		if m.Rank < 0 {
			shown.Score = &m.Score
		} else {
			shown.Rank = &m.Rank
		}
		pieces[m.From], pieces[m.Mid] = m.Made, ""
		if len(pieces) <= maxShownParts {
			for _, p := range pieces {
				if p != "" {
					shown.Pieces = append(shown.Pieces, p)
				}
			}
		}
		l.Merges = append(l.Merges, shown)
	}
}
