package sentencepiece

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/tokenizer"
)

// families is the folder of golden values: the whole set if GOROBERTA_FAMILIES names it,
// else the part in testdata.
func families() string {
	if dir := os.Getenv("GOROBERTA_FAMILIES"); dir != "" {
		return dir
	}
	return "testdata"
}

// open returns the content of a file of the golden values, gzip'd or not.
func open(t testing.TB, name ...string) []byte {
	t.Helper()
	path := filepath.Join(append([]string{families()}, name...)...)
	b, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		var packed []byte
		if packed, err = os.ReadFile(path + ".gz"); err == nil {
			var z *gzip.Reader
			if z, err = gzip.NewReader(bytes.NewReader(packed)); err == nil {
				b, err = io.ReadAll(z)
			}
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// rows returns the lines of a JSON Lines file.
func rows[T any](t testing.TB, name ...string) []T {
	t.Helper()
	var all []T
	lines := bufio.NewScanner(bytes.NewReader(open(t, name...)))
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var row T
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatalf("%v: %v", name, err)
		}
		all = append(all, row)
	}
	return all
}

func texts(t testing.TB) []string {
	t.Helper()
	var all []string
	if err := json.Unmarshal(open(t, "texts.json"), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// loadGolden returns a model of the golden values. In those of testdata but xlmr the
// charsmap is "xlmr", which stands for xlmr's.
func loadGolden(t testing.TB, name ...string) *Model {
	t.Helper()
	data := open(t, name...)
	s, err := readSpec(data)
	if err != nil {
		t.Fatal(err)
	}
	if string(s.normalizer.charsmap) == "xlmr" {
		xlmr, err := readSpec(open(t, "spm", "xlmr.model"))
		if err != nil {
			t.Fatal(err)
		}
		data = append(data, normalizerField(xlmr.normalizer.charsmap)...)
	}
	m, err := Load(data, name[len(name)-1])
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// normalizerField returns a file's field normalizer_spec that has a charsmap alone. A
// message that comes twice in a file is read as one.
func normalizerField(charsmap []byte) []byte {
	spec := binary.AppendUvarint([]byte{2<<3 | wireBytes}, uint64(len(charsmap)))
	spec = append(spec, charsmap...)
	return append(binary.AppendUvarint([]byte{3<<3 | wireBytes}, uint64(len(spec))), spec...)
}

// models names the models of the golden values.
func models(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(families(), "spm", "*.model*"))
	if err != nil || len(paths) == 0 {
		t.Fatal("no models: ", err)
	}
	var names []string
	for _, p := range paths {
		name, _, _ := strings.Cut(filepath.Base(p), ".")
		names = append(names, name)
	}
	return names
}

func flat(spans []tokenizer.Span) []int {
	all := []int{}
	for _, s := range spans {
		all = append(all, s.Start, s.End)
	}
	return all
}

// A mismatch counts differences and reports the first.
type mismatch struct {
	t    *testing.T
	n, k int
}

func (m *mismatch) check(ok bool, format string, args ...any) {
	m.t.Helper()
	m.n++
	if ok {
		return
	}
	if m.k++; m.k <= 3 {
		m.t.Errorf(format, args...)
	}
}

func (m *mismatch) done() {
	m.t.Helper()
	if m.k > 0 {
		m.t.Errorf("%d of %d differ", m.k, m.n)
	}
	if m.n == 0 {
		m.t.Error("nothing was compared")
	}
}

func TestEncodeGolden(t *testing.T) {
	all := texts(t)
	for _, name := range models(t) {
		t.Run(name, func(t *testing.T) {
			tok := loadGolden(t, "spm", name+".model").Tokenizer()
			c := mismatch{t: t}
			type row struct {
				Text    *string
				IDs     []int
				Off     []int
				Unk     []string
				Decoded string
			}
			for i, w := range rows[row](t, "spm", name+".jsonl") {
				text := ""
				if w.Text != nil {
					text = *w.Text
				} else {
					text = all[i]
				}
				ids, spans := tok.AppendSpans(nil, nil, text)
				c.check(slices.Equal(ids, w.IDs), "%q: ids %v, want %v", text, ids, w.IDs)
				c.check(slices.Equal(flat(spans), w.Off), "%q: spans %v, want %v", text, flat(spans), w.Off)
				c.check(slices.Equal(tok.Append(nil, text), ids), "%q: Append gives other ids than AppendSpans", text)
				got, err := tokenizer.DecodeRaw(tok, w.IDs)
				c.check(got == w.Decoded && err == nil, "decode %v: %q, %v, want %q", w.IDs, got, err, w.Decoded)
			}
			c.done()
		})
	}
}

func TestDecodeGolden(t *testing.T) {
	for _, name := range models(t) {
		t.Run(name, func(t *testing.T) {
			tok := loadGolden(t, "spm", name+".model").Tokenizer()
			c := mismatch{t: t}
			for _, w := range rows[struct {
				IDs     []int
				Decoded string
				Error   string
			}](t, "spm", name+".decode.jsonl") {
				if slices.Contains(w.IDs, -1) {
					continue // ids below 0 count from the end here
				}
				got, err := tokenizer.DecodeRaw(tok, w.IDs)
				c.check(got == w.Decoded && (err != nil) == (w.Error != ""), "decode %v: %q, %v, want %q, %s", w.IDs, got, err, w.Decoded, w.Error)
			}
			c.done()
		})
	}
}

func TestInvalidUTF8Golden(t *testing.T) {
	toks := map[string]*Tokenizer{}
	c := mismatch{t: t}
	for _, w := range rows[struct {
		Model, Hex string
		IDs, Off   []int
	}](t, "spm", "invalid_utf8.jsonl") {
		if toks[w.Model] == nil {
			if !slices.Contains(models(t), w.Model) {
				continue
			}
			toks[w.Model] = loadGolden(t, "spm", w.Model+".model").Tokenizer()
		}
		text, err := hex.DecodeString(w.Hex)
		if err != nil {
			t.Fatal(err)
		}
		ids, spans := toks[w.Model].AppendSpans(nil, nil, string(text))
		c.check(slices.Equal(ids, w.IDs) && slices.Equal(flat(spans), w.Off), "%s %s: %v, %v, want %v, %v", w.Model, w.Hex, ids, flat(spans), w.IDs, w.Off)
	}
	c.done()
}
