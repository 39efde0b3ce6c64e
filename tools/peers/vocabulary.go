package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/goroberta/goroberta/bpe"
)

// writeVocabulary writes the built-in vocabulary in the form that other libraries read:
// vocab.json with the model's ids, and merges.txt.
func writeVocabulary(dir string) error {
	tok := bpe.DefaultTokenizer()
	ids := map[string]int{"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "<mask>": tok.Special().Mask}
	for id := range tok.Len() {
		if b := tok.Bytes(id); len(b) > 0 {
			ids[bpe.Written(b)] = id
		} else if symbol := tok.Dictionary().Symbol(id); ids[symbol] != id {
			ids[symbol] = id // what only fills up the dictionary
		}
	}
	data, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "vocab.json"), data, 0o644); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dir, "merges.txt"))
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "#version: 0.2")
	for _, m := range merges(bpe.Default()) {
		fmt.Fprintf(w, "%s %s\n", bpe.Written([]byte(m[0])), bpe.Written([]byte(m[1])))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// letters is the number of GPT-2's tokens that are single bytes. The token of each
// merge follows in the order of the merges.
const letters = 256

// merges finds the two parts of each of GPT-2's tokens: what the merges before its own
// make of its bytes.
func merges(enc *bpe.Encoder) (pairs [][2]string) {
	rank := map[string]int{} // of the token of a merge
	for id := letters; ; id++ {
		b, ok := enc.TokenBytes(id)
		if !ok {
			return pairs
		}
		parts := make([]string, len(b))
		for i := range b {
			parts[i] = string(b[i : i+1])
		}
		for len(parts) > 2 {
			best, at := id, -1
			for i := range parts[1:] {
				if r, ok := rank[parts[i]+parts[i+1]]; ok && r < best {
					best, at = r, i
				}
			}
			if at < 0 {
				return pairs // <|endoftext|>, the last, is made by none
			}
			parts = append(append(parts[:at:at], parts[at]+parts[at+1]), parts[at+2:]...)
		}
		pairs = append(pairs, [2]string{parts[0], parts[1]})
		rank[string(b)] = id
	}
}
