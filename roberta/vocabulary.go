package roberta

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/goroberta/goroberta/bpe"
	"github.com/goroberta/goroberta/tokenizer"
)

// gpt2Vocabulary is the size of the vocabulary that RoBERTa was published with.
const gpt2Vocabulary = 50265

// A vocabularySet is the files that a checkpoint's tokenizer is made of, by the
// names that a converted file gives them.
type vocabularySet struct {
	files    map[string][]byte
	called   map[string]string // what each is called on disk
	lookedAt []string          // what is not there
}

// vocabularyFiles finds the vocabulary. A file of fairseq's comes with dict.txt,
// here or in input0, and may have its own BPE; one of Hugging Face's may have
// vocab.json and merges.txt instead. A converted file that holds a vocabulary
// needs no other: what lies beside it is another model's.
func (c *checkpoint) vocabularyFiles() (*vocabularySet, error) {
	v := &vocabularySet{files: map[string][]byte{}, called: map[string]string{}}
	inside := slices.ContainsFunc(c.file.Files(), func(name string) bool { return name == "dict.txt" || name == "vocab.json" })
	take := func(name, place string) (bool, error) {
		if inside && !slices.Contains(c.file.Files(), place) {
			return false, nil
		}
		data, err := c.file.File(place)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			v.lookedAt = append(v.lookedAt, c.file.FileName(place))
			return false, nil
		case err != nil:
			return false, err
		}
		v.files[name], v.called[name] = data, c.file.FileName(place)
		return true, nil
	}
	ok, err := take("dict.txt", "dict.txt")
	if err == nil && !ok {
		ok, err = take("dict.txt", "input0/dict.txt")
	}
	var rest []string
	switch {
	case ok:
		rest = []string{"encoder.json", "vocab.bpe"}
	case c.hf || inside:
		rest = []string{"vocab.json", "merges.txt"}
	}
	for _, name := range rest {
		if err == nil {
			_, err = take(name, name)
		}
	}
	return v, err
}

// reader reads a file and names it as it is called on disk.
func (v *vocabularySet) reader(name string) namedReader {
	return namedReader{bytes.NewReader(v.files[name]), v.called[name]}
}

type namedReader struct {
	*bytes.Reader
	name string
}

// Name is what package bpe calls the file in errors.
func (r namedReader) Name() string { return r.name }

// tokenizer makes the tokenizer of a checkpoint. The error is ErrNoVocabulary if
// it came without.
func (c *checkpoint) tokenizer(plain bool) (tokenizer.Tokenizer, tokenizer.Info, error) {
	tok, err := c.bpe()
	switch {
	case err == nil:
		return tok, tokenizer.Info{Kind: "byte-level BPE"}, nil
	case !errors.Is(err, ErrNoVocabulary):
		err = vocabularyError{err}
	}
	return nil, tokenizer.Info{}, err
}

// A vocabularyError reports a vocabulary that cannot be used.
type vocabularyError struct{ error }

func (e vocabularyError) Unwrap() error { return e.error }

// Is makes errors.Is(err, ErrNoVocabulary) true.
func (e vocabularyError) Is(target error) bool { return target == ErrNoVocabulary }

func (c *checkpoint) bpe() (tokenizer.Tokenizer, error) {
	v, err := c.vocabularyFiles()
	if err != nil {
		return nil, err
	}
	size := c.config.VocabSize
	var dict *bpe.Dictionary
	_, hasDict := v.files["dict.txt"]
	vocab, hasVocab := v.files["vocab.json"]
	switch {
	case hasDict:
		dict, err = bpe.ParseDictionary(v.reader("dict.txt"), v.called["dict.txt"])
	case hasVocab:
		var txt []byte
		if txt, err = dictionaryFromVocab(vocab, v.called["vocab.json"]); err == nil {
			dict, err = bpe.ParseDictionary(bytes.NewReader(txt), v.called["vocab.json"])
		}
	case size == gpt2Vocabulary:
		return bpe.DefaultTokenizer(), nil
	default:
		where := ""
		if len(v.lookedAt) > 0 {
			where = "; looked for " + strings.Join(v.lookedAt, ", ")
		}
		return nil, fmt.Errorf("%w: the checkpoint's %d tokens are not GPT-2's %d, and no dict.txt came with it%s", ErrNoVocabulary, size, gpt2Vocabulary, where)
	}
	if err != nil {
		return nil, err
	}
	dict = dict.AddMask()
	if dict.Len() != size {
		return nil, fmt.Errorf("%s: the dictionary has %d symbols, <mask> included, but tensor %s has %d rows", cmp.Or(v.called["dict.txt"], v.called["vocab.json"]), dict.Len(), c.describe(embedWeight), size)
	}
	_, hasEncoder := v.files["encoder.json"]
	_, hasBPE := v.files["vocab.bpe"]
	_, hasMerges := v.files["merges.txt"]
	enc := bpe.Default()
	switch {
	case !dict.Numeric():
		enc = nil // its symbols are not BPE ids
	case hasVocab && !hasDict:
		if !hasMerges {
			return nil, fmt.Errorf("%w: %s came without merges.txt", ErrModel, v.called["vocab.json"])
		}
		enc, err = bpe.New(v.reader("vocab.json"), v.reader("merges.txt"))
	case hasEncoder && hasBPE:
		enc, err = bpe.New(v.reader("encoder.json"), v.reader("vocab.bpe"))
	}
	if err != nil {
		return nil, err
	}
	return bpe.NewTokenizer(enc, dict), nil
}

// dictionaryFromVocab turns Hugging Face's vocab.json, whose ids are the
// model's, into a dict.txt whose lines name those same ids. file is for messages.
func dictionaryFromVocab(vocab []byte, file string) ([]byte, error) {
	var ids map[string]int
	if err := json.Unmarshal(vocab, &ids); err != nil {
		return nil, fmt.Errorf("%w: %s: %.200w", ErrModel, file, err)
	}
	names := make([]string, len(ids))
	for name, id := range ids {
		if id < 0 || id >= len(names) || names[id] != "" {
			return nil, fmt.Errorf("%w: %s: token %.100q has id %d, want each of 0 to %d once", ErrModel, file, name, id, len(names)-1)
		}
		names[id] = name
	}
	var b bytes.Buffer
	for id, name := range names {
		switch {
		case id < 4:
			if want := []string{"<s>", "<pad>", "</s>", "<unk>"}[id]; name != want {
				return nil, fmt.Errorf("%w: %s: token %d is %.100q, want %q", ErrModel, file, id, name, want)
			}
			continue
		case name == "<mask>" || strings.HasPrefix(name, "madeupword"):
			b.WriteString(name)
		default:
			b.WriteString(strconv.Itoa(id))
		}
		b.WriteString(" 1\n")
	}
	return b.Bytes(), nil
}
