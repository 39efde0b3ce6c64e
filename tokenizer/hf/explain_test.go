package hf

import (
	"slices"
	"strings"
	"testing"
)

// checkExplain: the merges of each word, or the best path of its lattice, end as its
// tokens.
func checkExplain(t *testing.T, tok *Tokenizer, text string) {
	t.Helper()
	for _, w := range tok.Words(text) {
		if w.Whole {
			continue
		}
		x := tok.Explain(w)
		var want []string
		for _, id := range w.IDs {
			name, _ := tok.Name(id)
			want = append(want, name)
		}
		m, isUnigram := tok.model.(*unigramModel)
		if !isUnigram {
			if got := x.Pieces(); !slices.Equal(got, want) {
				t.Fatalf("%q: the merges of %q end as %q, want %q", text, w.Text, got, want)
			}
			continue
		}
		// Unknown characters are joined, and become a token or bytes if there are such.
		var got []string
		sum, unknown := 0.0, ""
		flush := func() {
			id := m.unk
			if unknown == "" {
				return
			} else if known, ok := m.vocab.id(unknown); ok && !m.special[unknown] {
				id = known
			} else if m.byteFallback && m.haveBytes(unknown) {
				for i := range len(unknown) {
					got = append(got, byteTokens[unknown[i]])
				}
				unknown = ""
				return
			}
			name, _ := tok.Name(id)
			got, unknown = append(got, name), ""
		}
		best := map[int]float64{0: 0}
		end := 0
		for _, c := range x.Lattice {
			if v, ok := best[c.End]; !ok || best[c.Start]+c.Score > v {
				best[c.End] = best[c.Start] + c.Score
			}
			if !c.Best {
				continue
			}
			if c.Start != end || c.Text != w.Text[c.Start:c.End] {
				t.Fatalf("%q: the best path has %+v after byte %d", w.Text, c, end)
			}
			sum, end = sum+c.Score, c.End
			if c.ID < 0 || c.ID == m.unk {
				unknown += c.Text
				continue
			}
			flush()
			name, _ := tok.Name(c.ID)
			got = append(got, name)
		}
		flush()
		if limit := best[len(w.Text)]; end != len(w.Text) || sum < limit-1e-6*max(1, -limit) {
			t.Fatalf("%q: the best path ends at %d with %v, want %v", w.Text, end, sum, limit)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%q: the best path of %q is %q, want %q", text, w.Text, got, want)
		}
	}
}

// TestExplain goes through the golden texts with every tokenizer.
func TestExplain(t *testing.T) {
	all, err := goldens()
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range all {
		tok, err := Parse(g.json, "tokenizer.json")
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range g.Rows {
			for _, text := range row.Texts {
				checkExplain(t, tok, text)
				steps := tok.Steps(text)
				if len(steps) != len(tok.normalizer) {
					t.Errorf("%s: steps %+v", g.Name, steps)
				}
				for _, s := range steps {
					if !strings.Contains(string(g.json), `"type":"`+s.Name+`"`) {
						t.Errorf("%s: no normaliser is called %s", g.Name, s.Name)
					}
				}
			}
		}
	}
}

// FuzzExplain holds words and what is told of them to the ids of the text.
func FuzzExplain(f *testing.F) {
	all, err := goldens()
	if err != nil {
		f.Fatal(err)
	}
	var toks []*Tokenizer
	for i, g := range all {
		tok, err := Parse(g.json, "tokenizer.json")
		if err != nil {
			f.Fatal(err)
		}
		toks = append(toks, tok, tok.Plain())
		f.Add(uint8(i), "  Don't <mask>\u00a0cut é ﬁ 12,5\n\n▁words </s>")
	}
	f.Fuzz(func(t *testing.T, which uint8, text string) {
		if len(text) < 2000 {
			checkExplain(t, toks[int(which)%len(toks)], text)
		}
	})
}

// TestSteps shows a text after each normaliser, its added tokens as they are.
func TestSteps(t *testing.T) {
	tok, err := Parse([]byte(`{"added_tokens":[{"id":1,"content":"<É>","special":true,"normalized":false,"single_word":false,"lstrip":false,"rstrip":false}],
		"normalizer":{"type":"Sequence","normalizers":[{"type":"Strip","strip_left":true,"strip_right":true},{"type":"NFD"},{"type":"StripAccents"},{"type":"Lowercase"}]},
		"model":{"type":"BPE","vocab":{"e":0,"<É>":1},"merges":[]}}`), "tokenizer.json")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range tok.Steps(" É<É>Éa ") {
		got = append(got, s.Name+" "+s.Text)
	}
	want := []string{"Strip É<É>Éa", "NFD E\u0301<É>E\u0301a", "StripAccents E<É>Ea", "Lowercase e<É>ea"}
	if !slices.Equal(got, want) {
		t.Errorf("steps %q, want %q", got, want)
	}
}
