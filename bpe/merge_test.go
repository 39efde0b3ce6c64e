package bpe

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// A reference is BPE as its papers describe it, on strings and a map.
type reference map[[2]string]int

func newReference(v *vocabulary) reference {
	ranks := reference{}
	for _, e := range v.pairs.entries {
		if e.rank != noRank {
			ranks[[2]string{v.token(uint32(e.pair >> 32)), v.token(uint32(e.pair))}] = int(e.rank)
		}
	}
	return ranks
}

// merge returns the parts that piece ends up in.
func (ranks reference) merge(piece string) []string {
	parts := strings.Split(piece, "")
	parts = parts[:0]
	for i := range len(piece) {
		parts = append(parts, piece[i:i+1])
	}
	for {
		var best [2]string
		lowest := -1
		for i := range len(parts) - 1 {
			pair := [2]string{parts[i], parts[i+1]}
			if rank, ok := ranks[pair]; ok && (lowest < 0 || rank < lowest) {
				best, lowest = pair, rank
			}
		}
		if lowest < 0 {
			return parts
		}
		var merged []string
		for i := 0; i < len(parts); i++ {
			if i+1 < len(parts) && parts[i] == best[0] && parts[i+1] == best[1] {
				merged = append(merged, best[0]+best[1])
				i++
			} else {
				merged = append(merged, parts[i])
			}
		}
		parts = merged
	}
}

// pieceTokens returns the tokens of piece by mergeShort and by mergeLong, as
// strings.
func pieceTokens(v *vocabulary, piece string) (short, long []string) {
	if len(piece) <= shortPiece {
		for _, t := range v.mergeShort(nil, piece) {
			short = append(short, v.token(t))
		}
	}
	for _, id := range v.mergeLong(nil, piece) {
		t, _ := v.find(id)
		long = append(long, v.token(t))
	}
	return short, long
}

func checkMerge(t *testing.T, v *vocabulary, ranks reference, piece string) {
	t.Helper()
	want := ranks.merge(piece)
	short, long := pieceTokens(v, piece)
	if len(piece) <= shortPiece && !slices.Equal(short, want) {
		t.Errorf("mergeShort(%q) = %q, want %q", piece, short, want)
	}
	if !slices.Equal(long, want) {
		t.Errorf("mergeLong(%q) = %q, want %q", piece, long, want)
	}
}

func TestMerge(t *testing.T) {
	v := Default().vocabulary
	ranks := newReference(v)
	rng := rand.New(rand.NewPCG(3, 4))
	for _, alphabet := range []string{"a", "ab", "abcdefghijklmnopqrstuvwxyz", "^=-_ ", "\xe4\xb8\x80\xff\x00", "0123456789"} {
		for range 200 {
			piece := make([]byte, 1+rng.IntN(90))
			for i := range piece {
				piece[i] = alphabet[rng.IntN(len(alphabet))]
			}
			checkMerge(t, v, ranks, string(piece))
		}
	}
}

// TestMergeAnyRanks merges with made-up vocabularies, in which a merge may rank
// before those that make its parts, as no trained vocabulary has it.
func TestMergeAnyRanks(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		v, err := randomVocabulary(rng, "abc", 1+rng.IntN(100))
		if err != nil {
			t.Fatal(err)
		}
		ranks := newReference(v)
		e := &Encoder{vocabulary: v, words: new(words)}
		for range 50 {
			piece := make([]byte, 1+rng.IntN(70))
			for i := range piece {
				piece[i] = "abc"[rng.IntN(3)]
			}
			checkMerge(t, v, ranks, string(piece))
			var got []string
			for _, id := range e.Encode(string(piece)) { // letters only: one piece
				b, _ := e.TokenBytes(id)
				got = append(got, string(b))
			}
			if want := ranks.merge(string(piece)); !slices.Equal(got, want) {
				t.Errorf("Encode(%q) = %q, want %q", piece, got, want)
			}
		}
	}
}

// randomVocabulary returns a vocabulary of n merges over an alphabet, in random
// order and with random ids.
func randomVocabulary(rng *rand.Rand, alphabet string, n int) (*vocabulary, error) {
	var names []string
	for _, r := range byteToRune {
		names = append(names, string(r))
	}
	parts := strings.Split(alphabet, "")
	var merges []mergeRule
	for range n {
		m := mergeRule{left: parts[rng.IntN(len(parts))], right: parts[rng.IntN(len(parts))]}
		if made := m.left + m.right; !slices.Contains(parts, made) {
			parts = append(parts, made)
			names = append(names, made)
		}
		merges = append(merges, m)
	}
	rng.Shuffle(n, func(i, j int) { merges[i], merges[j] = merges[j], merges[i] })
	var entries []entry
	id := int32(0)
	for _, i := range rng.Perm(len(names)) {
		id += 1 + rng.Int32N(3)
		entries = append(entries, entry{names[i], id, 1})
	}
	return newVocabulary(entries, merges, "encoder.json", "vocab.bpe")
}
