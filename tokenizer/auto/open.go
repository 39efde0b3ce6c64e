package auto

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goroberta/goroberta/internal/pyjson"
	"github.com/goroberta/goroberta/tokenizer"
)

// Open opens a tokenizer that no model is needed for: a folder, or one of its files.
//
// A folder is searched as Read does it for a model of Hugging Face's, or of fairseq's if
// dict.txt is there and says so by its content. It may be one of sentence-transformers,
// whose modules.json names the folder of the transformer, or of Hugging Face's cache
// ("models--…") with one snapshot or a main one.
//
// A file counts alone: tokenizer.json without what lies beside it, a SentencePiece model
// with its own ids. vocab.json, encoder.json, dict.txt, vocab.txt and what belongs to them
// stand for their folder.
func Open(name string, opts ...Option) (tokenizer.Tokenizer, tokenizer.Info, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, tokenizer.Info{}, err
	}
	p, err := open(name)
	if err != nil {
		return nil, tokenizer.Info{}, err
	}
	return p.build(o)
}

func open(name string) (*plan, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		dir, err := transformerFolder(name)
		if err != nil {
			return nil, err
		}
		return chooseFolder(dir)
	}
	if !info.Mode().IsRegular() {
		return nil, &Error{name, fmt.Errorf("%w: a pipe or device, not a regular file", ErrNone)}
	}
	dir, base := filepath.Split(name)
	files := folder(dir)
	p := &plan{Source: Source{Files: files}, files: map[string][]byte{}, called: map[string]string{}}
	form := base
	switch {
	case path.Ext(base) == ".model":
		form = sentencePieceNames[0]
	case !slices.Contains(vocabularyNames, base):
		if form, err = files.sniff(base); err != nil {
			return nil, err
		}
	}
	switch form {
	case "tokenizer.json":
		p.uses(tokenizerJSON, form)
	case sentencePieceNames[0]:
		p.uses(sentencePieceOwn, form)
	case "":
		return nil, &Error{name, fmt.Errorf("%w: want tokenizer.json, a SentencePiece model, vocab.json, encoder.json, dict.txt or vocab.txt", ErrNone)}
	default:
		return chooseFolder(dir)
	}
	p.files[form], err = files.File(base)
	p.called[form] = name
	return p, err
}

// chooseFolder finds the files that count in a folder without a model.
func chooseFolder(dir string) (*plan, error) {
	src := Source{Files: folder(dir)}
	p, err := choose(src)
	if p.kind == nothing && errors.Is(err, ErrNone) {
		return p, fmt.Errorf("%s: %w", dir, err)
	}
	return p, err
}

// A folder is a directory of the operating system.
type folder string

// maxFile is the size in bytes of the largest file that is read.
const maxFile = 64 << 20

func (f folder) FileName(name string) string {
	return filepath.Join(string(f), filepath.FromSlash(name))
}

func (f folder) File(name string) ([]byte, error) {
	at := f.FileName(name)
	info, err := os.Stat(at) // before Open, which would wait for a pipe's writer
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, &fs.PathError{Op: "open", Path: at, Err: fs.ErrNotExist}
	case !info.Mode().IsRegular():
		return nil, &Error{at, errors.New("a pipe or device, want a regular file")}
	}
	file, err := os.Open(at)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = &Error{at, fmt.Errorf("more than %d bytes", maxFile)}
	}
	return data, err
}

// sniff tells the form of a file by its beginning: the name that files of this form have,
// "" for any other.
func (f folder) sniff(name string) (string, error) {
	data, err := f.File(name)
	if err != nil {
		return "", err
	}
	head := bytes.TrimLeft(data[:min(len(data), 4096)], "\xef\xbb\xbf \t\r\n")
	switch {
	case bytes.HasPrefix(head, []byte("{")) && (bytes.Contains(head, []byte(`"added_tokens"`)) || bytes.Contains(head, []byte(`"model"`))):
		return "tokenizer.json", nil
	case len(data) > 2 && data[0] == 0x0A && data[2] == 0x0A: // a piece, and in it its text
		return sentencePieceNames[0], nil
	}
	return "", nil
}

// transformerFolder finds the folder in which a model's tokenizer lies.
func transformerFolder(dir string) (string, error) {
	if entries, err := os.ReadDir(filepath.Join(dir, "snapshots")); err == nil {
		var all []string
		for _, e := range entries {
			if info, err := os.Stat(filepath.Join(dir, "snapshots", e.Name())); err == nil && info.IsDir() {
				all = append(all, e.Name())
			}
		}
		main, _ := os.ReadFile(filepath.Join(dir, "refs", "main"))
		revision := strings.TrimSpace(string(main))
		switch {
		case slices.Contains(all, revision):
		case len(all) == 1:
			revision = all[0]
		default:
			return "", &Error{dir, fmt.Errorf("a cache of %d snapshots, of which refs/main names none: name one of them", len(all))}
		}
		dir = filepath.Join(dir, "snapshots", revision)
	}
	sub := ""
	data, err := folder(dir).File("modules.json")
	switch {
	case err == nil:
		// A list: it is read as the member of an object.
		m, err := pyjson.Object(append(append([]byte(`{"modules":`), data...), '}'))
		if err != nil {
			return "", &Error{filepath.Join(dir, "modules.json"), fmt.Errorf("not JSON: %.200w", err)}
		}
		modules, _ := m["modules"].([]any)
		for _, v := range modules {
			module, _ := v.(map[string]any)
			if kind := pyjson.String(module, "type"); kind[strings.LastIndexByte(kind, '.')+1:] == "Transformer" {
				sub = pyjson.String(module, "path")
				break
			}
		}
		if sub != "" && !fs.ValidPath(sub) {
			return "", &Error{filepath.Join(dir, "modules.json"), fmt.Errorf("module path %.100q leads out of the folder", sub)}
		}
	case !errors.Is(err, fs.ErrNotExist):
		return "", err
	default:
		// A folder of 2020 may have lost its modules.json.
		if _, err := os.Stat(filepath.Join(dir, "config.json")); err != nil {
			if info, err := os.Stat(filepath.Join(dir, "0_Transformer")); err == nil && info.IsDir() {
				sub = "0_Transformer"
			}
		}
	}
	return filepath.Join(dir, filepath.FromSlash(sub)), nil
}
