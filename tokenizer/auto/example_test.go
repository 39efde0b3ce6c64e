package auto_test

import (
	"errors"
	"fmt"
	"io/fs"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/goroberta/goroberta/tokenizer"
	"github.com/goroberta/goroberta/tokenizer/auto"
)

// A folder with a tokenizer and no model.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "tokenizer")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for name, text := range map[string]string{
		"vocab.json": `{"<s>":0,"<pad>":1,"</s>":2,"<unk>":3,"h":4,"i":5,"hi":6,"Ġ":7,"<mask>":8}`,
		"merges.txt": "h i\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			log.Fatal(err)
		}
	}
	tok, info, err := auto.Open(dir)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.Kind, filepath.Base(info.File))
	fmt.Println(tokenizer.Encode(tok, "hi hi<mask>"))
	// Output:
	// byte-level BPE vocab.json
	// [0 6 7 6 8 2]
}

// A program that keeps a model's files in a place of its own gives them by name.
type memory map[string]string

func (m memory) File(name string) ([]byte, error) {
	if text, ok := m[name]; ok {
		return []byte(text), nil
	}
	return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
}

func (m memory) FileName(name string) string { return "memory/" + name }

func ExampleRead() {
	var files auto.Files = memory{
		"vocab.json": `{"<s>":0,"<pad>":1,"</s>":2,"<unk>":3,"h":4,"i":5,"hi":6,"<mask>":7}`,
		"merges.txt": "h i\n",
	}
	src := auto.Source{Files: files}
	tok, info, err := auto.Read(src)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tokenizer.Encode(tok, "hi<mask>"), info.File)

	plain, _, err := auto.Read(src, auto.WithPlainText()) // "<mask>" is letters
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tokenizer.Encode(plain, "hi<mask>")[2] != 7)

	kept, err := auto.Gather(src) // what to keep with a copy of the model
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(slices.Sorted(maps.Keys(kept)))
	_, err = files.File("tokenizer.json")
	fmt.Println(errors.Is(err, fs.ErrNotExist), slices.Contains(auto.Names(), "tokenizer.json"), files.FileName("vocab.json"))
	// Output:
	// [0 6 7 2] memory/vocab.json
	// true
	// [merges.txt vocab.json]
	// true true memory/vocab.json
}

func ExampleError() {
	_, _, err := auto.Read(auto.Source{Files: memory{}})
	fmt.Println(errors.Is(err, auto.ErrNone))

	_, _, err = auto.Read(auto.Source{Files: memory{"vocab.json": `{"<s>":0}`}}) // and no merges.txt
	if e, ok := errors.AsType[*auto.Error](err); ok {
		fmt.Println(e)
	}
	// Output:
	// true
	// tokenizer: memory/merges.txt: the file is missing: memory/vocab.json alone does not tell how text is cut
}
