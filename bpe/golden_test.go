package bpe

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/goroberta/goroberta/tokenizer"
)

// The golden values in testdata were computed by fairseq 0.12.3: see
// testdata/README.md. With GOROBERTA_GOLDENS the same tests also run on the
// values in the folder bpe below the one it names.

// readTestdata returns the content of a zstd-compressed file of testdata.
func readTestdata(t testing.TB, name string) []byte {
	t.Helper()
	packed, err := os.ReadFile(filepath.Join("testdata", name+".zst"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := r.DecodeAll(packed, nil)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return b
}

// goldens runs f on each line of a golden file: the one of testdata, and that
// of GOROBERTA_GOLDENS.
func goldens[T any](t *testing.T, name string, f func(t *testing.T, line T)) {
	run := func(t *testing.T, b []byte) {
		lines := bufio.NewScanner(bytes.NewReader(b))
		lines.Buffer(nil, 1<<24)
		n := 0
		for lines.Scan() {
			n++
			var line T
			if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
				t.Fatalf("line %d: %v", n, err)
			}
			f(t, line)
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			t.Fatal("no lines")
		}
		t.Logf("%d lines", n)
	}
	t.Run("testdata", func(t *testing.T) { run(t, readTestdata(t, name)) })
	t.Run("GOROBERTA_GOLDENS", func(t *testing.T) {
		dir := os.Getenv("GOROBERTA_GOLDENS")
		if dir == "" {
			t.Skip("GOROBERTA_GOLDENS is not set")
		}
		b, err := os.ReadFile(filepath.Join(dir, "bpe", name))
		if err != nil {
			t.Fatal(err)
		}
		run(t, b)
	})
}

func TestGoldenEncode(t *testing.T) {
	type line struct {
		Text, Decoded string
		BPE, Tokens   []int
	}
	e, tok := Default(), DefaultTokenizer()
	goldens(t, "encode.jsonl", func(t *testing.T, l line) {
		if got := e.Encode(l.Text); !slices.Equal(got, l.BPE) {
			t.Errorf("Encoder.Encode(%q) = %v, want %v", l.Text, got, l.BPE)
		}
		if got := tokenizer.Encode(tok, l.Text); !slices.Equal(got, l.Tokens) {
			t.Errorf("tokenizer.Encode(%q) = %v, want %v", l.Text, got, l.Tokens)
		}
		if got := tokenizer.Decode(tok, l.Tokens); got != l.Decoded {
			t.Errorf("tokenizer.Decode(%v) = %q, want %q", l.Tokens, got, l.Decoded)
		}
		if got, err := e.Decode(l.BPE); got != l.Text || err != nil {
			t.Errorf("Encoder.Decode(%v) = %q, %v, want %q", l.BPE, got, err, l.Text)
		}
	})
}

func TestGoldenEncodeSeveral(t *testing.T) {
	type line struct {
		Texts       []string
		NoSeparator bool `json:"no_separator"`
		Tokens      []int
		Decoded     documents
	}
	tok := DefaultTokenizer()
	goldens(t, "encode_multi.jsonl", func(t *testing.T, l line) {
		encode := tokenizer.Encode
		if l.NoSeparator {
			encode = tokenizer.EncodeNoSeparator
		}
		if got := encode(tok, l.Texts[0], l.Texts[1:]...); !slices.Equal(got, l.Tokens) {
			t.Errorf("encode(%q), no separator %t: got %v, want %v", l.Texts, l.NoSeparator, got, l.Tokens)
		}
		if got := tokenizer.DecodeDocuments(tok, l.Tokens); !slices.Equal(got, l.Decoded.texts) {
			t.Errorf("DecodeDocuments(%v) = %q, want %q", l.Tokens, got, l.Decoded.texts)
		}
	})
}

func TestGoldenDecode(t *testing.T) {
	type line struct {
		Tokens []int
		Result documents
	}
	tok := DefaultTokenizer()
	goldens(t, "decode.jsonl", func(t *testing.T, l line) {
		got := tokenizer.DecodeDocuments(tok, l.Tokens)
		if l.Result.err != "" {
			// fairseq fails on pads and fillers, and on no ids; here they are
			// left out.
			kept := slices.DeleteFunc(slices.Clone(l.Tokens), func(id int) bool {
				if id < 0 {
					id += tok.Len()
				}
				return id >= 0 && id < tok.Len() && tok.Kind(id) == tokenizer.Filler
			})
			if want := tokenizer.DecodeDocuments(tok, kept); !slices.Equal(got, want) {
				t.Errorf("DecodeDocuments(%v) = %q, want that of %v, %q", l.Tokens, got, kept, want)
			}
			return
		}
		if !slices.Equal(got, l.Result.texts) {
			t.Errorf("DecodeDocuments(%v) = %q, want %q", l.Tokens, got, l.Result.texts)
		}
		if got, want := tokenizer.Decode(tok, l.Tokens), strings.Join(l.Result.texts, "\n"); got != want {
			t.Errorf("Decode(%v) = %q, want %q", l.Tokens, got, want)
		}
	})
}

// documents is what fairseq's decode gives: a text, a list of texts, or an error.
type documents struct {
	texts []string
	err   string
}

func (d *documents) UnmarshalJSON(b []byte) error {
	*d = documents{}
	switch b[0] {
	case '"':
		d.texts = make([]string, 1)
		return json.Unmarshal(b, &d.texts[0])
	case '[':
		return json.Unmarshal(b, &d.texts)
	}
	var failed struct{ Error, Message string }
	if err := json.Unmarshal(b, &failed); err != nil {
		return err
	}
	d.err = fmt.Sprintf("%s: %s", failed.Error, failed.Message)
	return nil
}
