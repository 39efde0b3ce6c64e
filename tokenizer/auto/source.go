package auto

import (
	"errors"
	"io/fs"
	"slices"
)

// Files are those among which a tokenizer is looked for. A *weights.Checkpoint is one.
type Files interface {
	// File reads a file by a name such as "vocab.json". The error wraps fs.ErrNotExist if
	// there is none.
	File(name string) ([]byte, error)
	// FileName is what the file is called on disk, for messages.
	FileName(name string) string
}

// A Source is what is known of the model that a tokenizer is for.
type Source struct {
	Files Files
	// Inside lists the files that the checkpoint's own file holds. If a tokenizer is
	// among them nothing else counts: what lies beside is another model's.
	Inside []string
	// Fairseq says that the checkpoint is fairseq's: its rules hold. A file of Inside
	// outweighs it.
	Fairseq bool
	BPE     string // fairseq's setting bpe, "" if it has none
	// SentencePiece is the file name in fairseq's setting sentencepiece_model, "" if it
	// has none.
	SentencePiece string
	// PrefixSpace is fairseq's setting bpe_add_prefix_space, which hf_byte_bpe has.
	PrefixSpace bool
	// VocabSize is the number of rows of the token embedding, 0 if there is no model. A
	// tokenizer with larger ids is an error.
	VocabSize int
}

// Names of files, best first where several stand for one thing.
var (
	sentencePieceNames = []string{"sentencepiece.bpe.model", "sentencepiece.model", "spiece.model", "spm.model", "tokenizer.model"}
	codesNames         = []string{"bpe.codes", "bpecodes", "codes", "code"}
	dictNames          = []string{"dict.txt", "input0/dict.txt"}
	configNames        = []string{"tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "config.json", "sentence_bert_config.json"}
)

// vocabularyNames are the files that make a tokenizer.
var vocabularyNames = slices.Concat([]string{"tokenizer.json"}, sentencePieceNames,
	[]string{"vocab.json", "merges.txt", "vocab.txt"}, codesNames, dictNames, []string{"encoder.json", "vocab.bpe"})

// Names lists all names of files that Read may read but for one that a setting of
// fairseq's gives.
func Names() []string { return slices.Concat(vocabularyNames, configNames) }

// Gather reads the files that Read would make a tokenizer of, without making one, by the
// names under which Read finds them again: what a converted model takes along. It
// returns nothing if there is no tokenizer. The error is that of a file which is there
// and cannot be read.
func Gather(src Source) (map[string][]byte, error) {
	p, _ := choose(src) // what cannot be used goes along too
	if p.main == "" {
		return nil, p.failed
	}
	return p.files, p.failed
}

// A plan is which files Read makes a tokenizer of.
type plan struct {
	Source
	kind   kind
	main   string            // the name of the file that decides, "" if there is none
	only   bool              // files of Inside alone
	files  map[string][]byte // what was read and counts, by the names that count
	called map[string]string // what each is called on disk
	looked []string          // what is not there, as it would be called
	failed error             // the first error of reading
	config config
	notes  []string
}

// take reads a file and reports whether it is there, or in one of the other places.
func (p *plan) take(name string, others ...string) bool {
	if _, ok := p.files[name]; ok {
		return true
	}
	if p.failed != nil {
		return false
	}
	for _, place := range append([]string{name}, others...) {
		if p.only && !slices.Contains(p.Inside, place) {
			continue
		}
		data, err := p.Files.File(place)
		switch {
		case err == nil:
			p.files[name], p.called[name] = data, p.Files.FileName(place)
			return true
		case !errors.Is(err, fs.ErrNotExist):
			p.failed = err
			return false
		}
		if called := p.Files.FileName(place); !slices.Contains(p.looked, called) {
			p.looked = append(p.looked, called)
		}
	}
	return false
}

// takeFirst takes the first of some files that is there, and returns its name.
func (p *plan) takeFirst(names ...string) (name string, ok bool) {
	for _, name := range names {
		if name != "" && p.take(name) {
			return name, true
		}
	}
	return "", false
}

// in makes an error that is about a file of the plan.
func (p *plan) in(name string, err error) error {
	called, ok := p.called[name]
	if !ok {
		called = p.Files.FileName(name)
	}
	return &Error{called, err}
}
