package sentencepiece

import (
	"sync"

	"github.com/goroberta/goroberta/internal/trie"
	"github.com/goroberta/goroberta/internal/unigram"
)

// A PieceType says what a piece is for. The values are those of the file.
type PieceType uint8

// The types of pieces.
const (
	Normal      PieceType = 1 // text is cut into these
	Unknown     PieceType = 2 // stands for what no piece matches; there is exactly one
	Control     PieceType = 3 // such as <s>: never part of a text
	UserDefined PieceType = 4 // always taken as it is, before normalisation
	Unused      PieceType = 5 // not part of any text; BPE splits it again
	Byte        PieceType = 6 // <0x00> to <0xFF>: a byte of a character that no piece matches
)

func (t PieceType) String() string {
	names := [...]string{"", "NORMAL", "UNKNOWN", "CONTROL", "USER_DEFINED", "UNUSED", "BYTE"}
	if int(t) < len(names) {
		return names[t]
	}
	return ""
}

type piece struct {
	text  string
	score float32
	kind  PieceType
	value byte // of a Byte piece
}

// cuts reports whether text may be cut into the piece, if only on the way.
func (p *piece) cuts() bool { return p.kind == Normal || p.kind == UserDefined || p.kind == Unused }

// A Model is a SentencePiece model: a vocabulary of pieces, the rules that normalise
// text, and the way to cut it into pieces. Its ids are the places of the pieces in the
// file. Method Tokenizer and the functions NewFairseq, NewXLMRoberta and NewCamembert
// make a tokenizer.Tokenizer of it.
//
// A Model does not change and may be used by any number of goroutines.
type Model struct {
	name         string
	pieces       []piece
	reserved     map[string]int // the pieces of types UNKNOWN, CONTROL and BYTE by their text
	texts        trie.Trie      // all others
	normalizer   *normalizer
	denormalizer *normalizer // nil: none
	bpe          bool
	byteFallback bool
	bytes        [256]int32 // the BYTE pieces, or -1
	unkSurface   string
	dropSpace    bool // decoding drops the space at the beginning
	dropSpaces   bool // of all pieces until there is text

	unk, bos, eos, pad int

	unigram *unigram.Model[float32] // nil: a BPE
	merger  *merger
	pool    sync.Pool // of *scratch
}

// Name returns the name given to Load.
func (m *Model) Name() string { return m.name }

// Kind returns "unigram" or "BPE".
func (m *Model) Kind() string {
	if m.bpe {
		return "BPE"
	}
	return "unigram"
}

// Len returns the number of pieces.
func (m *Model) Len() int { return len(m.pieces) }

// Piece returns the text of a piece and its type, as the file has them, and "", 0 for
// an id that the model does not have.
func (m *Model) Piece(id int) (text string, t PieceType) {
	if uint(id) >= uint(len(m.pieces)) {
		return "", 0
	}
	return m.pieces[id].text, m.pieces[id].kind
}

// Lookup returns the id of the piece that is text, and whether the model has it.
func (m *Model) Lookup(text string) (id int, ok bool) {
	if id, ok := m.reserved[text]; ok {
		return id, true
	}
	id = trie.Find(m.texts, text)
	return id, id >= 0
}

// A scratch is the memory of one call.
type scratch struct {
	normalized
	tokens []unigram.Token
	merge  merging
}

// keepScratch is the longest normalised text whose memory is kept for the next call.
const keepScratch = 1 << 22

// cut normalises text and cuts it into pieces. Unknown characters that stand side by
// side are one token, but for models with byte fallback. The caller gives the scratch
// back with release.
func (m *Model) cut(text string, origins bool) *scratch {
	s := m.pool.Get().(*scratch)
	m.normalizer.normalize(&s.normalized, text, origins)
	s.tokens = s.tokens[:0]
	if m.bpe {
		s.tokens = m.merger.append(&s.merge, s.tokens, s.text)
	} else {
		s.tokens = m.unigram.AppendBytes(s.tokens, s.text)
	}
	return s
}

func (m *Model) release(s *scratch) {
	if cap(s.text) <= keepScratch {
		m.pool.Put(s)
	}
}

// Normalize returns text as the model sees it: normalised, with ▁ for spaces.
func (m *Model) Normalize(text string) string {
	s := m.pool.Get().(*scratch)
	defer m.release(s)
	m.normalizer.normalize(&s.normalized, text, false)
	return string(s.text)
}
