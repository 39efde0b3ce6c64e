package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// packGPT2 returns GPT-2's vocabulary and fairseq's dictionary in the form that
// bpe.unpackGPT2 reads. GPT-2's ids follow from its merges: ids 0 to 255 are
// the bytes, id 256+r is what merge r makes, and <|endoftext|> comes last. So
// only the merges are kept, as pairs of ids:
//
//	[256]byte                    the byte that id 0, 1, … stands for
//	uint32                       number of merges n
//	[n]uint16, [n]uint16         ids of the left parts, then of the right parts
//	uint32                       number of dictionary lines that are BPE ids m
//	[m]uint16                    those ids
//	[m]uvarint                   by how much each count falls below the last, from 2^40 down
//	text                         the other lines of dict.txt
//
// All integers are little-endian. Arrays of uint16 hold all low bytes, then all
// high bytes, which compress better.
func packGPT2(dir string) ([]byte, error) {
	var file [3][]byte
	for i, name := range []string{"encoder.json.zst", "vocab.bpe.zst", "dict.txt.zst"} {
		b, err := readZstd(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		file[i] = b
	}
	var ids map[string]int
	if err := json.Unmarshal(file[0], &ids); err != nil {
		return nil, err
	}

	var out []byte
	alphabet := byteAlphabet()
	byID := make([]byte, 256)
	for b, r := range alphabet {
		id, ok := ids[string(r)]
		if !ok || id > 255 {
			return nil, fmt.Errorf("byte %#02x has id %d", b, id)
		}
		byID[id] = byte(b)
	}
	out = append(out, byID...)

	var left, right []uint16
	for _, line := range strings.Split(strings.TrimSuffix(string(file[1]), "\n"), "\n")[1:] {
		a, b, ok := strings.Cut(line, " ")
		if !ok || ids[a+b] != 256+len(left) {
			return nil, fmt.Errorf("merge %q has id %d, want %d", line, ids[a+b], 256+len(left))
		}
		left, right = append(left, uint16(ids[a])), append(right, uint16(ids[b]))
	}
	if want := 256 + len(left) + 1; len(ids) != want || ids["<|endoftext|>"] != want-1 {
		return nil, fmt.Errorf("%d tokens, want %d with <|endoftext|> last", len(ids), want)
	}
	out = binary.LittleEndian.AppendUint32(out, uint32(len(left)))
	out = appendColumns(out, left)
	out = appendColumns(out, right)

	var symbols []uint16
	var falls []byte
	last := uint64(1) << 40
	lines := strings.SplitAfter(string(file[2]), "\n")
	for len(lines) > 0 {
		symbol, count, _ := strings.Cut(strings.TrimSuffix(lines[0], "\n"), " ")
		id, err := strconv.ParseUint(symbol, 10, 16)
		if err != nil {
			break
		}
		n, err := strconv.ParseUint(count, 10, 64)
		if err != nil || n > last {
			return nil, fmt.Errorf("dictionary line %q after count %d", lines[0], last)
		}
		symbols = append(symbols, uint16(id))
		falls = binary.AppendUvarint(falls, last-n)
		last = n
		lines = lines[1:]
	}
	out = binary.LittleEndian.AppendUint32(out, uint32(len(symbols)))
	out = appendColumns(out, symbols)
	out = append(out, falls...)
	return append(out, strings.Join(lines, "")...), nil
}

func appendColumns(out []byte, v []uint16) []byte {
	for _, x := range v {
		out = append(out, byte(x))
	}
	for _, x := range v {
		out = append(out, byte(x>>8))
	}
	return out
}

// byteAlphabet returns the character by which GPT-2's files write each byte:
// itself if it is printable in Latin-1, else the next one from U+0100 on.
func byteAlphabet() (alphabet [256]rune) {
	next := rune(0x100)
	for b := range rune(256) {
		if '!' <= b && b <= '~' || '¡' <= b && b <= '¬' || '®' <= b && b <= 'ÿ' {
			alphabet[b] = b
			continue
		}
		alphabet[b] = next
		next++
	}
	return alphabet
}
