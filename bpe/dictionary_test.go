package bpe

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/goroberta/goroberta/tokenizer"
)

func parse(t testing.TB, text string) *Dictionary {
	t.Helper()
	d, err := ParseDictionary(strings.NewReader(text), "dict.txt")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestParseDictionary(t *testing.T) {
	for _, test := range []struct {
		name, text string
		symbols    []string // from id 4 on
	}{
		{"empty", "", nil},
		{"lines", "13 850314647\n262 5\nhello 0\n", []string{"13", "262", "hello"}},
		{"no newline at the end", "a 1\nb 2", []string{"a", "b"}},
		{"CRLF", "a 1\r\nb 2\r\n", []string{"a", "b"}},
		{"CR", "a 1\rb 2\r", []string{"a", "b"}},
		{"byte order mark", "\uFEFFa 1\n", []string{"a"}},
		{"space at the end of a line", "a 1 \t \nb 2\u00a0\u3000\x1c\n", []string{"a", "b"}},
		{"spaces within a symbol", "12 345 6\n a  1\n", []string{"12 345", " a "}},
		{"empty symbol", " 5\n", []string{""}},
		{"signed counts", "a -1\nb +2\n", []string{"a", "b"}},
		{"overwrite", "a 1\nc 2\na 3 #fairseq:overwrite\n", []string{"a", "c", "a"}},
		{"overwrite without need", "a b 1 #fairseq:overwrite\n", []string{"a b"}},
		{"overwrite a first symbol", "<pad> 1 #fairseq:overwrite\n", []string{"<pad>"}},
		{"the flag as a symbol", "#fairseq:overwrite 7\n", []string{"#fairseq:overwrite"}},
		{"Unicode", "é中👍 3\n", []string{"é中👍"}},
		{"mask", "a 1\n<mask> 0\n", []string{"a", "<mask>"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := parse(t, test.text)
			want := append([]string{"<s>", "<pad>", "</s>", "<unk>"}, test.symbols...)
			if !slices.Equal(d.symbols, want) {
				t.Fatalf("symbols %q, want %q", d.symbols, want)
			}
			checkDictionary(t, d)
		})
	}
}

// checkDictionary holds what is true of any dictionary.
func checkDictionary(t *testing.T, d *Dictionary) {
	t.Helper()
	last := map[string]int{}
	for id := range d.Len() {
		last[d.Symbol(id)] = id
	}
	for s, id := range last {
		if got, ok := d.Lookup(s); got != id || !ok || d.Index(s) != id {
			t.Errorf("Lookup(%q) = %d, %t, Index %d, want %d", s, got, ok, d.Index(s), id)
		}
	}
	again, err := ParseDictionary(bytes.NewReader(d.Bytes()), "again")
	if err != nil {
		t.Fatalf("Bytes() does not parse: %v", err)
	}
	if !slices.Equal(again.symbols, d.symbols) || !slices.Equal(again.counts, d.counts) || again.mask != d.mask {
		t.Errorf("Bytes() = %q gives other symbols or counts", d.Bytes())
	}
	m := d.AddMask()
	if d.Mask() >= 0 && m != d {
		t.Error("AddMask copies a dictionary that has <mask>")
	}
	if id, ok := m.Lookup("<mask>"); !ok || id != m.Mask() || m.Symbol(id) != "<mask>" || m.Len()-d.Len() > 1 {
		t.Errorf("AddMask: Lookup(<mask>) = %d, %t, Mask() = %d, Len() = %d after %d", id, ok, m.Mask(), m.Len(), d.Len())
	}
}

func TestParseDictionaryErrors(t *testing.T) {
	for _, test := range []struct {
		name, text string
		line       int
		err        error
	}{
		{"no count", "a 1\nnocount\n", 2, ErrFormat},
		{"tab", "a\t1\n", 1, ErrFormat},
		{"count is no integer", "a 1\nb 2\nc x\n", 3, ErrFormat},
		{"count is a fraction", "a 1.5\n", 1, ErrFormat},
		{"flag without count", "5 #fairseq:overwrite\n", 1, ErrFormat},
		{"blank line", "a 1\n\nb 2\n", 2, ErrFormat},
		{"blank line of spaces", "a 1\r\n  \r\nb 2\r\n", 2, ErrFormat},
		{"not UTF-8", "a 1\nb\x8e 2\n", 2, ErrFormat},
		{"duplicate", "13 1\n262 1\n13 1\n", 3, ErrDuplicate},
		{"duplicate of a first symbol", "<unk> 1\n", 1, ErrDuplicate},
		{"Git LFS", "version https://git-lfs.github.com/spec/v1\noid sha256:0 \nsize 3\n", 0, ErrLFSPointer},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := ParseDictionary(strings.NewReader(test.text), "some/dict.txt")
			var e *DictionaryError
			if !errors.As(err, &e) || e.File != "some/dict.txt" || e.Line != test.line || !errors.Is(err, test.err) {
				t.Fatalf("error %v, want %v in line %d", err, test.err, test.line)
			}
			if strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "bpe: some/dict.txt") {
				t.Errorf("message %q", err)
			}
		})
	}
	broken := errors.New("broken")
	if _, err := ParseDictionary(iotest.ErrReader(broken), "dict.txt"); !errors.Is(err, broken) {
		t.Errorf("a reader's error comes back as %v", err)
	}
}

func TestDefaultDictionary(t *testing.T) {
	d := DefaultDictionary()
	if d.Len() != 50265 || d.Mask() != 50264 {
		t.Fatalf("%d symbols, mask %d", d.Len(), d.Mask())
	}
	file := readTestdata(t, "gpt2/dict.txt")
	if got, want := string(d.Bytes()), string(file)+"<mask> 0\n"; got != want {
		t.Error("Bytes() is not dict.txt with <mask>")
	}
	without := parse(t, string(file))
	if without.Mask() != -1 || !slices.Equal(without.AddMask().symbols, d.symbols) {
		t.Error("dict.txt with AddMask is not the default dictionary")
	}
	checkDictionary(t, d)
	for symbol, id := range map[string]int{"<s>": d.Bos(), "<pad>": d.Pad(), "</s>": d.Eos(), "<unk>": d.Unk(), "13": 4, "madeupword0002": 50263, "absent": 3, "": 3} {
		if got := d.Index(symbol); got != id {
			t.Errorf("Index(%q) = %d, want %d", symbol, got, id)
		}
	}
	for _, id := range []int{-1, 50265} {
		if got := d.Symbol(id); got != "<unk>" {
			t.Errorf("Symbol(%d) = %q, want <unk>", id, got)
		}
	}
}

func TestNumeric(t *testing.T) {
	for text, want := range map[string]bool{"": false, "A 1\nC 1\n": false, "13 1\n": true, "013 1\n": false, "madeupword0000 0\n": false, "a 1\n7 1\n": true} {
		if got := parse(t, text).Numeric(); got != want {
			t.Errorf("Numeric of %q = %t, want %t", text, got, want)
		}
	}
}

// FuzzDictionary: a dictionary that is accepted comes back from its Bytes, and
// has an entry for every line; an error names the file and an existing line.
func FuzzDictionary(f *testing.F) {
	for _, s := range []string{"13 1\n262 1\n", "a b 1 #fairseq:overwrite\r\n", "\uFEFFa 1", "a\t1", "a 1\n\n", "<mask> 0\n<s> 1 #fairseq:overwrite", "b\x8e 2", " 1\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDictionary(strings.NewReader(s), "dict.txt")
		text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
		lines := strings.Count(text, "\n")
		if !strings.HasSuffix(text, "\n") && strings.TrimPrefix(text, "\uFEFF") != "" {
			lines++
		}
		if err != nil {
			var e *DictionaryError
			if !errors.As(err, &e) || e.File != "dict.txt" || e.Line > lines {
				t.Errorf("error %v for %d lines", err, lines)
			}
			return
		}
		if d.Len() != 4+lines {
			t.Errorf("%d symbols from %d lines of %q", d.Len(), lines, s)
		}
		checkDictionary(t, d)
		tokenizer.Decode(NewTokenizer(Default(), d), append([]int{-1, -2}, tokenizer.Encode(NewTokenizer(nil, d), s)...))
	})
}
