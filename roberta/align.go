package roberta

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"github.com/goroberta/goroberta/internal/simd"
	"github.com/goroberta/goroberta/tokenizer"
)

// An Alignment is a text's features, word by word.
type Alignment struct {
	Words []string // as given
	// Tokens lists, for each word, the positions of its tokens; 0 is <s>.
	Tokens [][]int
	// Features has shape (1 + words + rest, C): a row for <s>, one for each
	// word, and one for each token after the last word (</s> among them).
	Features *tensor.Dense
}

// An AlignError reports where words and tokens part.
type AlignError struct {
	Word   int    // index of the word, or len(words)
	Text   string // the word, or what is left of it
	Token  int    // position of the token, or -1
	Piece  string // the token's text, or what is left of it
	Reason string
}

func (e *AlignError) Error() string {
	return fmt.Sprintf("roberta: words do not match the text: word %d %q and token %d %q: %s", e.Word, e.Text, e.Token, e.Piece, e.Reason)
}

// Is makes errors.Is(err, ErrAlign) true.
func (e *AlignError) Is(target error) bool { return target == ErrAlign }

// ExtractFeaturesAlignedToWords computes features for the words that a caller's
// tokenizer found in a text. A word's row is the sum over its tokens of the
// token's features divided by the number of words that share the token, so the
// rows add up to the sum of all features. Words are compared with the text
// without regard to white space around them.
//
// Errors are ErrAlign, as an *AlignError, if the words are not the text's, if a
// word has white space inside, or if a token of white space alone (a double
// space) stands between words and so belongs to none; and those of
// ExtractFeatures. Bytes are compared, so a character that byte-level BPE has
// cut into several tokens aligns, where fairseq fails, and with it a space before
// it that is a token of its own.
// As fairseq's extract_features_aligned_to_words, with the words given.
func (m *Model) ExtractFeaturesAlignedToWords(ctx context.Context, text string, words []string) (*Alignment, error) {
	if m.tok == nil {
		return nil, m.noTok
	}
	tokens := tokenizer.Encode(m.tok, text)
	al := &Alignment{Words: append([]string(nil), words...)}
	var err error
	if al.Tokens, err = m.align(tokens, words); err != nil {
		return nil, err
	}
	features, err := m.ExtractFeatures(ctx, tokens)
	if err != nil {
		return nil, err
	}
	if al.Features, err = wordFeatures(features, al.Tokens); err != nil {
		return nil, err
	}
	return al, nil
}

// align lists the positions of each word's tokens
// (fairseq/models/roberta/alignment_utils.py, align_bpe_to_words).
func (m *Model) align(tokens []int, words []string) ([][]int, error) {
	special := m.tok.Special()
	var pieces []string // of tokens 1 …, without white space around
	for i, id := range tokens[1:] {
		piece := ""
		switch id {
		case special.EOS:
		case special.Unk:
			return nil, &AlignError{Word: len(words), Token: i + 1, Piece: "<unk>", Reason: "the token is not in the dictionary"}
		default:
			piece = strings.TrimFunc(string(m.tok.Bytes(id)), isSpace)
		}
		pieces = append(pieces, piece)
	}

	j := 0 // index of the piece that is being read
	skip := func() {
		for j < len(pieces) && pieces[j] == "" {
			j++
		}
	}
	skip()
	out := make([][]int, len(words))
	for w, word := range words {
		rest := strings.TrimFunc(word, isSpace)
		for {
			if j == len(pieces) {
				return nil, &AlignError{Word: w, Text: rest, Token: -1, Reason: "the text ends here"}
			}
			piece := pieces[j]
			if strings.HasPrefix(rest, piece) {
				out[w] = append(out[w], j+1)
				rest = rest[len(piece):]
				j++
				skip()
			} else if strings.HasPrefix(piece, rest) {
				out[w] = append(out[w], j+1)
				pieces[j] = piece[len(rest):]
				rest = ""
			} else {
				return nil, &AlignError{Word: w, Text: rest, Token: j + 1, Piece: piece, Reason: "they differ"}
			}
			if rest == "" {
				break
			}
		}
	}
	if j < len(pieces) {
		return nil, &AlignError{Word: len(words), Token: j + 1, Piece: pieces[j], Reason: "no word is left"}
	}
	if err := m.alignSpaces(tokens, out); err != nil {
		return nil, err
	}
	return out, nil
}

// alignSpaces deals with tokens of white space alone between words: every token
// up to the last word's must belong to a word, or the rows would not add up to
// the features. A space that byte-level BPE did not join to the letters after
// it, as in " 中", is part of that word; a second space is part of none.
func (m *Model) alignSpaces(tokens []int, out [][]int) error {
	shared, last := map[int]bool{}, 0
	for _, js := range out {
		for _, j := range js {
			shared[j], last = true, max(last, j)
		}
	}
	for j := 1; j < last; j++ {
		if shared[j] {
			continue
		}
		next := string(m.tok.Bytes(tokens[j+1]))
		w := slices.IndexFunc(out, func(js []int) bool { return slices.Contains(js, j+1) })
		if w < 0 || strings.TrimLeftFunc(next, isSpace) != next {
			return &AlignError{Word: len(out), Token: j, Piece: string(m.tok.Bytes(tokens[j])), Reason: "the token of white space belongs to no word"}
		}
		out[w] = slices.Insert(out[w], slices.Index(out[w], j+1), j)
	}
	return nil
}

// wordFeatures sums the rows of features (1, T, C) over each word's tokens
// (alignment_utils.py, align_features_to_words).
func wordFeatures(features *tensor.Dense, words [][]int) (*tensor.Dense, error) {
	T, C := features.Shape()[1], features.Shape()[2]
	x := features.Data().([]float32)
	count := make([]int, T)
	last := 0
	for _, js := range words {
		for _, j := range js {
			count[j]++
			last = max(last, j)
		}
	}
	for j, n := range count {
		if n > 1 {
			row := x[j*C:][:C]
			for i := range row {
				row[i] /= float32(n)
			}
		}
	}
	rows := 1 + len(words) + T - 1 - last
	out := make([]float32, rows*C)
	copy(out, x[:C])
	for w, js := range words {
		row := out[(1+w)*C:][:C]
		for _, j := range js {
			simd.Add(row, x[j*C:][:C])
		}
	}
	copy(out[(1+len(words))*C:], x[(last+1)*C:])
	return newDense(out, rows, C), nil
}
