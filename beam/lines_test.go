package robertabeam

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/local"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/testing/passert"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/testing/ptest"
	"github.com/goroberta/goroberta/pipeline"
	"github.com/klauspost/compress/zstd"
)

func init() {
	register.Function2x1(lineText)
	register.Function2x1(lineFailure)
}

func lineText(l Line, in pipeline.Input) string {
	return fmt.Sprint(l.File, " ", l.Shard, " ", l.Offset, " ", l.ID, " ", in.Texts, in.Words, in.Tokens)
}

func lineFailure(l Line, f Failure) string { return fmt.Sprint(l.File, " ", l.Offset, " ", f.Error) }

// corpus writes files of lines and returns their folder and the lines that ReadLines
// gives for shards of a size.
func corpus(t *testing.T) (folder string, lines func(shard int64) []string) {
	folder = t.TempDir()
	type at struct {
		file   string
		offset int
		rest   string
	}
	var all []at
	for n, pack := range []Compression{NoCompression, Gzip, Zstd} {
		var content bytes.Buffer
		name := fmt.Sprintf("f%d.jsonl%s", n, pack)
		for i := range 30 {
			text := strings.Repeat("é", i*i%23)
			all = append(all, at{name, content.Len(), fmt.Sprintf(` "%d" [%s] [] []`, i, text)})
			end := "\n"
			if i == 29 {
				end = ""
			}
			fmt.Fprintf(&content, `{"text":%q,"id":"%d"}%s`, text, i, end)
		}
		var packed bytes.Buffer
		switch pack {
		case Gzip:
			w := gzip.NewWriter(&packed)
			w.Write(content.Bytes())
			w.Close()
		case Zstd:
			w, _ := zstd.NewWriter(&packed)
			w.Write(content.Bytes())
			w.Close()
		default:
			packed = content
		}
		if err := os.WriteFile(filepath.Join(folder, name), packed.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return folder, func(shard int64) (lines []string) {
		for _, a := range all {
			lines = append(lines, fmt.Sprint(a.file, " ", int64(a.offset)/shard, " ", a.offset, a.rest))
		}
		return lines
	}
}

// TestReadLines reads files cut at every place there is.
func TestReadLines(t *testing.T) {
	folder, want := corpus(t)
	for _, shard := range []int64{1, 7, 20, 33, 100, 1 << 20} {
		p, s := beam.NewPipelineWithRoot()
		lines, failures := ReadLines(s, folder+"/*.jsonl*", shard)
		passert.EqualsList(s, beam.ParDo(s, lineText, lines), want(shard))
		passert.Empty(s, failures)
		ptest.RunAndValidate(t, p)
	}
}

// TestNames checks that the spelling of a pattern is not in the names.
func TestNames(t *testing.T) {
	folder, want := corpus(t)
	t.Chdir(filepath.Dir(folder))
	base := filepath.Base(folder)
	for _, pattern := range []string{base + "/*.jsonl*", "./" + base + "/f?.jsonl*", "../" + filepath.Base(filepath.Dir(folder)) + "//" + base + "/*.jsonl*"} {
		p, s := beam.NewPipelineWithRoot()
		lines, _ := ReadLines(s, pattern, 1<<20)
		passert.EqualsList(s, beam.ParDo(s, lineText, lines), want(1<<20))
		ptest.RunAndValidate(t, p)
	}
}

func TestBadLines(t *testing.T) {
	folder := t.TempDir()
	content := "{\"text\":\"a\"}\r\n\n{\"text\":1}\n{}\n{\"text\":\"a\",\"words\":[]}\n" + `{"text":"` + strings.Repeat("x", maxLine) + "\"}\n" +
		"{\"question\":\"Q\",\"context\":\"C\"}\n{\"words\":[\"v\",\"w\"]}\n{\"tokens\":[0,2]}\n{\"question\":\"Q\"}\n{\"text\":\"t\",\"pair\":\"p\"}"
	if err := os.WriteFile(filepath.Join(folder, "a.jsonl"), []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	long := int64(maxLine) + 65
	p, s := beam.NewPipelineWithRoot()
	lines, failures := ReadLines(s, folder+"/a.jsonl", 0)
	at := func(from int64, text string) string { return fmt.Sprint(from/ShardSize, " ", from, "  ", text) }
	passert.EqualsList(s.Scope("lines"), beam.ParDo(s, lineText, lines), []string{
		"a.jsonl " + at(0, "[a] [] []"),
		"a.jsonl " + at(long, "[Q C] [] []"),
		"a.jsonl " + at(long+31, "[] [v w] []"),
		"a.jsonl " + at(long+31+20, "[] [] [0 2]"),
		"a.jsonl " + at(long+31+20+17+17, "[t p] [] []"),
	})
	passert.EqualsList(s.Scope("failures"), beam.ParDo(s, lineFailure, failures), []string{
		"a.jsonl 14 robertabeam: an empty line",
		"a.jsonl 15 robertabeam: json: cannot unmarshal number into Go struct field .text of type string",
		`a.jsonl 26 robertabeam: 0 of "text", "texts", "words", "tokens" and "question" are given, want one`,
		`a.jsonl 29 robertabeam: 2 of "text", "texts", "words", "tokens" and "question" are given, want one`,
		"a.jsonl 53 robertabeam: a line of more than 16777216 bytes",
		fmt.Sprint("a.jsonl ", long+31+20+17, ` robertabeam: "question" and "context" go together`),
	})
	ptest.RunAndValidate(t, p)
	p, s = beam.NewPipelineWithRoot()
	ReadLines(s, folder+"/nothing*.jsonl", 0)
	if err := ptest.Run(p); err == nil {
		t.Error("no error for a pattern that no file has")
	}
}

// TestLinesOfTheCommand checks what the roberta command refuses or accepts and
// encoding/json does not.
func TestLinesOfTheCommand(t *testing.T) {
	folder := t.TempDir()
	content := "\ufeff{\"text\":\"a\"}\n" + `{"texts":["a",null]}
{"words":[null]}
{"tokens":[0,null,2]}
{"text":"a","token_type_ids":[0]}
{"tokens":[0,2],"token_type_ids":[]}
{"texts":[]}
`
	if err := os.WriteFile(filepath.Join(folder, "a.jsonl"), []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, shard := range []int64{0, 2} {
		p, s := beam.NewPipelineWithRoot()
		lines, failures := ReadLines(s, folder+"/a.jsonl", shard)
		passert.Count(s, lines, "lines", 1)
		passert.Count(s, failures, "failures", 6)
		if shard == 0 {
			passert.EqualsList(s, beam.ParDo(s, lineText, lines), []string{"a.jsonl 0 0  [a] [] []"})
			passert.EqualsList(s, beam.ParDo(s, lineFailure, failures), []string{
				`a.jsonl 16 robertabeam: "texts": element 1 is null`,
				`a.jsonl 37 robertabeam: "words": element 0 is null`,
				`a.jsonl 54 robertabeam: "tokens": element 1 is null`,
				`a.jsonl 76 robertabeam: "token_type_ids" without "tokens"`,
				`a.jsonl 110 robertabeam: 0 "token_type_ids" for 2 "tokens"`,
				`a.jsonl 147 robertabeam: "texts" is empty`,
			})
		}
		ptest.RunAndValidate(t, p)
	}
}

func TestNegativeShard(t *testing.T) {
	defer func() {
		if r, _ := recover().(string); !strings.Contains(r, "shard of -1") {
			t.Errorf("panic %q", r)
		}
	}()
	_, s := beam.NewPipelineWithRoot()
	ReadLines(s, "in/*", -1)
}

// TestCutOff checks that the rest of a compressed file is not lost without an error.
func TestCutOff(t *testing.T) {
	folder, _ := corpus(t)
	for _, name := range []string{"f1.jsonl.gz", "f2.jsonl.zst"} {
		name = filepath.Join(folder, name)
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, b[:len(b)-10], 0o666); err != nil {
			t.Fatal(err)
		}
		p, s := beam.NewPipelineWithRoot()
		ReadLines(s, name, 0)
		if err := ptest.Run(p); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v, want one that names %s", err, name)
		}
	}
}

// TestSkip checks that a line is not read to its end to find that none begins in a span.
func TestSkip(t *testing.T) {
	file := strings.NewReader(strings.Repeat("x", 1<<20) + "\ny")
	r := lineReader{r: bufio.NewReaderSize(file, 1<<10)}
	if n, err := r.skip(5000); err != nil || n < 5000 || n > 7000 {
		t.Errorf("passed over %d bytes, %v", n, err)
	}
	if n, err := r.skip(1 << 30); err != nil || file.Len() != 0 || n > 1<<20 {
		t.Errorf("passed over %d bytes, %v", n, err)
	}
	if err := r.r.UnreadByte(); err != nil {
		t.Error(err)
	} else if b, _ := r.r.ReadByte(); b != '\n' {
		t.Errorf("ended at %q", b)
	}
}

// files reads a folder.
func files(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(os.DirFS(folder), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join(folder, name))
		all[name] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestFiles checks that files are the same whatever the bundles, threads and spans, and
// after a job that was stopped.
func TestFiles(t *testing.T) {
	in := t.TempDir()
	var texts []string
	for f := range 2 {
		var content bytes.Buffer
		for i := range 60 {
			text := fmt.Sprintf("Number %d of %d%s", i, f, strings.Repeat(" went home", i%9))
			if i%20 == 7 {
				text = long
			}
			texts = append(texts, text)
			fmt.Fprintf(&content, "{\"id\":[%d,%d],\"text\":%q}\n", f, i, text)
		}
		if err := os.WriteFile(filepath.Join(in, fmt.Sprintf("%d.jsonl", f)), content.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	run := func(out string, c Config, z Compression) map[string]string {
		t.Helper()
		c.Model = "pocket"
		p, s := beam.NewPipelineWithRoot()
		lines, unread := ReadLines(s, in+"/*.jsonl", 2000)
		results, failures := Embed(s, c, lines)
		WriteLines[[]float32](s, out+"/", z, results)
		WriteFailures(s, out+"/", z, unread, failures)
		ptest.RunAndValidate(t, p)
		return files(t, out)
	}
	out := t.TempDir()
	want := run(out, Config{}, NoCompression)
	var got []string // the ids in the order of files and lines
	for _, name := range slices.Sorted(maps.Keys(want)) {
		for line := range strings.Lines(want[name]) {
			var v struct{ ID []int }
			if err := json.Unmarshal([]byte(line), &v); err != nil {
				t.Fatal(err)
			}
			if (texts[v.ID[0]*60+v.ID[1]] == long) != strings.Contains(name, ".errors.") {
				t.Errorf("%s has %v", name, v.ID)
			}
			if !strings.Contains(name, ".errors.") {
				got = append(got, fmt.Sprintf("%d %02d", v.ID[0], v.ID[1]))
			}
		}
	}
	if len(got) != 114 || !slices.IsSorted(got) || len(slices.Compact(got)) != 114 {
		t.Errorf("%d lines: %v", len(got), got)
	}
	os.WriteFile(filepath.Join(out, ".0.jsonl-00000.jsonl.tmp-0123"), []byte("half a"), 0o666)
	os.WriteFile(filepath.Join(out, "0.jsonl-00000.jsonl"), []byte("half a"), 0o666)
	if again := run(out, Config{Hold: 1, Threads: 1}, NoCompression); !maps.Equal(again, want) {
		t.Error("files differ after a job that was stopped")
	}
	for _, c := range []Config{{Hold: 1, Threads: 2}, {Batch: 64, Threads: 1}} {
		if again := run(t.TempDir(), c, NoCompression); !maps.Equal(again, want) {
			t.Errorf("files differ with %+v", c)
		}
	}
	for _, z := range []Compression{Gzip, Zstd} {
		packed := run(t.TempDir(), Config{}, z)
		if again := run(t.TempDir(), Config{Hold: 500}, z); !maps.Equal(again, packed) || len(packed) != len(want) {
			t.Errorf("files %s differ", z)
		}
	}
}

// TestRenameLost checks that a worker whose file another one has removed is content with
// that one's.
func TestRenameLost(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows renames no file that another process has open")
	}
	name := filepath.Join(t.TempDir(), "a")
	done := make(chan error)
	for range 8 {
		go func() { done <- writeFile(t.Context(), name, []byte("content")) }()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if got := files(t, filepath.Dir(name)); len(got) != 1 || got["a"] != "content" {
		t.Error(got)
	}
}
