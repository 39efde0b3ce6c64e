package roberta

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/internal/simd"
	"github.com/goroberta/goroberta/tokenizer"
)

// A maskReader is a tokenizer that reads its mask's name in a text, as Hugging Face's
// do: with the white space before it if strip is set.
type maskReader struct {
	tokenizer.Tokenizer
	name  string
	strip bool
	mask  int  // -1: none
	trim  bool // spans leave out white space
}

func (r maskReader) Special() tokenizer.Special {
	s := r.Tokenizer.Special()
	s.Mask = r.mask
	return s
}

func (r maskReader) Bytes(id int) []byte {
	if id == r.mask {
		return []byte(r.name)
	}
	return r.Tokenizer.Bytes(id)
}

func (r maskReader) Append(ids []int, text string) []int {
	ids, _ = r.AppendSpans(ids, nil, text)
	return ids
}

func (r maskReader) AppendSpans(ids []int, spans []tokenizer.Span, text string) ([]int, []tokenizer.Span) {
	at := 0
	part := func(end int) {
		n := len(spans)
		ids, spans = r.Tokenizer.AppendSpans(ids, spans, text[at:end])
		for i := n; i < len(spans); i++ {
			spans[i].Start, spans[i].End = spans[i].Start+at, spans[i].End+at
		}
	}
	for {
		i := strings.Index(text[at:], r.name)
		if i < 0 || r.mask < 0 {
			part(len(text))
			return ids, spans
		}
		start, end := at+i, at+i+len(r.name)
		if r.strip {
			start = at + len(trimRight(text[at:start]))
		}
		part(start)
		if r.trim {
			start = end - len(r.name)
		}
		ids, spans = append(ids, r.mask), append(spans, tokenizer.Span{Start: start, End: end})
		at = end
	}
}

// readingMasks is a model whose tokenizer reads masks.
func readingMasks(t *testing.T, name string, strip bool) *Model {
	m := openGolden(t, golden(t, "fulldict", "model.pt"))
	m.tok = maskReader{m.tok, name, strip, m.tok.Special().Mask, false}
	return m
}

// fillTexts fills every mask of texts.
func fillTexts(m *Model, k int, texts ...string) ([][][]Fill, error) {
	var all []*Masked
	for _, text := range texts {
		x, err := m.MaskText(text, tokenizer.Limit{})
		if err != nil {
			return nil, err
		}
		all = append(all, x)
	}
	return m.FillEach(context.Background(), k, nil, all...)
}

// fillTokens fills every mask of sequences of tokens.
func fillTokens(m *Model, k int, tokens ...[]int) ([][][]Fill, error) {
	var all []*Masked
	for _, in := range Inputs(tokens...) {
		x, err := m.MaskTokens(in)
		if err != nil {
			return nil, err
		}
		all = append(all, x)
	}
	return m.FillEach(context.Background(), k, nil, all...)
}

// TestFillEach holds the answers to the LM logits of the encoded text, at each of
// its masks, while the others stay masked.
func TestFillEach(t *testing.T) {
	for _, mask := range []string{"<mask>", "[MASK]"} {
		m := readingMasks(t, mask, true)
		texts := []string{"Go is a <mask> language.", "<mask> <mask>", "a  <mask> b<mask>c <mask>", "<mask>"}
		for i := range texts {
			texts[i] = strings.ReplaceAll(texts[i], "<mask>", mask)
		}
		all := must[[][][]Fill](t)(fillTexts(m, 4, texts...))
		var tokens [][]int
		for i, text := range texts {
			ids := m.Encode(text)
			tokens = append(tokens, ids)
			logits := must[*States](t)(m.LMLogits(t.Context(), ids))
			n := 0
			for at, id := range ids {
				if id != m.tok.Special().Mask {
					continue
				}
				p := slices.Clone(logits.Row(0, at))
				simd.Softmax(p)
				for j, id := range best(p, 4, func(int) bool { return true }) {
					f := all[i][n][j]
					if f.ID != id || f.Score != p[id] || f.Token != tokenizer.TokenText(m.tok, id) {
						t.Errorf("%q, mask %d: answer %d is %+v, want token %d with %v", text, n, j, f, id, p[id])
					}
					if k := strings.Count(f.Text, mask); k != len(all[i])-1 && !strings.Contains(f.Token, mask) {
						t.Errorf("%q, mask %d: the answer's text %q has %d masks", text, n, f.Text, k)
					}
				}
				n++
			}
			if n != len(all[i]) {
				t.Errorf("%q: %d lists for %d masks", text, len(all[i]), n)
			}
		}
		byTokens := must[[][][]Fill](t)(fillTokens(m, 4, tokens...))
		for i := range texts {
			for n := range all[i] {
				for j, f := range byTokens[i][n] {
					if want := all[i][n][j]; f.ID != want.ID || f.Score != want.Score || f.Token != want.Token {
						t.Errorf("%q as tokens, mask %d: answer %d is %+v, want %+v", texts[i], n, j, f, want)
					}
				}
			}
		}
		one := must[[]Fill](t)(m.FillMask(t.Context(), texts[0], 4))
		if !slices.Equal(one, all[0][0]) {
			t.Errorf("one mask: %v, want %v", one, all[0][0])
		}
	}
}

// TestFillText puts answers with and without a space into texts.
func TestFillText(t *testing.T) {
	space := func(m *Model, s string) int { return m.Encode(s)[1] }
	for _, c := range []struct {
		text, token, want string
		strip             bool
	}{
		{"Go is a <mask> language.", " fast", "Go is a fast language.", true},
		{"Go is a <mask> language.", " fast", "Go is a fast language.", false},
		{"Go is a <mask> language.", "fast", "Go is afast language.", true},
		{"Go is a <mask> language.", "fast", "Go is a fast language.", false},
		{"Go is a\t\t<mask> language.", " fast", "Go is a\t\t fast language.", true},
		{"Go is a  <mask> language. ", " fast", "Go is a  fast language. ", true},
		{"Go is a\t<mask> language.", " fast", "Go is a\tfast language.", false},
		{"<mask> language", " fast", " fast language", true},
		{" <mask> ", " fast", " fast ", true},
		{"(<mask>)", " fast", "( fast)", true},
		{"un<mask>", "fast", "unfast", true},
	} {
		for _, trim := range []bool{false, true} {
			m := readingMasks(t, "<mask>", c.strip)
			r := m.tok.(maskReader)
			r.trim = trim
			m.tok = r
			m.lm.Bias[space(m, c.token)] += 100
			if got := must[[]Fill](t)(m.FillMask(t.Context(), c.text, 1))[0]; got.Text != c.want || got.Token != c.token {
				t.Errorf("%q with %q, white space left out of spans (%v): %q, want %q", c.text, got.Token, trim, got.Text, c.want)
			}
		}
	}
}

// TestFillSpecialTokens: where the tokenizer reads masks, every token is an answer, as
// in transformers; where it does not, special tokens are none, as in fairseq.
func TestFillSpecialTokens(t *testing.T) {
	for _, reads := range []bool{true, false} {
		m := openGolden(t, golden(t, "fulldict", "model.pt"))
		if reads {
			m.tok = maskReader{m.tok, "<mask>", true, m.tok.Special().Mask, false}
		}
		m.lm.Bias[2] += 100
		f := must[[]Fill](t)(m.FillMask(t.Context(), "Go is <mask>.", 1))[0]
		if (f.ID == 2) != reads {
			t.Errorf("a tokenizer that reads masks (%v) answers %+v", reads, f)
		}
	}
}

// TestMaskErrors: the error says how many masks there are and how many there may be.
func TestMaskErrors(t *testing.T) {
	ctx := t.Context()
	hf, fairseq := readingMasks(t, "[MASK]", true), openGolden(t, golden(t, "fulldict", "model.pt"))
	none := openGolden(t, golden(t, "fulldict", "model.pt"))
	none.tok = maskReader{none.tok, "<mask>", true, -1, false}
	pad := openGolden(t, golden(t, "fulldict", "model.pt"))
	pad.tok = maskReader{pad.tok, "<mask>", true, padID, false}
	for name, c := range map[string]struct {
		f    func() error
		says string
	}{
		"one wanted, two there":   {func() error { _, err := hf.FillMask(ctx, "[MASK] [MASK]", 1); return err }, `the text has 2 [MASK] tokens, want exactly one, as in "He is a [MASK] guy"`},
		"another name":            {func() error { _, err := hf.FillMask(ctx, "a <mask>", 1); return err }, "the text has 0 [MASK] tokens, want exactly one"},
		"none":                    {func() error { _, err := fillTexts(hf, 1, "[MASK]", "a"); return err }, "the text has 0 [MASK] tokens, want at least one"},
		"none in tokens":          {func() error { _, err := fillTokens(hf, 1, []int{0, 9, 2}); return err }, "has 0 [MASK] tokens, want at least one"},
		"two for fairseq":         {func() error { _, err := fillTexts(fairseq, 1, "<mask> <mask>"); return err }, "the text has 2 <mask> tokens, want exactly one"},
		"no mask token":           {func() error { _, err := none.FillMask(ctx, "<mask>", 1); return err }, "the vocabulary has no mask token"},
		"no mask token, tokens":   {func() error { _, err := fillTokens(none, 1, []int{0, 9, 2}); return err }, "the vocabulary has no mask token"},
		"the mask is the padding": {func() error { _, err := fillTokens(pad, 1, []int{0, 1, 9, 2}); return err }, "the vocabulary has no mask token"},
	} {
		err := c.f()
		if !errors.Is(err, ErrMask) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %v, want ErrMask that says %q", name, err, c.says)
		}
	}
	for _, k := range []int{0, math.MaxInt} {
		if _, err := fillTokens(hf, k, []int{0, hf.tok.Special().Mask}); !errors.Is(err, ErrTopK) {
			t.Errorf("k = %d: %v", k, err)
		}
	}
	if _, err := fillTokens(hf, 1, []int{0, hf.tok.Special().Mask, math.MaxInt}); !errors.Is(err, ErrToken) {
		t.Errorf("a token outside the vocabulary: %v", err)
	}
}

// TestFillPads: pads among the tokens change nothing.
func TestFillPads(t *testing.T) {
	m := openGolden(t, golden(t, "tiny", "model.pt"))
	mask := m.tok.Special().Mask
	plain := []int{0, 9, mask, 11, mask, 2}
	padded := []int{1, 0, 9, 1, 1, mask, 11, mask, 1, 2, 1}
	scores := func(tokens []int) string {
		var all []string
		for _, fills := range must[[][][]Fill](t)(fillTokens(m, 3, tokens))[0] {
			for _, f := range fills {
				all = append(all, fmt.Sprint(f.ID, f.Score, f.Text))
			}
		}
		return strings.Join(all, "\n")
	}
	if got, want := scores(padded), scores(plain); got != want {
		t.Errorf("with pads:\n%s\nwant\n%s", got, want)
	}
}

// TestPronounMaskIsPad: a vocabulary whose mask is its padding token is an error.
func TestPronounMaskIsPad(t *testing.T) {
	m := openGolden(t, golden(t, "tiny", "model.pt"))
	m.tok = maskReader{m.tok, "<mask>", true, padID, false}
	if _, err := m.DisambiguatePronoun(t.Context(), "The time was first because [it] was.", []string{"The time", "first"}); !errors.Is(err, ErrModel) {
		t.Errorf("error %v, want ErrModel", err)
	}
}
