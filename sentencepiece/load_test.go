package sentencepiece

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

// A maker writes model files.
type maker struct{ data []byte }

func (m *maker) bytes(number int, b []byte) *maker {
	m.data = binary.AppendUvarint(m.data, uint64(number)<<3|wireBytes)
	m.data = binary.AppendUvarint(m.data, uint64(len(b)))
	m.data = append(m.data, b...)
	return m
}

func (m *maker) varint(number int, v uint64) *maker {
	m.data = binary.AppendUvarint(m.data, uint64(number)<<3|wireVarint)
	m.data = binary.AppendUvarint(m.data, v)
	return m
}

func (m *maker) float(number int, f float32) *maker {
	m.data = binary.AppendUvarint(m.data, uint64(number)<<3|wireFixed32)
	m.data = binary.LittleEndian.AppendUint32(m.data, math.Float32bits(f))
	return m
}

func (m *maker) piece(text string, score float32, kind PieceType) *maker {
	p := new(maker).bytes(1, []byte(text)).float(2, score)
	if kind != Normal {
		p.varint(3, uint64(kind))
	}
	return m.bytes(1, p.data)
}

func (m *maker) trainer(f func(*maker)) *maker    { return m.sub(2, f) }
func (m *maker) normalizer(f func(*maker)) *maker { return m.sub(3, f) }

func (m *maker) sub(number int, f func(*maker)) *maker {
	s := new(maker)
	f(s)
	return m.bytes(number, s.data)
}

// small begins a model with <unk>, <s>, </s> and some pieces.
func small() *maker {
	m := new(maker).piece("<unk>", 0, Unknown).piece("<s>", 0, Control).piece("</s>", 0, Control)
	return m.piece(spaceSymbol, -3, Normal).piece("a", -2, Normal).piece("b", -2.5, Normal).piece("ab", -4, Normal)
}

func bytePieces(m *maker) *maker {
	for i := range 256 {
		m.piece("<0x"+string(upperHex[i>>4])+string(upperHex[i&15])+">", 0, Byte)
	}
	return m
}

func bpeType(m *maker) { m.varint(3, typeBPE) }

func TestLoadErrors(t *testing.T) {
	good := small().data
	for _, test := range []struct {
		name string
		data []byte
		want error
		text string // the message has it
	}{
		{"empty", nil, ErrFormat, "no pieces"},
		{"text", []byte("hello world, this is no model"), ErrFormat, "wire type 4"},
		{"LFS pointer", []byte("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"), ErrFormat, "git lfs pull"},
		{"truncated", good[:len(good)-1], ErrFormat, "byte "},
		{"a length beyond the end", []byte{1<<3 | wireBytes, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0}, ErrFormat, "byte 6"},
		{"a number of 11 bytes", []byte{0x78, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1}, ErrFormat, "64 bits"},
		{"within a number", []byte{0x78, 0x80}, ErrFormat, "ends within a number"},
		{"within fixed32", []byte{0x7D, 0, 0}, ErrFormat, "ends within a number"},
		{"field 0", []byte{0, 0}, ErrFormat, "field number 0"},
		{"group", append(slices.Clone(good), 0x7B, 0x7C), ErrFormat, "wire type 3"},
		{"piece truncated", []byte{1<<3 | wireBytes, 2, 1<<3 | wireBytes, 5}, ErrFormat, "byte 4"},
		{"word model", small().trainer(func(m *maker) { m.varint(3, typeWord) }).data, ErrUnsupported, "word"},
		{"char model", small().trainer(func(m *maker) { m.varint(3, typeChar) }).data, ErrUnsupported, "char"},
		{"empty piece", small().piece("", 0, Normal).data, ErrFormat, "piece 7 is empty"},
		{"long piece", small().piece(strings.Repeat("x", 8000), 0, Normal).data, ErrTooLarge, "8000 bytes"},
		{"NUL", small().piece("a\x00", 0, Normal).data, ErrFormat, "NUL"},
		{"NUL alone", small().piece("\x00", 0, Normal).data, ErrFormat, "NUL"},
		{"NaN", small().piece("x", float32(math.NaN()), Normal).data, ErrFormat, "NaN"},
		{"-Inf", small().piece("x", float32(math.Inf(-1)), Unused).data, ErrFormat, "-Inf"},
		{"twice", small().piece("a", 0, UserDefined).data, ErrFormat, "pieces 4 and 7"},
		{"control twice", small().piece("<s>", 0, Byte).trainer(func(m *maker) { m.varint(35, 1) }).data, ErrFormat, "<0x00>"},
		{"<s> twice", small().piece("<s>", 0, Control).data, ErrFormat, "pieces 1 and 7"},
		{"two unknown", small().piece("<u>", 0, Unknown).data, ErrFormat, "pieces 0 and 7"},
		{"no unknown", new(maker).piece("a", 0, Normal).data, ErrFormat, "UNKNOWN"},
		{"only unknown", new(maker).piece("<unk>", 0, Unknown).data, ErrFormat, "cut into"},
		{"BPE, both kinds", small().piece("<s>", 0, Normal).trainer(bpeType).data, ErrFormat, "pieces 1 and 7"},
		{"bytes without fallback", bytePieces(small()).data, ErrFormat, "byte_fallback is off"},
		{"fallback without bytes", small().trainer(func(m *maker) { m.varint(35, 1) }).data, ErrFormat, "<0x00>"},
		{"charsmap of 3 bytes", small().normalizer(func(m *maker) { m.bytes(2, []byte{1, 2, 3}) }).data, ErrFormat, "precompiled_charsmap"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, err := Load(test.data, "some.model")
			e, ok := errors.AsType[*FileError](err)
			if m != nil || !ok || !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) || !strings.Contains(err.Error(), "some.model") {
				t.Fatalf("error %v, want a *FileError of %v with %q", err, test.want, test.text)
			}
			if len(err.Error()) > 300 || e.Offset > len(test.data) {
				t.Errorf("error %v: %d bytes, offset %d of %d", err, len(err.Error()), e.Offset, len(test.data))
			}
		})
	}
}

// TestLoadCharsmapOffset: an error in the charsmap has the file's offset.
func TestLoadCharsmapOffset(t *testing.T) {
	data := small().normalizer(func(m *maker) { m.bytes(2, []byte{4, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0x7F, 'x', 0}) }).data
	_, err := Load(data, "some.model")
	e, ok := errors.AsType[*FileError](err)
	if want := len(data) - 6; !ok || e.Offset != want {
		t.Errorf("error %v, want offset %d", err, want)
	}
}

func TestLoadAccepts(t *testing.T) {
	for name, data := range map[string][]byte{
		"plain":                   small().data,
		"unknown fields":          small().varint(99, 7).bytes(100, []byte("x")).float(101, 1).data,
		"a field of another type": small().varint(1, 7).varint(2, 7).bytes(3, nil).data,
		"types that are not":      small().bytes(1, new(maker).bytes(1, []byte("q")).varint(3, 9).data).trainer(func(m *maker) { m.varint(3, 9) }).data,
		"specs first":             append(new(maker).trainer(func(m *maker) { m.varint(3, typeUnigram) }).data, small().data...),
		"UNUSED NUL":              small().piece("\x00", 0, Unused).data,
		"NUL with bytes":          bytePieces(small()).piece("\x00", 0, Normal).trainer(func(m *maker) { m.varint(35, 1) }).data,
		"bytes without <unk>":     bytePieces(new(maker)).piece("a", 0, Normal).trainer(func(m *maker) { m.varint(35, 1) }).data,
		"unigram, both kinds":     small().piece("<s>", -9, Normal).data,
		"BPE with NaN":            small().piece("x", float32(math.NaN()), Normal).trainer(bpeType).data,
		"7999 bytes":              small().piece(strings.Repeat("x", 7999), -9, Normal).data,
	} {
		m, err := Load(data, name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if ids := m.Tokenizer().Append(nil, "ab"); len(ids) == 0 {
			t.Errorf("%s: no tokens", name)
		}
	}
}

func TestModel(t *testing.T) {
	m, err := Load(small().piece("<s>", -9, Normal).data, "some.model")
	if err != nil {
		t.Fatal(err)
	}
	if m.Name() != "some.model" || m.Kind() != "unigram" || m.Len() != 8 {
		t.Errorf("Name %q, Kind %q, Len %d", m.Name(), m.Kind(), m.Len())
	}
	for id, want := range map[int]PieceType{0: Unknown, 1: Control, 4: Normal, 7: Normal, 8: 0, -1: 0} {
		if text, got := m.Piece(id); got != want || (text == "") != (want == 0) {
			t.Errorf("Piece(%d) = %q, %v, want %v", id, text, got, want)
		}
	}
	for text, want := range map[string]int{"a": 4, "<s>": 1, "<unk>": 0, "x": -1, "": -1} {
		id, ok := m.Lookup(text)
		if !ok {
			id = -1
		}
		if id != want {
			t.Errorf("Lookup(%q) = %d, want %d", text, id, want)
		}
	}
	if got := Control.String() + " " + Byte.String() + " " + PieceType(9).String(); got != "CONTROL BYTE " {
		t.Errorf("String: %q", got)
	}
	if got, want := m.Normalize("  a  b "), "▁a▁b"; got != want {
		t.Errorf("Normalize gives %q, want %q", got, want)
	}
}

// TestScores: what the golden models do not show. Values by the library.
func TestScores(t *testing.T) {
	letters := func() *maker {
		m := new(maker).piece("<unk>", 0, Unknown)
		for i, c := range []string{"a", "b", "c", "d", "e", spaceSymbol} {
			m.piece(c, -5-float32(i)/4, Normal)
		}
		return m
	}
	high := new(maker).piece("<unk>", 0, Unknown)
	for _, c := range []string{"a", "b", "c", "d", "e", spaceSymbol} {
		high.piece(c, 2.5, Normal)
	}
	for _, test := range []struct {
		name string
		data []byte
		text string
		want []int
	}{
		// A user-defined symbol scores 0.1 for each byte but the first, whatever the file says.
		{"user-defined", letters().piece("ab", 0, UserDefined).piece("▁a", -9, Normal).data, "ab", []int{6, 7}},
		{"user-defined, low", letters().piece("ab", -99, UserDefined).data, "ab", []int{6, 7}},
		{"user-defined, long", letters().piece("ab", 0, UserDefined).piece("abab", 0, UserDefined).data, "abab", []int{6, 8}},
		{"high scores win", high.piece("cde", 9, UserDefined).data, "cde", []int{6, 3, 4, 5}},
		// Without NORMAL pieces an unknown character scores more than any piece.
		{"no NORMAL piece", new(maker).piece("<unk>", 0, Unknown).piece("ab", 0, UserDefined).data, "xabx", []int{0}},
		// An UNUSED character of a BPE model is unknown.
		{"UNUSED character", letters().piece("f", 0, Unused).trainer(bpeType).data, "af", []int{6, 1, 0}},
	} {
		m, err := Load(test.data, test.name)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Tokenizer().Append(nil, test.text); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q gives %v, want %v", test.name, test.text, got, test.want)
		}
	}
}
