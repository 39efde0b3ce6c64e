package sentencepiece

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// appendDecoded appends the text of ids, as the library decodes them:
//
//   - CONTROL pieces are nothing, the unknown one is unk_surface, " ⁇ " by default;
//   - neighbouring BYTE pieces are one string of bytes, in which U+FFFD stands for each
//     byte that is not part of a well-formed character;
//   - ▁ is a space, but for the one that the first piece with text begins with, if the
//     model adds one or removes spaces, and for that of all pieces before there is text
//     if it removes them.
//
// Ids that the model does not have are left out.
func (m *Model) appendDecoded(dst []byte, ids []int) []byte {
	begin := len(dst)
	out := dst
	atBegin := true
	for i := 0; i < len(ids); i++ {
		id := ids[i]
		if uint(id) >= uint(len(m.pieces)) {
			continue
		}
		p := &m.pieces[id]
		if p.kind == Byte {
			start := len(out)
			for ; i < len(ids) && uint(ids[i]) < uint(len(m.pieces)) && m.pieces[ids[i]].kind == Byte; i++ {
				out = append(out, m.pieces[ids[i]].value)
			}
			i--
			out = replaceMalformed(out, start)
			continue
		}
		atBegin = atBegin && len(out) == begin
		switch p.kind {
		case Control:
		case Unknown:
			out = append(out, m.unkSurface...)
		default:
			text := p.text
			if atBegin && m.dropSpace {
				rest, dropped := strings.CutPrefix(text, spaceSymbol)
				text = rest
				atBegin = !dropped || m.dropSpaces
			}
			out = appendSpaces(out, text)
		}
	}
	if m.denormalizer == nil {
		return out
	}
	s := m.pool.Get().(*scratch)
	defer m.release(s)
	m.denormalizer.normalize(&s.normalized, string(out[begin:]), false)
	return append(out[:begin], s.text...)
}

// appendSpaces appends s with spaces for ▁.
func appendSpaces(dst []byte, s string) []byte {
	for {
		i := strings.Index(s, spaceSymbol)
		if i < 0 {
			return append(dst, s...)
		}
		dst = append(dst, s[:i]...)
		dst = append(dst, ' ')
		s = s[i+len(spaceSymbol):]
	}
}

// replaceMalformed returns b with U+FFFD for each byte of b[start:] that is not part of
// a well-formed character.
func replaceMalformed(b []byte, start int) []byte {
	if utf8.Valid(b[start:]) {
		return b
	}
	return append(b[:start], string(bytes.Runes(b[start:]))...)
}
