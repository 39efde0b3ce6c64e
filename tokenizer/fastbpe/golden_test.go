package fastbpe

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/goroberta/goroberta/tokenizer"
)

// goldens is a folder with vocab.txt, bpe.codes and goldens of another size.
var goldens = os.Getenv("GOROBERTA_FASTBPE")

func readSpec(t testing.TB) Spec {
	t.Helper()
	read := func(name string) []byte {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	dir := goldens
	if dir == "" {
		dir = "testdata"
	}
	words, err := ParseVocabulary(read(dir+"/vocab.txt"), "vocab.txt")
	if err != nil {
		t.Fatal(err)
	}
	codes, err := ParseCodes(read(dir+"/bpe.codes"), "bpe.codes")
	if err != nil {
		t.Fatal(err)
	}
	return Spec{Words: words, Codes: codes}
}

type row struct {
	Text string  `json:"text"`
	Pair *string `json:"pair"`
	IDs  []int   `json:"ids"`
}

func readRows(t testing.TB, name string) (rows []row) {
	t.Helper()
	dir := goldens
	if dir == "" {
		dir = "testdata"
	}
	f, err := os.Open(dir + "/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for s := bufio.NewScanner(z); s.Scan(); {
		var r row
		if err := json.Unmarshal(s.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
	return rows
}

// TestGoldens: ids as transformers' BertweetTokenizer and PhobertTokenizer give them.
func TestGoldens(t *testing.T) {
	tok, err := New(readSpec(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"bertweet.jsonl.gz", "phobert.jsonl.gz"} {
		rows := readRows(t, name)
		if len(rows) < 20 {
			t.Errorf("%s has %d rows", name, len(rows))
		}
		for _, r := range rows {
			texts := []string{r.Text}
			if r.Pair != nil {
				texts = append(texts, *r.Pair)
			}
			if got := tokenizer.Encode(tok, texts[0], texts[1:]...); !slices.Equal(got, r.IDs) {
				t.Errorf("%s: %.80q: %v, want %v", name, texts, got, r.IDs)
			}
		}
	}
}

// TestTweetGoldens: ids of tweets that are normalised, and an error for those with an
// emoji.
func TestTweetGoldens(t *testing.T) {
	s := readSpec(t)
	s.NormalizeTweets = true
	tok, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	rows := readRows(t, "bertweet_normalization.jsonl.gz")
	encoded := 0
	for _, r := range rows {
		if r.Pair != nil {
			continue
		}
		if err := tok.Check(r.Text); err != nil {
			if got := tok.Append(nil, r.Text); !errors.Is(err, ErrEmoji) || got != nil {
				t.Errorf("%.80q: %v, %v", r.Text, got, err)
			}
			continue
		}
		encoded++
		got := tokenizer.Encode(tok, r.Text)
		if !slices.Equal(got, r.IDs) {
			t.Errorf("%.80q: %v, want %v", r.Text, got, r.IDs)
		}
	}
	if encoded < len(rows)/2 {
		t.Errorf("only %d of %d texts were encoded", encoded, len(rows))
	}
}
