package bpe

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"
	"unicode/utf8"

	"github.com/goroberta/goroberta/tokenizer"
)

// byteEntries returns the JSON members of the 256 bytes, with ids from 0 on.
func byteEntries() string {
	var s strings.Builder
	for id, r := range byteToRune {
		if id > 0 {
			s.WriteString(", ")
		}
		name, _ := json.Marshal(string(r))
		fmt.Fprintf(&s, "%s: %d", name, id)
	}
	return s.String()
}

// TestNewEqualsDefault reads GPT-2's own files and compares all with the
// embedded form.
func TestNewEqualsDefault(t *testing.T) {
	e, err := New(bytes.NewReader(readTestdata(t, "gpt2/encoder.json")), bytes.NewReader(readTestdata(t, "gpt2/vocab.bpe")))
	if err != nil {
		t.Fatal(err)
	}
	got, want := e.vocabulary, Default().vocabulary
	if got.text != want.text || !slices.Equal(got.ends, want.ends) {
		t.Error("tokens differ")
	}
	if got.bytes != want.bytes || got.adjacent != want.adjacent {
		t.Error("bytes differ")
	}
	if got.ids != nil || got.tokens != nil {
		t.Error("ids are not dense")
	}
	if got.ranks != want.ranks || !slices.Equal(got.pairs.entries, want.pairs.entries) {
		t.Error("merges differ")
	}
	var ids map[string]int
	if err := json.Unmarshal(readTestdata(t, "gpt2/encoder.json"), &ids); err != nil {
		t.Fatal(err)
	}
	if len(ids) != want.len() {
		t.Errorf("%d tokens, want %d", want.len(), len(ids))
	}
	for name, id := range ids {
		if b, ok := e.TokenBytes(id); !ok || written(b) != name {
			t.Errorf("TokenBytes(%d) = %q, want %q", id, written(b), name)
		}
	}
}

// TestEveryToken: each token of GPT-2 that merging can make is made from its
// own text.
func TestEveryToken(t *testing.T) {
	v := Default().vocabulary
	for id := range v.len() - 1 {
		token := v.token(uint32(id))
		if len(token) > shortPiece {
			if got := v.mergeLong(nil, token); len(got) != 1 || got[0] != id {
				t.Errorf("token %d, %q, merges to %v", id, token, got)
			}
		} else if got := v.mergeShort(nil, token); len(got) != 1 || got[0] != uint32(id) {
			t.Errorf("token %d, %q, merges to %v", id, token, got)
		}
	}
}

func TestUnpackDamaged(t *testing.T) {
	for _, n := range []int{0, 1, 100, len(gpt2) / 2, len(gpt2) - 1} {
		if _, _, err := unpackGPT2(gpt2[:n]); err == nil {
			t.Errorf("the first %d bytes unpack without error", n)
		}
	}
}

func TestNewForms(t *testing.T) {
	for _, test := range []struct {
		name, encoder, merges string
		text                  string
		want                  []int
	}{
		{"small", `{` + byteEntries() + `, "ab": 256}`, "#version: 0.2\na b\n", "abab", []int{256, 256}},
		{"no version line", `{` + byteEntries() + `, "ab": 256}`, "a b", "ab", []int{256}},
		{"CRLF and byte order mark", "\uFEFF{\r\n" + byteEntries() + ",\r\n\"ab\": 256}\r\n", "\uFEFF#version: 0.2\r\na b\r\n", "ab", []int{256}},
		{"ids with gaps", `{` + byteEntries() + `, "ab": 2147483647}`, "a b\n", "abc", []int{2147483647, 'c'}},
		{"escapes", `{` + byteEntries() + `, "\u0061\u0062": 300}`, "a b\n", "ab", []int{300}},
		{"a merge of #", `{` + byteEntries() + `, "##": 300}`, "#version: 0.2\n# #\n", "##", []int{300}},
		{"the later of two equal merges counts", `{` + byteEntries() + `, "ab": 256, "bc": 257}`, "a b\nb c\na b\n", "abc", []int{'a', 257}},
		{"no merges", `{` + byteEntries() + `}`, "", "ab", []int{'a', 'b'}},
	} {
		t.Run(test.name, func(t *testing.T) {
			e, err := New(strings.NewReader(test.encoder), strings.NewReader(test.merges))
			if err != nil {
				t.Fatal(err)
			}
			if got := e.Encode(test.text); !slices.Equal(got, test.want) {
				t.Errorf("Encode(%q) = %v, want %v", test.text, got, test.want)
			}
			checkRoundTrip(t, e, test.text+strings.Repeat(test.text, 50))
		})
	}
}

func TestNewErrors(t *testing.T) {
	good := `{` + byteEntries() + `, "ab": 256}`
	for _, test := range []struct {
		name, encoder, merges string
		file                  string
		line                  int
		token                 string
		err                   error
	}{
		{"empty encoder.json", "", "", "encoder.json", 1, "", ErrFormat},
		{"not JSON", "hello", "", "encoder.json", 1, "", ErrFormat},
		{"an array", `["a"]`, "", "encoder.json", 1, "", ErrFormat},
		{"cut off", "{\n\"a\": 1", "", "encoder.json", 2, "", ErrFormat},
		{"cut off in a token", `{"a`, "", "encoder.json", 1, "", ErrFormat},
		{"after the object", "{}\n{}", "", "encoder.json", 2, "", ErrFormat},
		{"id is a string", "{\n\n\"a\": \"1\"}", "", "encoder.json", 3, "a", ErrFormat},
		{"id is a fraction", `{"a": 1.5}`, "", "encoder.json", 1, "a", ErrFormat},
		{"id is negative", `{"a": -1}`, "", "encoder.json", 1, "a", ErrFormat},
		{"id is huge", `{"a": 2147483648}`, "", "encoder.json", 1, "a", ErrFormat},
		{"id overflows", `{"a": 99999999999999999999}`, "", "encoder.json", 1, "a", ErrFormat},
		{"id with leading zero", `{"a": 01}`, "", "encoder.json", 1, "a", ErrFormat},
		{"bad escape", `{"\x": 1}`, "", "encoder.json", 1, "", ErrFormat},
		{"control character", "{\"\x01\": 1}", "", "encoder.json", 1, "", ErrFormat},
		{"not UTF-8", "{\"\xff\": 1}", "", "encoder.json", 1, "", ErrFormat},
		{"duplicate token", "{\"a\": 1,\n\"a\": 2}", "", "encoder.json", 2, "a", ErrDuplicate},
		{"duplicate id", "{\"a\": 1,\n\"b\": 1}", "", "encoder.json", 2, "b", ErrDuplicate},
		{"outside the alphabet", `{"中": 1}`, "", "encoder.json", 1, "中", ErrFormat},
		{"surrogates", `{"\ud83d\ude00": 1}`, "", "encoder.json", 1, "\uFFFD\uFFFD", ErrFormat},
		{"a byte has no token", `{"a": 1}`, "", "encoder.json", 0, "Ā", ErrUnknownToken},
		{"Git LFS", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "", "encoder.json", 0, "", ErrLFSPointer},
		{"merge of one part", good, "#version: 0.2\na b\nab\n", "vocab.bpe", 3, "", ErrFormat},
		{"merge of three parts", good, "a b c\n", "vocab.bpe", 1, "", ErrFormat},
		{"merge with a tab", good, "a\tb\n", "vocab.bpe", 1, "", ErrFormat},
		{"merge of an unknown token", good, "a b\nab xx\n", "vocab.bpe", 2, "xx", ErrUnknownToken},
		{"merge makes an unknown token", good, "b a\n", "vocab.bpe", 1, "ba", ErrUnknownToken},
		{"merges not UTF-8", good, "a \xff\n", "vocab.bpe", 1, "\xff", ErrUnknownToken},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := New(strings.NewReader(test.encoder), strings.NewReader(test.merges))
			var e *VocabularyError
			if !errors.As(err, &e) {
				t.Fatalf("error %v, want a *VocabularyError", err)
			}
			if e.File != test.file || e.Line != test.line || e.Token != test.token || !errors.Is(err, test.err) {
				t.Errorf("error %q at %s:%d token %q, want %q at %s:%d token %q", err, e.File, e.Line, e.Token, test.err, test.file, test.line, test.token)
			}
			if strings.ContainsAny(err.Error(), "\n\x01") {
				t.Errorf("error %q is not one clean line", err)
			}
		})
	}
	broken := errors.New("broken")
	if _, err := New(iotest.ErrReader(broken), strings.NewReader("")); !errors.Is(err, broken) {
		t.Errorf("a reader's error %v does not come through", err)
	}
}

func TestReadFile(t *testing.T) {
	for _, test := range []struct {
		text string
		want string
		err  error
	}{
		{"", "", nil},
		{"12345", "12345", nil},
		{"123456", "", ErrTooLarge},
		{"\uFEFFab", "ab", nil},
	} {
		got, err := readFile(strings.NewReader(test.text), 5)
		if string(got) != test.want || !errors.Is(err, test.err) {
			t.Errorf("readFile(%q) = %q, %v, want %q, %v", test.text, got, err, test.want, test.err)
		}
	}
	if _, err := readFile(strings.NewReader("version https://git-lfs.github.com/spec/v1\n"), 100); !errors.Is(err, ErrLFSPointer) {
		t.Errorf("a Git LFS pointer: error %v", err)
	}
}

func TestLoad(t *testing.T) {
	encoder := &fstest.MapFile{Data: []byte(`{` + byteEntries() + `, "ab": 256}`)}
	merges := &fstest.MapFile{Data: []byte("a b\n")}
	for _, names := range [][2]string{{"encoder.json", "vocab.bpe"}, {"vocab.json", "merges.txt"}} {
		e, err := Load(fstest.MapFS{names[0]: encoder, names[1]: merges})
		if err != nil {
			t.Errorf("Load(%v): %v", names, err)
			continue
		}
		if got := e.Encode("ab"); !slices.Equal(got, []int{256}) {
			t.Errorf("Load(%v): Encode = %v", names, got)
		}
	}
	_, err := Load(fstest.MapFS{"encoder.json": encoder, "merges.txt": merges})
	if !errors.Is(err, fs.ErrNotExist) || err.Error() != "bpe: vocab.bpe and vocab.json: file does not exist" {
		t.Errorf("Load of half of each pair: %v", err)
	}
	_, err = Load(fstest.MapFS{"vocab.json": encoder, "merges.txt": {Data: []byte("a x\na b c\n")}})
	var e *VocabularyError
	if !errors.As(err, &e) || e.File != "merges.txt" || e.Line != 2 {
		t.Errorf("Load of bad merges: %v, want merges.txt:2", err)
	}
}

// TestHuggingFace reads a vocabulary in Hugging Face's form, whose ids are the
// model's.
func TestHuggingFace(t *testing.T) {
	check := func(t *testing.T, e *Encoder) {
		d, err := e.Dictionary()
		if err != nil {
			t.Fatal(err)
		}
		if d.Len() != 50265 || d.Mask() != 50264 {
			t.Fatalf("Dictionary has %d symbols, mask %d", d.Len(), d.Mask())
		}
		tok := NewTokenizer(e, d)
		want := DefaultTokenizer()
		goldens(t, "encode.jsonl", func(t *testing.T, l struct {
			Text   string
			Tokens []int
		}) {
			if got := tokenizer.Encode(tok, l.Text); !slices.Equal(got, l.Tokens) {
				t.Errorf("Encode(%q) = %v, want %v", l.Text, got, l.Tokens)
			}
			if got := tokenizer.Decode(tok, l.Tokens); got != l.Text {
				t.Errorf("Decode(%v) = %q, want %q", l.Tokens, got, l.Text)
			}
		})
		for id := -1; id < d.Len()+1; id++ {
			if got, want := tokenizer.Decode(tok, []int{id}), tokenizer.Decode(want, []int{id}); got != want {
				t.Errorf("Decode([%d]) = %q, want %q", id, got, want)
			}
		}
	}
	t.Run("made from dict.txt", func(t *testing.T) {
		ids := map[string]int{}
		d := DefaultDictionary()
		for id := range d.Len() {
			name := d.Symbol(id)
			if n, ok := bpeID(name); ok {
				b, _ := Default().TokenBytes(n)
				name = written(b)
			}
			ids[name] = id
		}
		encoder, err := json.Marshal(ids)
		if err != nil {
			t.Fatal(err)
		}
		e, err := New(bytes.NewReader(encoder), bytes.NewReader(readTestdata(t, "gpt2/vocab.bpe")))
		if err != nil {
			t.Fatal(err)
		}
		check(t, e)
	})
	t.Run("GOROBERTA_GOLDENS", func(t *testing.T) {
		dir := os.Getenv("GOROBERTA_GOLDENS")
		if dir == "" {
			t.Skip("GOROBERTA_GOLDENS is not set")
		}
		e, err := Load(os.DirFS(filepath.Join(dir, "hf", "fulldict")))
		if err != nil {
			t.Fatal(err)
		}
		check(t, e)
	})
	t.Run("not a model's ids", func(t *testing.T) {
		_, err := Default().Dictionary()
		var e *VocabularyError
		if !errors.As(err, &e) || e.Token != "<s>" {
			t.Errorf("Dictionary() of GPT-2: error %v, want a *VocabularyError about <s>", err)
		}
	})
}

// FuzzNew holds parseEncoder to encoding/json, and a vocabulary that is
// accepted to the promise that every text comes back.
func FuzzNew(f *testing.F) {
	all := byteEntries()
	f.Add(`"ab": 256, "abc": 500`, "#version: 0.2\na b\nab c\n", "abcab")
	f.Add(`"ab": 256`, "a b", "ab")
	f.Add(`"\u0061b": -1`, "a b c", "")
	f.Add(`"a": 1}{`, "", "")
	f.Fuzz(func(t *testing.T, members, merges, text string) {
		if len(members)+len(merges)+len(text) > 1000 {
			return
		}
		object := "{" + members + "}"
		if entries, err := parseEncoder([]byte(object), "encoder.json"); err == nil {
			dec := json.NewDecoder(strings.NewReader(object))
			var ids map[string]int32
			if err := dec.Decode(&ids); err != nil {
				t.Fatalf("%q is accepted; encoding/json: %v", object, err)
			}
			seen := map[string]bool{}
			for i := len(entries) - 1; i >= 0; i-- { // encoding/json keeps the last of duplicates
				e := entries[i]
				if id, ok := ids[e.token]; !seen[e.token] && !strings.ContainsRune(e.token, '\uFFFD') && (!ok || id != e.id) {
					t.Errorf("%q: token %q has id %d; encoding/json: %d, %t", object, e.token, e.id, id, ok)
				}
				seen[e.token] = true
			}
		} else if utf8.ValidString(object) && !strings.Contains(object, "-") && !strings.Contains(object, "null") {
			// Beside these encoding/json takes nothing that parseEncoder doesn't.
			var ids map[string]int32
			if json.Unmarshal([]byte(object), &ids) == nil {
				t.Errorf("%q is refused, %v; encoding/json: %v", object, err, ids)
			}
		}
		if members != "" {
			members = ", " + members
		}
		e, err := New(strings.NewReader("{"+all+members+"}"), strings.NewReader(merges))
		if err != nil {
			var v *VocabularyError
			if !errors.As(err, &v) || v.File == "" {
				t.Errorf("error %v names no file", err)
			}
			return
		}
		checkRoundTrip(t, e, text+strings.Repeat(text, 3))
	})
}
