package roberta

import (
	"context"
	"fmt"
	"slices"
	"strings"

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
	Features *Matrix
}

// An AlignError reports the first place where words and text differ.
type AlignError struct {
	Word   int    // index of the word, or len(words)
	Text   string // the word, or what is left of it
	Token  int    // position of the token, or -1
	Piece  string // the token's text, or what is left of it
	Reason string
}

func (e *AlignError) Error() string {
	return fmt.Sprintf("roberta: words do not match the text: word %d %s and token %d %s: %s", e.Word, quote(e.Text), e.Token, quote(e.Piece), e.Reason)
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
// ExtractFeatures and ErrNoVocabulary. Words are aligned by the bytes of the text that
// each token stands for. So a character that byte-level BPE has cut into several tokens
// is aligned, and so is a word that the vocabulary does not know; fairseq fails on both.
// As fairseq's extract_features_aligned_to_words, with the words given.
func (m *Model) ExtractFeaturesAlignedToWords(ctx context.Context, text string, words []string) (*Alignment, error) {
	if m.tok == nil {
		return nil, m.noTok
	}
	if err := m.checkText(0, text); err != nil {
		return nil, err
	}
	e, err := m.tok.Template().Encode(m.tok, tokenizer.Limit{}, text)
	if err != nil {
		return nil, err
	}
	if err := m.checkLength(0, e.IDs); err != nil {
		return nil, err
	}
	pieces := make([]string, len(e.Spans)) // of the text; empty for <s> and </s>
	for i, s := range e.Spans {
		pieces[i] = text[s.Start:s.End]
	}
	al := &Alignment{Words: append([]string(nil), words...)}
	if al.Tokens, err = align(pieces, words); err != nil {
		return nil, err
	}
	features, err := m.ExtractFeatures(ctx, e.IDs)
	if err != nil {
		return nil, err
	}
	al.Features = wordFeatures(features, al.Tokens)
	return al, nil
}

// align lists the positions of each word's tokens
// (fairseq/models/roberta/alignment_utils.py, align_bpe_to_words).
func align(pieces, words []string) ([][]int, error) {
	left := make([]string, len(pieces)) // of each piece: what no word has taken yet
	for i, p := range pieces {
		left[i] = strings.TrimFunc(p, isSpace)
	}
	j := 0 // index of the piece that is being read
	skip := func() {
		for j < len(left) && left[j] == "" {
			j++
		}
	}
	skip()
	out := make([][]int, len(words))
	for w, word := range words {
		rest := strings.TrimFunc(word, isSpace)
		for {
			if j == len(left) {
				return nil, &AlignError{Word: w, Text: rest, Token: -1, Reason: "the text ends here"}
			}
			piece := left[j]
			if strings.HasPrefix(rest, piece) {
				out[w] = append(out[w], j)
				rest = rest[len(piece):]
				j++
				skip()
			} else if strings.HasPrefix(piece, rest) {
				out[w] = append(out[w], j)
				left[j] = piece[len(rest):]
				rest = ""
			} else {
				return nil, &AlignError{Word: w, Text: rest, Token: j, Piece: piece, Reason: "they differ"}
			}
			if rest == "" {
				break
			}
		}
	}
	if j < len(left) {
		return nil, &AlignError{Word: len(words), Token: j, Piece: left[j], Reason: "no word is left"}
	}
	return out, alignSpaces(pieces, out)
}

// alignSpaces gives tokens of white space alone to words: every token up to the last
// word's must belong to a word, or the rows would not add up to the features. A space
// that byte-level BPE did not join to the letters after it, as in " 中", belongs to
// that word. A second space belongs to none, which is an error.
func alignSpaces(pieces []string, out [][]int) error {
	words, last := map[int]int{}, 0 // the first word of each token
	for w, js := range out {
		for _, j := range js {
			if _, ok := words[j]; !ok {
				words[j] = w
			}
			last = max(last, j)
		}
	}
	for j := 1; j < last; j++ {
		if _, ok := words[j]; ok {
			continue
		}
		w, ok := words[j+1]
		if !ok || strings.TrimLeftFunc(pieces[j+1], isSpace) != pieces[j+1] {
			return &AlignError{Word: len(out), Token: j, Piece: pieces[j], Reason: "the token of white space belongs to no word"}
		}
		out[w] = slices.Insert(out[w], slices.Index(out[w], j+1), j)
	}
	return nil
}

// wordFeatures sums the rows of one sequence's features over each word's tokens
// (alignment_utils.py, align_features_to_words). It overwrites the features.
func wordFeatures(features *States, words [][]int) *Matrix {
	x := newMatrix(features.values, features.cols)
	count := make([]int, x.rows)
	last := 0
	for _, js := range words {
		for _, j := range js {
			count[j]++
			last = max(last, j)
		}
	}
	for j, n := range count {
		if n > 1 {
			row := x.Row(j)
			for i := range row {
				row[i] /= float32(n)
			}
		}
	}
	out := newMatrix(make([]float32, (1+len(words)+x.rows-1-last)*x.cols), x.cols)
	copy(out.Row(0), x.Row(0))
	for w, js := range words {
		for _, j := range js {
			simd.Add(out.Row(1+w), x.Row(j))
		}
	}
	copy(out.values[(1+len(words))*x.cols:], x.values[(last+1)*x.cols:])
	return out
}
