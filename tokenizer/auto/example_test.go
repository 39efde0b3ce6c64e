package auto_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

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
