package sentencepiece

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/goroberta/goroberta/internal/charsmap"
	"github.com/goroberta/goroberta/internal/trie"
	"github.com/goroberta/goroberta/internal/unigram"
)

// The model types of TrainerSpec.
const (
	typeUnigram = 1
	typeBPE     = 2
	typeWord    = 3
	typeChar    = 4
)

// A spec is what a file says, defaults filled in.
type spec struct {
	pieces []piece

	modelType     uint64
	suffix        bool
	byteFallback  bool
	unkSurface    string
	bos, eos, pad string // the pieces of these names

	normalizer, denormalizer normalizerSpec
}

// normalizerSpec is NormalizerSpec.
type normalizerSpec struct {
	charsmap                                     []byte
	at                                           int // where the charsmap begins in the file
	dummyPrefix, removeExtraSpaces, escapeSpaces bool
}

// Load reads a SentencePiece model: the content of a file such as
// sentencepiece.bpe.model. Errors name it by name.
//
// Unigram and BPE models are known. Load refuses what the library refuses: no pieces, an
// empty piece, one of 8000 bytes or more or with a NUL byte, a piece twice, no UNKNOWN
// piece or two, BYTE pieces in a model without byte_fallback or fewer than 256 in one with
// it, scores that are no numbers, a charsmap that leads out of its table. It checks every length before it believes it, so that memory stays in
// proportion to data. The Model keeps no reference to data.
//
// The error is a *FileError. It wraps ErrFormat, ErrUnsupported or ErrTooLarge.
func Load(data []byte, name string) (*Model, error) {
	m, err := load(data)
	if err != nil {
		e, ok := errors.AsType[*FileError](err)
		if !ok {
			e = &FileError{Offset: -1, Err: err}
		}
		e.File = name
		return nil, e
	}
	m.name = name
	return m, nil
}

const lfsPointer = "version https://git-lfs.github.com/spec/"

func load(data []byte) (*Model, error) {
	if bytes.HasPrefix(data, []byte(lfsPointer)) {
		return nil, fmt.Errorf("%w: the file is a Git LFS pointer, not the content (run git lfs pull)", ErrFormat)
	}
	s, err := readSpec(data)
	if err != nil {
		return nil, err
	}
	switch s.modelType {
	case typeWord:
		return nil, fmt.Errorf("%w: a word model; unigram and BPE models are known", ErrUnsupported)
	case typeChar:
		return nil, fmt.Errorf("%w: a char model; unigram and BPE models are known", ErrUnsupported)
	}
	m := &Model{
		pieces:       s.pieces,
		bpe:          s.modelType == typeBPE,
		byteFallback: s.byteFallback,
		unkSurface:   s.unkSurface,
		dropSpace:    s.normalizer.dummyPrefix || s.normalizer.removeExtraSpaces,
		dropSpaces:   s.normalizer.removeExtraSpaces,
		unk:          -1,
	}
	if err := m.index(); err != nil {
		return nil, err
	}
	m.bos, m.eos, m.pad = m.control(s.bos), m.control(s.eos), m.control(s.pad)
	if m.normalizer, err = newNormalizer(&s.normalizer, s.suffix, m.userDefined()); err != nil {
		return nil, err
	}
	if len(s.denormalizer.charsmap) > 0 {
		if m.denormalizer, err = newNormalizer(&s.denormalizer, false, nil); err != nil {
			return nil, err
		}
	}
	if err := m.prepare(); err != nil {
		return nil, err
	}
	m.pool.New = func() any { return new(scratch) }
	return m, nil
}

func readSpec(data []byte) (*spec, error) {
	s := &spec{
		modelType:    typeUnigram,
		unkSurface:   " \u2047 ",
		bos:          "<s>",
		eos:          "</s>",
		pad:          "<pad>",
		normalizer:   normalizerSpec{dummyPrefix: true, removeExtraSpaces: true, escapeSpaces: true},
		denormalizer: normalizerSpec{dummyPrefix: true, removeExtraSpaces: true, escapeSpaces: true},
	}
	m := message{data: data}
	for f, ok := m.next(); ok; f, ok = m.next() {
		var err error
		switch {
		case f.is(1, wireBytes):
			var p piece
			p, err = readPiece(f.message())
			switch {
			case err != nil:
			case p.text == "":
				err = &FileError{Offset: f.at, Err: fmt.Errorf("%w: piece %d is empty", ErrFormat, len(s.pieces))}
			case len(p.text) > unigram.MaxPiece:
				err = &FileError{Offset: f.at, Piece: p.text, Err: fmt.Errorf("%w: %d bytes, want at most %d", ErrTooLarge, len(p.text), unigram.MaxPiece)}
			case len(s.pieces) == trie.Max:
				err = &FileError{Offset: f.at, Err: fmt.Errorf("%w: more than %d pieces", ErrTooLarge, trie.Max)}
			}
			s.pieces = append(s.pieces, p)
		case f.is(2, wireBytes):
			err = s.readTrainer(f.message())
		case f.is(3, wireBytes):
			err = s.normalizer.read(f.message())
		case f.is(5, wireBytes):
			err = s.denormalizer.read(f.message())
		}
		if err != nil {
			return nil, err
		}
	}
	if m.err != nil {
		return nil, m.err
	}
	if len(s.pieces) == 0 {
		return nil, fmt.Errorf("%w: no pieces; the file is not a SentencePiece model", ErrFormat)
	}
	return s, nil
}

// readPiece reads ModelProto.SentencePiece.
func readPiece(m message) (piece, error) {
	p := piece{kind: Normal}
	for f, ok := m.next(); ok; f, ok = m.next() {
		switch {
		case f.is(1, wireBytes):
			p.text = string(f.bytes)
		case f.is(2, wireFixed32):
			p.score = math.Float32frombits(uint32(f.value))
		case f.is(3, wireVarint) && uint64(Normal) <= f.value && f.value <= uint64(Byte):
			p.kind = PieceType(f.value) // another value is one that the reader does not know
		}
	}
	return p, m.err
}

// readTrainer reads TrainerSpec.
func (s *spec) readTrainer(m message) error {
	for f, ok := m.next(); ok; f, ok = m.next() {
		switch {
		case f.is(3, wireVarint) && typeUnigram <= f.value && f.value <= typeChar:
			s.modelType = f.value
		case f.is(24, wireVarint):
			s.suffix = f.value != 0
		case f.is(35, wireVarint):
			s.byteFallback = f.value != 0
		case f.is(44, wireBytes):
			s.unkSurface = string(f.bytes)
		case f.is(46, wireBytes):
			s.bos = cmp.Or(string(f.bytes), s.bos)
		case f.is(47, wireBytes):
			s.eos = cmp.Or(string(f.bytes), s.eos)
		case f.is(48, wireBytes):
			s.pad = cmp.Or(string(f.bytes), s.pad)
		}
	}
	return m.err
}

// read reads NormalizerSpec.
func (s *normalizerSpec) read(m message) error {
	for f, ok := m.next(); ok; f, ok = m.next() {
		switch {
		case f.is(2, wireBytes):
			s.charsmap, s.at = f.bytes, f.at
		case f.is(3, wireVarint):
			s.dummyPrefix = f.value != 0
		case f.is(4, wireVarint):
			s.removeExtraSpaces = f.value != 0
		case f.is(5, wireVarint):
			s.escapeSpaces = f.value != 0
		}
	}
	return m.err
}

// index checks the pieces as the library does, and finds them by their text.
func (m *Model) index() error {
	fail := func(p *piece, format string, args ...any) error {
		return &FileError{Offset: -1, Piece: p.text, Err: fmt.Errorf("%w: "+format, append([]any{ErrFormat}, args...)...)}
	}
	var reserved []int // the pieces that no text is cut into
	for id := range m.pieces {
		p := &m.pieces[id]
		if p.text == nul && m.byteFallback {
			p.kind = Unused // converted models have it beside <0x00>
		}
		switch {
		case p.text == nul && p.kind == Unused:
		case strings.Contains(p.text, nul):
			return fail(p, "piece %d has a NUL byte", id)
		case !m.bpe && !finite(p.score):
			return fail(p, "piece %d has score %v", id, p.score)
		}
		switch p.kind {
		case Normal, UserDefined, Unused:
			continue
		case Unknown:
			if m.unk >= 0 {
				return fail(p, "pieces %d and %d are both of type UNKNOWN", m.unk, id)
			}
			m.unk = id
		case Byte:
			if !m.byteFallback {
				return fail(p, "a BYTE piece, but byte_fallback is off")
			}
			b, ok := byteOf(p.text)
			if !ok {
				return fail(p, "a BYTE piece, want <0x00> to <0xFF>")
			}
			m.bytes[b] = int32(id) + 1
			p.value = b
		}
		reserved = append(reserved, id)
	}
	if m.unk < 0 && !m.byteFallback {
		return fmt.Errorf("%w: no piece of type UNKNOWN", ErrFormat)
	}
	for b := range m.bytes {
		if m.byteFallback && m.bytes[b] == 0 {
			return fmt.Errorf("%w: byte_fallback is on, but there is no BYTE piece <0x%02X>", ErrFormat, b)
		}
		m.bytes[b]--
	}
	// In a unigram model a text may be the piece of two ids, one that text is cut into and
	// one that is reserved. Where a piece is looked up by its text the reserved one counts.
	m.reserved = make(map[string]int, len(reserved))
	for _, id := range reserved {
		p := &m.pieces[id]
		if first, ok := m.reserved[p.text]; ok {
			return fail(p, "pieces %d and %d are the same", first, id)
		}
		m.reserved[p.text] = id
	}
	found := 0
	m.texts = trie.New(len(m.pieces), func(i int) string {
		if p := &m.pieces[i]; p.cuts() && p.text != nul {
			return p.text
		}
		return ""
	})
	for id := range m.pieces {
		p := &m.pieces[id]
		if !p.cuts() || p.text == nul {
			continue
		}
		found++
		if last := trie.Find(m.texts, p.text); last != id {
			return fail(p, "pieces %d and %d are the same", id, last)
		}
		if other, ok := m.reserved[p.text]; ok && m.bpe {
			return fail(p, "pieces %d and %d are the same", min(id, other), max(id, other))
		}
	}
	if found == 0 && !m.bpe {
		return fmt.Errorf("%w: no piece that text can be cut into", ErrFormat)
	}
	return nil
}

// nul is a piece that the library leaves alone if it is UNUSED.
const nul = "\x00"

func finite(x float32) bool { return x-x == 0 }

// byteOf returns the byte that <0x00> to <0xFF> stand for.
func byteOf(s string) (byte, bool) {
	if len(s) != 6 || s[:3] != "<0x" || s[5] != '>' {
		return 0, false
	}
	hi, lo := strings.IndexByte(upperHex, s[3]), strings.IndexByte(upperHex, s[4])
	return byte(hi<<4 | lo), hi >= 0 && lo >= 0
}

const upperHex = "0123456789ABCDEF"

// control returns the id of the CONTROL piece of this text, or -1.
func (m *Model) control(text string) int {
	if id, ok := m.reserved[text]; ok && m.pieces[id].kind == Control {
		return id
	}
	return -1
}

// userDefined returns the texts of the USER_DEFINED pieces.
func (m *Model) userDefined() []string {
	var texts []string
	for i := range m.pieces {
		if m.pieces[i].kind == UserDefined {
			texts = append(texts, m.pieces[i].text)
		}
	}
	return texts
}

// prepare makes what searches for pieces.
func (m *Model) prepare() error {
	if m.bpe {
		m.merger = newMerger(m)
		return nil
	}
	lowest := float32(math.MaxFloat32)
	for _, p := range m.pieces {
		if p.kind == Normal {
			lowest = min(lowest, p.score)
		}
	}
	var pieces []unigram.Piece[float32]
	for id, p := range m.pieces {
		switch p.kind {
		case Normal:
			pieces = append(pieces, unigram.Piece[float32]{Text: p.text, ID: id, Score: p.score})
		case UserDefined:
			// More than all log-probabilities, and the fewer symbols the more.
			score := float32(0.1 * float64(len(p.text)-1))
			pieces = append(pieces, unigram.Piece[float32]{Text: p.text, ID: id, Score: score})
		}
	}
	var err error
	m.unigram, err = unigram.New(pieces, unigram.Options[float32]{
		Unknown:      m.unk,
		UnknownScore: lowest - 10,
		Join:         !m.byteFallback,
		Reset:        100000,
	})
	return err
}

// newNormalizer returns the normalizer that s describes.
func newNormalizer(s *normalizerSpec, suffix bool, userDefined []string) (*normalizer, error) {
	n := &normalizer{
		dummyPrefix:       s.dummyPrefix,
		removeExtraSpaces: s.removeExtraSpaces,
		suffix:            suffix,
		space:             " ",
	}
	if s.escapeSpaces {
		n.space = spaceSymbol
	}
	if len(userDefined) > 0 {
		n.user = trie.New(len(userDefined), func(i int) string { return userDefined[i] })
	}
	if len(s.charsmap) > 0 {
		var err error
		if n.charsmap, err = charsmap.Parse(s.charsmap); err != nil {
			e, _ := errors.AsType[*charsmap.FormatError](err)
			return nil, &FileError{Offset: s.at + e.Offset, Err: fmt.Errorf("%w: precompiled_charsmap: %s", ErrFormat, e.Reason)}
		}
	}
	n.classify(userDefined)
	return n, nil
}
