package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// numbered answers requests with their texts.
func numbered(t *testing.T, s *session, in *input, earlier *resumed) error {
	t.Helper()
	return answerFrom(context.Background(), s, in, task[string, string]{
		prepare: func(r request) (string, int, error) { return r.texts[0], 1, nil },
		run:     func(_ context.Context, batch []string) ([]string, error) { return batch, nil },
		result:  func(_ int, _ string, text string) (any, error) { return textLine{text}, nil },
		budget:  3,
	}, earlier)
}

// TestResume goes on after every begin of a file of results.
func TestResume(t *testing.T) {
	var requests, want strings.Builder
	for i := range 7 {
		requests.WriteString(`{"id":"` + strings.Repeat("x", i) + `","text":"` + strings.Repeat("é<", i) + "\"}\n")
		want.WriteString(`{"id":"` + strings.Repeat("x", i) + `","text":"` + strings.Repeat("é<", i) + "\"}\n")
	}
	dir := t.TempDir()
	for n := range want.Len() + 1 {
		path := filepath.Join(dir, "out")
		if err := os.WriteFile(path, []byte(want.String()[:n]), 0o666); err != nil {
			t.Fatal(err)
		}
		in := testInput(false)
		go in.read(strings.NewReader(requests.String()))
		r, err := openResumed(path, formatJSONL, in, "")
		if err != nil {
			t.Fatal(n, err)
		}
		if n == 0 {
			if _, err := openResumed(path, formatJSONL, in, ""); err == nil || !strings.Contains(err.Error(), "another process") {
				t.Errorf("a second process: %v", err)
			}
		}
		var stderr bytes.Buffer
		s := newSession(&commonFlags{}, nil, r, &stderr)
		if err := numbered(t, s, in, r); err != nil {
			t.Errorf("after %d bytes: %v", n, err)
		}
		r.close()
		if got, _ := os.ReadFile(path); string(got) != want.String() {
			t.Errorf("after %d bytes: %q, want %q", n, got, want.String())
		}
	}
}

// TestResumeTable goes on after every begin of a table, whose results have any number of
// rows, with quotation marks and line breaks in them.
func TestResumeTable(t *testing.T) {
	type part struct {
		Part string `json:"part"`
	}
	type parts struct {
		Parts []part `json:"parts"`
		N     int    `json:"n"`
	}
	const requests = "bad\n{\"id\":\"a\\r\\nb\",\"text\":\"one \\\"two\\\" three\"}\n{\"text\":\"\"}\n\n{\"id\":[1, 2],\"text\":\"x\\ny,z \\r\\n\"}\n{\"id\":5,\"text\":\"end\"}\nbad\n"
	for _, format := range []string{formatCSV, formatTSV} {
		requests := requests
		if format == formatTSV { // which has no line breaks in fields
			requests = strings.ReplaceAll(strings.ReplaceAll(requests, `\n`, ""), `\r`, "")
		}
		for _, sh := range []shard{whole, {2, 3}} {
			path := filepath.Join(t.TempDir(), "out")
			goOn := func(requests string) error {
				in := testInput(true)
				in.shard = sh
				go in.read(strings.NewReader(requests))
				r, err := openResumed(path, format, in, "")
				if err != nil {
					return err
				}
				defer r.close()
				s := newSession(&commonFlags{}, nil, r, new(bytes.Buffer))
				s.out.setFormat(format)
				s.out.table.goOn(sh, r)
				err = answerFrom(context.Background(), s, in, task[string, string]{
					prepare: func(r request) (string, int, error) { return r.texts[0], 1, nil },
					run:     func(_ context.Context, batch []string) ([]string, error) { return batch, nil },
					result: func(_ int, _ string, text string) (any, error) {
						line := parts{N: len(text)}
						for p := range strings.FieldsSeq(text) {
							line.Parts = append(line.Parts, part{p + " "})
						}
						return line, nil
					},
					budget: 2,
				}, r)
				for _, end := range []func() error{s.out.table.end, s.out.flush} {
					if endErr := end(); err == nil {
						err = endErr
					}
				}
				return err
			}
			full := func() string {
				b, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				return string(b)
			}
			_ = goOn(requests)
			want := full()
			if lines := strings.Count(want, "\n"); lines < 4 {
				t.Fatalf("%q", want)
			}
			for n := range want {
				if err := os.WriteFile(path, []byte(want[:n]), 0o666); err != nil {
					t.Fatal(err)
				}
				if err := goOn(requests); err != nil && !strings.Contains(err.Error(), "requests failed") {
					t.Errorf("%s, after %d bytes: %v", format, n, err)
				}
				if got := full(); got != want {
					t.Fatalf("%s, %v, after %d bytes: %q, want %q", format, sh, n, got, want)
				}
			}
			if sh != whole {
				continue
			}
			for _, other := range []string{strings.ReplaceAll(requests, "end", "End") + "{\"text\":\"more\"}\n", strings.Replace(requests, "\"id\":", "\"id\":7", 2), "bad\n\n\n\n\n", requests[:20]} {
				if err := goOn(other); err == nil || strings.Contains(err.Error(), "requests failed") {
					t.Errorf("%s, %v: %q is taken for the input: %v", format, sh, other, err)
				}
				if got := full(); got != want {
					t.Fatalf("%s, %v: %q, want %q", format, sh, got, want)
				}
			}
		}
	}
}

// TestResumeMemory: a table of any length is read a row at a time.
func TestResumeMemory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.csv")
	var b bytes.Buffer
	b.WriteString("row,id,text,error\n")
	for i := range 50000 {
		fmt.Fprintf(&b, "%d,,a text,\n", i+1)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := (&resumed{name: path, format: formatCSV, shard: whole, file: f}).results(int64(b.Len()))
	for i := range 50000 {
		if _, err := all.next(); err != nil {
			t.Fatalf("result %d: %v", i, err)
		}
		if n := len(all.read.kept); n > 1<<14 {
			t.Fatalf("%d bytes are kept after %d results", n, i+1)
		}
	}
}

// goOn answers requests into the file at path, which has old results, and returns what it
// has then. It fails if what it had has changed.
func goOn(t *testing.T, path, format, requests string, old []byte) (got []byte, err error) {
	if err := os.WriteFile(path, old, 0o666); err != nil {
		t.Fatal(err)
	}
	in := testInput(true)
	go in.read(strings.NewReader(requests))
	defer in.close()
	r, err := openResumed(path, format, in, "")
	if err == nil {
		s := newSession(&commonFlags{}, nil, r, new(bytes.Buffer))
		s.out.setFormat(format)
		if s.out.table != nil {
			s.out.table.goOn(whole, r)
		}
		err = numbered(t, s, in, r)
		if s.out.table != nil {
			if endErr := errors.Join(s.out.table.end(), s.out.flush()); endErr != nil {
				err = endErr
			}
		}
		r.close()
	}
	got, _ = os.ReadFile(path)
	if !bytes.HasPrefix(got, old) {
		t.Fatalf("%q became %q", old, got)
	}
	return got, err
}

// FuzzResume holds that a file is only ever added to, and that what is accepted is a
// begin of the results.
func FuzzResume(f *testing.F) {
	const requests = "{\"id\":1,\"text\":\"a\"}\n{\"text\":\"b\"}\n{\"id\":[2],\"text\":\"c\"}\n"
	const results = "{\"id\":1,\"text\":\"a\"}\n{\"text\":\"b\"}\n{\"id\":[2],\"text\":\"c\"}\n"
	for _, s := range []string{"", "{", results[:25], results, results + "{", "x\n", "{\"id\":1}\n{\"text\":\"b\"}\n", "{\"id\":1,\"error\":\"bad\"}\n{\"text\":\"b\"}", "\n"} {
		f.Add([]byte(s))
	}
	path := filepath.Join(f.TempDir(), "out")
	f.Fuzz(func(t *testing.T, old []byte) {
		got, err := goOn(t, path, formatJSONL, requests, old)
		if err != nil {
			return
		}
		lines := bytes.Split(bytes.TrimSuffix(got, []byte("\n")), []byte("\n"))
		if len(lines) != 3 {
			t.Fatalf("%q became %q", old, got)
		}
		for i, line := range lines {
			var v, want struct{ ID json.RawMessage }
			if json.Unmarshal(line, &v) != nil || json.Unmarshal([]byte(strings.Split(results, "\n")[i]), &want) != nil || !bytes.Equal(v.ID, want.ID) {
				t.Fatalf("%q became %q", old, got)
			}
		}
	})
}

// FuzzResumeTable holds that a table is only ever added to, and that what is accepted has a
// row for each request.
func FuzzResumeTable(f *testing.F) {
	const requests = "{\"id\":1,\"text\":\"a\"}\n{\"text\":\"b,\\\"\"}\nbad\n{\"id\":\"x\\ny\",\"text\":\"c\"}\n"
	const results = "row,id,text,error\n1,1,a,\n2,,\"b,\"\"\",\n3,,,line 3: not JSON: plain text is not read\n4,\"x\ny\",c,\n"
	for _, s := range []string{"", "row", results[:25], results[:40], results, results + "5", "x\n", "row,id,error\n1,1,\n", "row,id,text,error\n2,1,a,\n", "\n\n", "row,id,text,error\n1,1,\"", results[:len(results)-6]} {
		f.Add([]byte(s))
	}
	path := filepath.Join(f.TempDir(), "out")
	f.Fuzz(func(t *testing.T, old []byte) {
		got, err := goOn(t, path, formatCSV, requests, old)
		if _, failed := errors.AsType[failedError](err); err != nil && !failed {
			return
		}
		rows, err := csv.NewReader(bytes.NewReader(got)).ReadAll()
		if err != nil || len(rows) != 5 {
			t.Fatalf("%q became %q: %v", old, got, err)
		}
	})
}
