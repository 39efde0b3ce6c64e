package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestUpToDate makes the generated files again and compares them with those in
// the package's folder: the vocabulary unpacked, since zstd may learn to pack
// it better.
func TestUpToDate(t *testing.T) {
	dir := filepath.Join("..", "..")
	want, err := packGPT2(filepath.Join(dir, "testdata", "gpt2"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := readZstd(filepath.Join(dir, "gpt2.bin.zst"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("gpt2.bin.zst is out of date: run go generate")
	}
	want, err = classTable(filepath.Join(dir, "testdata", "classes.json"))
	if err != nil {
		t.Fatal(err)
	}
	got, err = os.ReadFile(filepath.Join(dir, "classes_table.go"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("classes_table.go is out of date: run go generate")
	}
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "testdata"), os.DirFS(filepath.Join("..", "..", "testdata"))); err != nil {
		t.Fatal(err)
	}
	if err := run(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"gpt2.bin.zst", "classes_table.go"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if err := run(filepath.Join(dir, "testdata")); err == nil {
		t.Error("a folder without testdata gives no error")
	}
}
