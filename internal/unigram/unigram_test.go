package unigram

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// plain is the search as the page of the package has it, without a trie: the slow
// twin of Append.
func plain[F Float](pieces []Piece[F], o Options[F], text string) []Token {
	byText := map[string]Piece[F]{}
	longest := 0
	for _, p := range pieces {
		byText[p.Text] = p
		longest = max(longest, len(p.Text))
	}
	type entry struct {
		score F
		start int
		id    int
	}
	best := make([]*entry, len(text)+1)
	best[0] = &entry{}
	offer := func(end int, e entry) {
		if best[end] == nil || e.score > best[end].score {
			best[end] = &e
		}
	}
	for at := 0; at < len(text); {
		if here := best[at].score; o.Reset != 0 && (here < -o.Reset || here > o.Reset) {
			for _, e := range best[at:] {
				if e != nil {
					e.score -= here
				}
			}
		}
		size := min(int(charLen[text[at]>>4]), len(text)-at)
		single := false
		for n := 1; n <= min(longest, len(text)-at); n++ {
			if p, ok := byText[text[at:at+n]]; ok {
				offer(at+n, entry{score: p.Score + best[at].score, start: at, id: p.ID})
				single = single || n == size
			}
		}
		if !single {
			offer(at+size, entry{score: o.UnknownScore + best[at].score, start: at, id: o.Unknown})
		}
		at += size
	}
	var tokens []Token
	for end := len(text); end > 0; end = best[end].start {
		if n := len(tokens); o.Join && n > 0 && best[end].id == o.Unknown && tokens[n-1].ID == o.Unknown {
			continue
		}
		tokens = append(tokens, Token{best[end].id, end})
	}
	slices.Reverse(tokens)
	return tokens
}

// random returns pieces over a small alphabet with scores that tie and round.
func random[F Float](r *rand.Rand, alphabet string, n int) []Piece[F] {
	letters := []rune(alphabet)
	var pieces []Piece[F]
	for id := range n {
		var s strings.Builder
		for range 1 + r.IntN(5) {
			s.WriteRune(letters[r.IntN(len(letters))])
		}
		score := -0.1 * F(1+r.IntN(60))
		if r.IntN(3) == 0 {
			score = -2 * F(utf8.RuneCountInString(s.String()))
		}
		pieces = append(pieces, Piece[F]{s.String(), id + 1, score})
	}
	return pieces
}

func testRandom[F Float](t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		pieces := random[F](r, "abcé▁x", 1+r.IntN(200))
		o := Options[F]{UnknownScore: -16, Join: r.IntN(2) == 0, Reset: []F{0, 7, 40}[r.IntN(3)]}
		m, err := New(pieces, o)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			var s strings.Builder
			for range r.IntN(80) {
				s.WriteString([]string{"a", "b", "c", "é", "▁", "x", "☃", "\xff", "\xe2\x96"}[r.IntN(9)])
			}
			text := s.String()
			got := m.Append([]Token{{7, 7}}, text)
			want := append([]Token{{7, 7}}, plain(pieces, o, text)...)
			if !slices.Equal(got, want) {
				t.Fatalf("Append(%q) = %v, want %v", text, got, want)
			}
		}
	}
}

func TestAppendEqualsPlain(t *testing.T) {
	t.Run("float32", testRandom[float32])
	t.Run("float64", testRandom[float64])
}

// TestSum: a sum's rounding depends on all text before it, also across words.
func TestSum(t *testing.T) {
	pieces := []Piece[float32]{{"▁", 1, -1}, {"a", 2, -0.1}, {"aa", 3, -0.2}, {"▁b", 4, -1e6}}
	m, err := New(pieces, Options[float32]{UnknownScore: -20})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"aaa", "▁b▁aaa", "▁b▁b▁b▁aaaaaaa"} {
		if got, want := m.Append(nil, text), plain(pieces, m.options, text); !slices.Equal(got, want) {
			t.Errorf("Append(%q) = %v, want %v", text, got, want)
		}
	}
}

func TestLookup(t *testing.T) {
	m, err := New([]Piece[float32]{{"a", 1, 0}, {"ab", 2, 0}, {"a", 3, 0}, {"", 4, 0}, {"\x00", 5, 0}, {"\xff\x00", 6, 0}}, Options[float32]{})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{"a": 3, "ab": 2, "b": -1, "": -1, "abc": -1, "\x00": 5, "\xff": -1, "\xff\x00": 6} {
		got, ok := m.Lookup(text)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("Lookup(%q) = %d, want %d", text, got, want)
		}
	}
}

func TestNewErrors(t *testing.T) {
	if _, err := New([]Piece[float32]{{strings.Repeat("a", MaxPiece), 1, 0}}, Options[float32]{}); err != nil {
		t.Errorf("a piece of %d bytes: %v", MaxPiece, err)
	}
	if _, err := New([]Piece[float32]{{strings.Repeat("a", MaxPiece+1), 1, 0}}, Options[float32]{}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a piece of %d bytes: error %v, want %v", MaxPiece+1, err, ErrTooLarge)
	}
}
