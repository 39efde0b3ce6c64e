// Command gen writes the two generated files of package bpe: the packed GPT-2
// vocabulary gpt2.bin.zst and the character classes classes_table.go. It is
// started by go generate in the package's folder and reads only testdata.
package main

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("gen: ")
	dir := "."
	if len(os.Args) > 1 {
		dir = os.Args[1]
	}
	if err := run(dir); err != nil {
		log.Fatal(err)
	}
}

func run(dir string) error {
	vocabulary, err := packGPT2(filepath.Join(dir, "testdata", "gpt2"))
	if err != nil {
		return err
	}
	w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderCRC(true))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "gpt2.bin.zst"), w.EncodeAll(vocabulary, nil), 0o644); err != nil {
		return err
	}
	table, err := classTable(filepath.Join(dir, "testdata", "classes.json"))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "classes_table.go"), table, 0o644)
}

// readZstd returns the content of a zstd-compressed file.
func readZstd(name string) ([]byte, error) {
	packed, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	r, err := zstd.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(r); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return b.Bytes(), nil
}
