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
	al := &Alignment{Words: append([]string(nil), words...)}
	if al.Tokens, err = align(pieces(text, e), words); err != nil {
		return nil, err
	}
	res, err := m.Compute(ctx, Request{Inputs: []Input{m.Input(e)}, Want: WantFeatures})
	if err != nil {
		return nil, err
	}
	al.Features = wordFeatures(res.Features, al.Tokens)
	return al, nil
}

// A piece is a token's part of the text.
type piece struct {
	text string
	kind pieceKind
}

type pieceKind uint8

const (
	ofText  pieceKind = iota // text is what the token alone stands for
	special                  // <s> and </s>: text is empty
	begins                   // the token begins a character that the next one completes: text is empty
	ends                     // the token ends a character that the one before has: text is empty
)

// pieces cuts the text between its tokens, so that each byte is in one piece. What no
// token stands for, such as an accent that a normaliser drops, goes with the token
// before it; from white space on, with the token after it. Of tokens that share a
// character one has all of it, as tokenizers differ in how they show that.
func pieces(text string, e *tokenizer.Encoding) []piece {
	all := make([]piece, len(e.Spans))
	at, last := 0, -1
	for i, s := range e.Spans {
		switch {
		case e.Sequence[i] < 0:
			all[i].kind = special
		case s.End > at:
			if gap := text[at:max(at, s.Start)]; last >= 0 {
				n := strings.IndexFunc(gap, isSpace)
				if n < 0 {
					n = len(gap)
				}
				all[last].text += gap[:n]
				at += n
			}
			all[i].text, at, last = text[at:s.End], s.End, i
		case s.Start == s.End:
			all[i].kind = begins
		default:
			all[i].kind = ends
		}
	}
	if last >= 0 {
		all[last].text += text[at:]
	}
	return all
}

// align lists the positions of each word's tokens
// (fairseq/models/roberta/alignment_utils.py, align_bpe_to_words).
func align(pieces []piece, words []string) ([][]int, error) {
	left := make([]string, len(pieces)) // of each piece: what no word has taken yet
	for i, p := range pieces {
		left[i] = strings.TrimFunc(p.text, isSpace)
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
				left[j] = strings.TrimLeftFunc(piece[len(rest):], isSpace)
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

// alignSpaces gives the other tokens to words: every token up to the last word's must
// belong to a word, or the rows would not add up to the features. A part of a character
// belongs to the word of the token that has the character. So does a space that BPE did
// not join to the letters after it, as in " 中", to the word of these letters. A second
// space belongs to none, which is an error.
func alignSpaces(pieces []piece, out [][]int) error {
	word := make([]int, len(pieces)) // the first word of each token, -1 for none
	for j := range word {
		word[j] = -1
	}
	end := 0 // after the last word's last token
	for w := len(out) - 1; w >= 0; w-- {
		for _, j := range out[w] {
			word[j], end = w, max(end, j+1)
		}
	}
	for j := 1; j < len(pieces); j++ {
		if pieces[j].kind == ends && word[j-1] >= 0 {
			w := lastWord(out, word[j-1], j-1)
			out[w], word[j], end = append(out[w], j), w, max(end, j+1)
		}
	}
	next := "" // text of the first token after j that has any
	for j := end - 1; j > 0; j-- {
		text := pieces[j].text
		if word[j] >= 0 {
			if text != "" {
				next = text
			}
			continue
		}
		w := word[j+1] // j+1 < end, because the last token before end is a word's
		if text != "" && strings.TrimLeftFunc(next, isSpace) != next {
			return &AlignError{Word: len(out), Token: j, Piece: text, Reason: "the token of white space belongs to no word"}
		}
		out[w], word[j] = slices.Insert(out[w], slices.Index(out[w], j+1), j), w
		if text != "" {
			next = text
		}
	}
	return nil
}

// lastWord is the last word, from w on, that token j belongs to.
func lastWord(out [][]int, w, j int) int {
	for w+1 < len(out) && slices.Contains(out[w+1], j) {
		w++
	}
	return w
}

// wordFeatures sums the rows of one sequence's features over each word's tokens
// (alignment_utils.py, align_features_to_words). It overwrites the features.
func wordFeatures(features *States, words [][]int) *Matrix {
	x := newMatrix(features.Float32s(), features.cols) // a <pad> in the text is a row of zeros
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
