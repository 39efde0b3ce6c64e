package charsmap

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"
)

// build writes a charsmap of rules, with one block of units for each node: larger than
// darts-clone makes it and just as right.
func build(rules map[string]string) []byte {
	var texts []byte
	units := make([]uint32, 256)
	var keys []string
	for k := range rules {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	// node adds the children of the node at pos, of the keys with this prefix.
	var node func(pos int, prefix string)
	node = func(pos int, prefix string) {
		base := len(units)
		units = append(units, make([]uint32, 256)...)
		for i := base; i < len(units); i++ {
			units[i] = 1 << 31 // no child
		}
		offset := pos ^ base
		if offset >= 1<<21 {
			units[pos] |= uint32(offset>>8)<<10 | 0x200
		} else {
			units[pos] |= uint32(offset) << 10
		}
		if to, ok := rules[prefix]; ok {
			units[pos] |= 0x100
			units[base] = 1<<31 | uint32(len(texts))
			texts = append(append(texts, to...), 0)
		}
		var last byte
		for _, k := range keys {
			if len(k) > len(prefix) && strings.HasPrefix(k, prefix) && k[len(prefix)] != last {
				last = k[len(prefix)]
				units[base^int(last)] = uint32(last)
				node(base^int(last), k[:len(prefix)+1])
			}
		}
	}
	node(0, "")
	return packed(string(texts), units...)
}

var rules = map[string]string{"a": "A", "abc": "X", "abcdef": "", "é": "e", "\xff": "?", " ": "  "}

func TestLookUp(t *testing.T) {
	m, err := Parse(build(rules))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ s, longest, shortest string }{
		{"", "", ""},
		{"b", "", ""},
		{"a", "a", "a"},
		{"ab", "a", "a"},
		{"abcde", "abc", "a"},
		{"abcdefg", "abcdef", "a"},
		{"éa", "é", "é"},
		{"\xc3", "", ""},
		{"\x00", "", ""},
		{"\xffa", "\xff", "\xff"},
	} {
		check := func(name string, to string, n int, ok bool, key string) {
			if ok != (key != "") || n != len(key) || to != rules[key] {
				t.Errorf("%s(%q) = %q, %d, %v, want key %q and %q", name, test.s, to, n, ok, key, rules[key])
			}
		}
		to, n, ok := m.Longest(test.s)
		check("Longest", to, n, ok, test.longest)
		to, n, ok = m.Shortest(test.s)
		check("Shortest", to, n, ok, test.shortest)
	}
	for c := range 256 {
		want := strings.IndexByte("a\xc3\xff ", byte(c)) >= 0
		if got := m.Begins(byte(c)); got != want {
			t.Errorf("Begins(%#x) = %v, want %v", c, got, want)
		}
	}
}

// unit returns data with the unit at place i replaced.
func unit(data []byte, i int, u uint32) []byte {
	data = slices.Clone(data)
	binary.LittleEndian.PutUint32(data[4+4*i:], u)
	return data
}

func TestParseErrors(t *testing.T) {
	good := build(map[string]string{"a": "b"})
	n := int(binary.LittleEndian.Uint32(good))
	at := func(i int) uint32 { return binary.LittleEndian.Uint32(good[4+4*i:]) }
	const a, leaf = 256 ^ 'a', 512
	if at(a)&0xFF != 'a' || at(leaf)>>31 == 0 {
		t.Fatal("the charsmap is not built as the test believes")
	}
	for name, data := range map[string][]byte{
		"empty":           nil,
		"three bytes":     {4, 0, 0},
		"no trie":         {0, 0, 0, 0, 'b', 0},
		"odd trie":        append([]byte{5, 0, 0, 0}, make([]byte, 9)...),
		"claims 4 GB":     append([]byte{0xFC, 0xFF, 0xFF, 0xFF}, make([]byte, 9)...),
		"no NUL":          append(slices.Clone(good), 'x'),
		"no texts":        good[:4+n],
		"root out":        unit(good, 0, 0x1FFFFF<<10),
		"child out":       unit(good, a, at(a)|0x1FFFFF<<10),
		"value out":       unit(good, leaf, 1<<31|2),
		"no value":        unit(good, leaf, 1),
		"back to itself":  unit(good, a, 'a'|'a'<<10),
		"a key of 257":    build(map[string]string{strings.Repeat("x", 257): ""}),
		"a longer second": build(map[string]string{"y": "", strings.Repeat("x", 300): ""}),
	} {
		m, err := Parse(data)
		e, ok := errors.AsType[*FormatError](err)
		if m != nil || !ok || !errors.Is(err, ErrFormat) || len(err.Error()) > 200 {
			t.Errorf("%s: Parse gives a map: %v, error %v, want a *FormatError", name, m != nil, err)
			continue
		}
		if e.Offset < 0 || e.Offset > len(data) {
			t.Errorf("%s: offset %d of %d bytes", name, e.Offset, len(data))
		}
	}
	if _, err := Parse(build(map[string]string{strings.Repeat("x", 256): ""})); err != nil {
		t.Errorf("a key of 256 bytes: %v", err)
	}
}

// packed returns a charsmap of these units.
func packed(texts string, units ...uint32) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(4*len(units)))
	for _, u := range units {
		b = binary.LittleEndian.AppendUint32(b, u)
	}
	return append(b, texts...)
}

// FuzzParse: what Parse accepts can be looked up in for any text, Longest and Shortest
// agree with a walk over all prefixes, and no key is longer than the bound.
func FuzzParse(f *testing.F) {
	// Seeds of some ten units, so that nearly every byte that is changed counts: build
	// makes thousands. The keys are of bytes below 8, and their children lie close.
	const leaf, value = 1 << 8, 1 << 31
	for _, seed := range [][]byte{
		packed("", 0, value),                    // no key
		packed("b\x00", 0, leaf|3<<10|1, value), // 1
		packed("\x00bc\x00", 0, leaf|3<<10|1, value, 0, 0, 0, leaf|1<<10|4, value|1), // 1; 1, 4
		packed("é\x00", 4<<10, 4<<10|5, value, leaf|1<<10|6, value, value),           // 5, 6
	} {
		if _, err := Parse(seed); err != nil {
			f.Fatal(err)
		}
		f.Add(seed, "\x01\x04\x05\x06a")
	}
	f.Fuzz(func(t *testing.T, data []byte, s string) {
		m, err := Parse(data)
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatalf("error %v", err)
			}
			return
		}
		for i := range s {
			long, n, ok := m.Longest(s[i:])
			short, k, found := m.Shortest(s[i:])
			if ok != found || k > n || n > len(s)-i || n > maxKey || ok && k == 0 {
				t.Fatalf("Longest(%q) = %q, %d, %v; Shortest %q, %d, %v", s[i:], long, n, ok, short, k, found)
			}
			if !ok {
				continue
			}
			if !m.Begins(s[i]) {
				t.Fatalf("a key begins with %q, but Begins says no", s[i])
			}
			// The key alone is found as well, and nothing shorter than the shortest.
			if to, got, _ := m.Longest(s[i : i+n]); to != long || got != n {
				t.Fatalf("Longest(%q) = %q, %d, want %q, %d", s[i:i+n], to, got, long, n)
			}
			if _, _, ok := m.Longest(s[i : i+k-1]); ok {
				t.Fatalf("Shortest(%q) is %d bytes, but %q has a key", s[i:], k, s[i:i+k-1])
			}
		}
	})
}
