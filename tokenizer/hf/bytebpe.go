package hf

import (
	"strings"

	"github.com/goroberta/goroberta/bpe"
)

// byteBPE is a byte-level BPE that package bpe can do: every byte has a token, and
// the order of the merges does not matter. Its pieces are the text's bytes.
type byteBPE struct {
	encoder *bpe.Encoder
	vocab   *vocabulary
	infos   []tokenInfo // by place in vocab
}

// tokenInfo is what offsets need to know of a token.
type tokenInfo struct {
	size              int32 // bytes
	leading, trailing int32 // spaces at either end
}

func (m *byteBPE) info(id int) tokenInfo { return m.infos[m.vocab.byID.get(id)] }

func (m *byteBPE) appendIDs(ids []int, piece string, _ *scratch) []int {
	return m.encoder.AppendPiece(ids, piece)
}

func (m *byteBPE) appendTokens(tokens []token, piece string, mem *scratch) []token {
	mem.ids = m.encoder.AppendPiece(mem.ids[:0], piece)
	at := 0
	for _, id := range mem.ids {
		end := at + int(m.info(id).size)
		name, _ := m.vocab.name(id)
		tokens = append(tokens, token{id, at, end, name})
		at = end
	}
	return tokens
}

func (m *byteBPE) withoutSpecial(special map[string]bool) model {
	var pieces []string
	for name := range special {
		if b, ok := bpe.AppendBytes(nil, name); ok {
			pieces = append(pieces, string(b))
		}
	}
	plain := *m
	plain.encoder = m.encoder.WithoutWhole(pieces)
	return &plain
}

// newByteBPE returns the model, or nil if package bpe cannot do it. whole is
// ignore_merges.
func newByteBPE(v *vocabulary, merges []merge, whole bool, file string) (*byteBPE, error) {
	if !inOrder(merges, len(v.names)) {
		return nil, nil
	}
	m := &byteBPE{vocab: v, infos: make([]tokenInfo, len(v.names))}
	table := bpe.Table{File: file, Whole: whole}
	places := make([]uint32, len(v.names)) // in the table, plus one
	var seen [256]bool
	var text []byte
	ends := make([]int, 0, len(v.names))
	order := v.order()
	for _, i := range order {
		at := len(text)
		b, ok := bpe.AppendBytes(text, v.names[i])
		if !ok || len(b) == at {
			continue // no text is this token
		}
		text = b
		ends = append(ends, len(text))
		table.IDs = append(table.IDs, v.ids[i])
		places[i] = uint32(len(table.IDs))
		bytes := text[at:]
		info := tokenInfo{size: int32(len(bytes))}
		for int(info.leading) < len(bytes) && bytes[info.leading] == ' ' {
			info.leading++
		}
		for int(info.trailing) < len(bytes) && bytes[len(bytes)-1-int(info.trailing)] == ' ' {
			info.trailing++
		}
		m.infos[i] = info
		if len(bytes) == 1 {
			seen[bytes[0]] = true
		}
	}
	for _, ok := range seen {
		if !ok {
			return nil, nil
		}
	}
	all := string(text)
	table.Tokens = make([]string, len(ends))
	from := 0
	for i, end := range ends {
		table.Tokens[i] = all[from:end]
		from = end
	}
	table.Merges = make([][3]uint32, 0, len(merges))
	for _, r := range merges {
		if places[r.left] > 0 && places[r.right] > 0 {
			table.Merges = append(table.Merges, [3]uint32{places[r.left] - 1, places[r.right] - 1, places[r.made] - 1})
		}
	}
	var err error
	m.encoder, err = bpe.NewFromTable(table)
	return m, err
}

// mappedText returns text as GPT-2's files write it.
func mappedText(text string) string {
	var b strings.Builder
	b.Grow(len(text) * 2)
	for i := range len(text) {
		b.WriteString(byteNames[text[i]])
	}
	return b.String()
}

// byteNames are the characters that stand for the bytes.
var byteNames = func() (names [256]string) {
	for i := range names {
		names[i] = bpe.Written([]byte{byte(i)})
	}
	return names
}()
