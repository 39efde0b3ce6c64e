package hf_test

import (
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/goroberta/goroberta/tokenizer"
	"github.com/goroberta/goroberta/tokenizer/hf"
)

// file is a small tokenizer.json: texts become lower-case and are cut at white space.
const file = `{
	"normalizer": {"type": "Lowercase"},
	"pre_tokenizer": {"type": "WhitespaceSplit"},
	"post_processor": {"type": "RobertaProcessing", "cls": ["<s>", 0], "sep": ["</s>", 2], "trim_offsets": true, "add_prefix_space": false},
	"added_tokens": [
		{"id": 0, "content": "<s>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
		{"id": 1, "content": "<pad>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
		{"id": 2, "content": "</s>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
		{"id": 10, "content": "<mask>", "single_word": false, "lstrip": true, "rstrip": false, "normalized": false, "special": true}
	],
	"model": {"type": "BPE", "unk_token": "<unk>",
		"vocab": {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "l": 4, "o": 5, "w": 6, "lo": 7, "low": 8, "e": 9, "<mask>": 10},
		"merges": [["l", "o"], ["lo", "w"]]}
}`

func parse(opts ...hf.Option) *hf.Tokenizer {
	tok, err := hf.Parse([]byte(file), "tokenizer.json", opts...)
	if err != nil {
		log.Fatal(err)
	}
	return tok
}

func Example() {
	tok, err := hf.Parse([]byte(file), "tokenizer.json")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tokenizer.Encode(tok, "Low LOWE <mask>"))
	// Output: [0 8 8 9 10 2]
}

// Ids, names and places in the text.
func ExampleTokenizer() {
	tok := parse()
	const text = "Low owl <mask>"
	ids, spans := tok.AppendSpans(nil, nil, text)
	for i, s := range spans {
		name, _ := tok.Name(ids[i])
		fmt.Printf("%d %s %q\n", ids[i], name, text[s.Start:s.End])
	}
	for _, w := range tok.Words(text) {
		fmt.Printf("%q %v; ", w.Text, w.IDs)
	}
	fmt.Println(tok.Append(nil, "low"))
	err := tok.Check(text) // a regular expression of a file can give up on a hostile text
	_, gaveUp := errors.AsType[*hf.PatternError](err)
	fmt.Println(gaveUp, errors.Is(err, hf.ErrTimeout))

	id, ok := tok.Lookup("low")
	fmt.Printf("%d %v %q %q\n", id, ok, tok.Bytes(id), tok.AppendText(nil, []int{id, 9}))
	s := tok.Special()
	fmt.Println(tok.Len(), s.BOS, s.EOS, s.Mask, tok.Kind(s.Mask) == tokenizer.Symbol)
	fmt.Println(tok.Template().IDs(tok, "low"), tok.Info().Kind)
	// Output:
	// 8 low "Low"
	// 5 o "o"
	// 6 w "w"
	// 4 l "l"
	// 10 <mask> "<mask>"
	// "low" [8]; "owl" [5 6 4]; " <mask>" [10]; [8]
	// false false
	// 8 true "low" "low e"
	// 11 0 2 10 true
	// [0 8 2] BPE
}

// In the texts of strangers special tokens are letters.
func ExampleTokenizer_Plain() {
	const text = "low</s>"
	fmt.Println(parse().Append(nil, text))
	fmt.Println(parse().Plain().Append(nil, text))
	fmt.Println(parse(hf.WithPlainText()).Append(nil, text))
	// Output:
	// [8 2]
	// [8 3 3 3 3]
	// [8 3 3 3 3]
}

// Other files of a folder say which tokens are special.
func ExampleWithSpecial() {
	tok := parse(hf.WithSpecial(hf.Names{BOS: "<s>", EOS: "</s>", Pad: "</s>", Unk: "<unk>", Mask: "low"}))
	fmt.Println(tok.Special())
	// Output: {0 2 2 3 8}
}

// vocab.json and merges.txt, with what tokenizer_config.json and others add.
func ExampleNew() {
	spec := &hf.Spec{
		Vocab:     []byte(`{"<s>":0,"<pad>":1,"</s>":2,"<unk>":3,"h":4,"i":5,"hi":6,"Ġ":7,"<mask>":8}`),
		Merges:    []byte("h i\n"),
		VocabFile: "vocab.json", MergesFile: "merges.txt",
		Added:   []hf.AddedToken{{Content: "<mask>", LStrip: true, Special: true, ID: 8}},
		Special: hf.Names{BOS: "<s>", Pad: "<pad>", EOS: "</s>", Unk: "<unk>", Mask: "<mask>"},
	}
	tok, err := hf.New(spec)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tokenizer.Encode(tok, "hi hi <mask>"))

	spaced, err := hf.New(spec, hf.WithPrefixSpace(true))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tokenizer.Encode(spaced, "hi hi <mask>"))
	// Output:
	// [0 6 7 6 8 2]
	// [0 7 6 7 6 8 2]
}

// An error names the file, the section and what is wrong with it.
func ExampleError() {
	kinds := map[error]string{
		hf.ErrFormat: "malformed", hf.ErrDuplicate: "twice", hf.ErrUnknownToken: "unknown token",
		hf.ErrNotSupported: "not supported", hf.ErrTooLarge: "too large",
	}
	for _, data := range []string{
		strings.Replace(file, `"Lowercase"`, `"Uppercase"`, 1),
		strings.Replace(file, `["lo", "w"]`, `["lo", "q"]`, 1),
		strings.Replace(file, `"low": 8`, `"low": 7`, 1),
		file[:100],
	} {
		_, err := hf.Parse([]byte(data), "tokenizer.json")
		if e, ok := errors.AsType[*hf.Error](err); ok {
			for kind, name := range kinds {
				if errors.Is(err, kind) {
					fmt.Printf("%s %q: %s\n", e.File, e.Section, name)
				}
			}
		}
	}
	// Output:
	// tokenizer.json "normalizer": not supported
	// tokenizer.json "model.merges": unknown token
	// tokenizer.json "model.vocab": twice
	// tokenizer.json "": malformed
}
