package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/testing/ptest"
)

func TestMain(m *testing.M) { ptest.Main(m) }

func TestRun(t *testing.T) {
	folder := filepath.ToSlash(t.TempDir())
	in := "{\"id\":\"a\",\"text\":\"What a lovely day!\"}\n{\"id\":\"b\"}\n{\"id\":\"c\",\"text\":\"I hate it.\"}\n"
	if err := os.WriteFile(filepath.Join(folder, "in.jsonl"), []byte(in), 0o666); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"input": folder + "/*.jsonl", "output": folder + "/out/", "task": "classify", "head": "sentiment", "topk": "1"} {
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	p, err := build()
	if err != nil {
		t.Fatal(err)
	}
	ptest.RunAndValidate(t, p)
	for name, want := range map[string]string{
		"in.jsonl-00000.jsonl":        "{\"id\":\"a\",\"labels\":[{\"label\":\"positive\",\"score\":0.98492795}]}\n{\"id\":\"c\",\"labels\":[{\"label\":\"negative\",\"score\":0.9992067}]}\n",
		"in.jsonl-00000.errors.jsonl": "{\"id\":\"b\",\"offset\":39,\"error\":\"robertabeam: 0 of \\\"text\\\", \\\"texts\\\", \\\"words\\\", \\\"tokens\\\" and \\\"question\\\" are given, want one\"}\n",
	} {
		got, err := os.ReadFile(filepath.Join(folder, "out", name))
		if err != nil || string(got) != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, got, want)
		}
	}
	flag.Set("task", "choose")
	if _, err := build(); err == nil {
		t.Error("no error for an unknown task")
	}
	flag.Set("task", "classify")
	flag.Set("precision", "fp8")
	if _, err := build(); err == nil {
		t.Error("no error for an unknown precision")
	}
	flag.Set("precision", "int8")
	if _, err := build(); err != nil {
		t.Error(err)
	}
	flag.Set("shard", "-1")
	if _, err := build(); err == nil {
		t.Error("no error for a shard of -1 bytes")
	}
}

func TestOverlap(t *testing.T) {
	for _, tt := range []struct {
		pattern, prefix string
		want            bool
	}{
		{"texts/*.jsonl", "texts/", true},
		{"texts/*.jsonl", "./texts/out-", true},
		{"*.jsonl", "out", true},
		{"*/*.jsonl", "out/", true},
		{"texts/a*", "texts/", true},
		{"texts/a*", "texts/b", false},
		{"texts/[^ab]*", "texts/", true},
		{"texts/[ab]*.jsonl", "texts/", true},
		{"texts/*.txt", "texts/", false},
		{"texts/*.jsonl", "out/", false},
		{"texts/a.jsonl", "texts/", false},
	} {
		if got := overlap(tt.pattern, tt.prefix, "-00000.jsonl"); got != tt.want {
			t.Errorf("overlap of %s and %s: %v", tt.pattern, tt.prefix, got)
		}
	}
}
