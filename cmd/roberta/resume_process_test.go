//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A resumption is a command that is ended again and again while it answers lines.
type resumption struct {
	t     *testing.T
	dir   string
	ext   string   // of input and output
	lines []string // of the input, a table's header too
	want  []byte   // what one run writes
}

func newResumption(t *testing.T, ext string) *resumption {
	r := &resumption{t: t, dir: t.TempDir(), ext: ext}
	if ext == "csv" {
		r.lines = append(r.lines, "id,text\n")
	}
	for i := range 40 {
		line := fmt.Sprintf("{\"id\":%d,\"text\":\"Sentence %d, é.\"}\n", i, i*i)
		switch {
		case ext == "csv":
			line = fmt.Sprintf("%d,\"Sentence %d,\n \"\"é\"\".\"\n", i, i*i)
		case i == 11:
			line = "bad\n"
		case i == 12:
			line = "\n"
		}
		r.lines = append(r.lines, line)
	}
	r.write("in."+ext, r.lines)
	r.run(1, "in."+ext, "full")
	r.want = r.read("full")
	return r
}

func (r *resumption) path(name string) string { return filepath.Join(r.dir, name) }

func (r *resumption) write(name string, lines []string) {
	r.t.Helper()
	if err := os.WriteFile(r.path(name), []byte(strings.Join(lines, "")), 0o666); err != nil {
		r.t.Fatal(err)
	}
}

func (r *resumption) read(name string) []byte {
	r.t.Helper()
	b, err := os.ReadFile(r.path(name))
	if err != nil {
		r.t.Fatal(err)
	}
	return b
}

// args answers the lines of a file, into another.
func (r *resumption) args(in, out string, more ...string) []string {
	args := []string{"classify", "-m", filepath.Join("..", "..", "testdata", "goldens", "fulldict"), "--keep-going", "--input", r.path(in), "--resume", r.path(out)}
	if r.ext == "csv" {
		args = append(args, "--input-format", "csv", "--output-format", "csv")
	}
	return append(args, more...)
}

// run runs the command to its end. failed is 1 if lines are wrong, 0 for none in a table.
func (r *resumption) run(failed int, in, out string) {
	r.t.Helper()
	cmd, stderr := command(r.t, r.args(in, out)...)
	err := cmd.Run()
	if r.ext == "csv" {
		failed = 0
	}
	if code := cmd.ProcessState.ExitCode(); code != failed {
		r.t.Fatalf("exit code %d, %v, %s", code, err, stderr)
	}
}

// end begins the command, hands it the first n lines, waits until it has answered them, or
// does not wait, and ends it.
func (r *resumption) end(out string, n int, wait bool, sig syscall.Signal) {
	r.t.Helper()
	pipe := fmt.Sprintf("pipe-%d-%v-%d", n, wait, sig)
	if err := syscall.Mkfifo(r.path(pipe), 0o600); err != nil {
		r.t.Skip(err)
	}
	w, err := os.OpenFile(r.path(pipe), os.O_RDWR, 0) // does not wait for the reader
	if err != nil {
		r.t.Skip(err)
	}
	defer w.Close()
	cmd, stderr := command(r.t, r.args(pipe, out)...)
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	if _, err := w.WriteString(strings.Join(r.lines[:n], "")); err != nil {
		r.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for wait && !bytes.Equal(r.results(out), r.prefix(n)) {
		select {
		case err := <-ended:
			r.t.Fatalf("after %d lines: %v, %s", n, err, stderr)
		case <-time.After(time.Millisecond):
		}
	}
	cmd.Process.Signal(sig)
	<-ended
	if got := r.read(out); !bytes.HasPrefix(r.want, got) || wait && !bytes.Equal(got, r.prefix(n)) {
		r.t.Errorf("%v after %d lines: %q is no beginning of %q", sig, n, got, r.want)
	}
	if wait && sig == syscall.SIGINT && !strings.Contains(stderr.String(), "interrupted") {
		r.t.Errorf("%v after %d lines: %s", sig, n, stderr)
	}
}

// results is what the file has so far; there may be none yet.
func (r *resumption) results(out string) []byte {
	b, _ := os.ReadFile(r.path(out))
	return b
}

// prefix is the results of the first n lines.
func (r *resumption) prefix(n int) []byte {
	rows := n
	if r.ext == "csv" {
		rows = 1 + 3*(n-1) // three labels each
	}
	return bytes.Join(bytes.SplitAfter(r.want, []byte("\n"))[:rows], nil)
}

// TestResumeProcess: whatever ends a run, and wherever, another one with the same input goes
// on, and the file is that of one run, byte for byte.
func TestResumeProcess(t *testing.T) {
	for _, ext := range []string{"jsonl", "csv"} {
		t.Run(ext, func(t *testing.T) {
			r := newResumption(t, ext)
			for _, sig := range heeded(syscall.SIGINT, syscall.SIGKILL) {
				out := fmt.Sprintf("out-%d", sig)
				r.end(out, 9, true, sig)
				r.end(out, 13, true, sig) // it reads the first lines again
				cut := r.read(out)
				if err := os.WriteFile(r.path(out), cut[:len(cut)-5], 0o666); err != nil { // half a line
					t.Fatal(err)
				}
				r.end(out, 20, true, sig)
				r.end(out, len(r.lines), false, sig)
				r.run(1, "in."+ext, out)
				if got := r.read(out); !bytes.Equal(got, r.want) {
					t.Errorf("%v: %q, want %q", sig, got, r.want)
				}
				r.run(1, "in."+ext, out) // nothing is left to do
				if got := r.read(out); !bytes.Equal(got, r.want) {
					t.Errorf("%v, once more: %q, want %q", sig, got, r.want)
				}
			}

			// Another model, other flags or another input is refused, and the file
			// stays as it is.
			out := "other"
			r.end(out, 15, true, syscall.SIGKILL)
			kept := r.read(out)
			changed := func(i int, line string) []string {
				return append(append(append([]string{}, r.lines[:i]...), line), r.lines[i+1:]...)
			}
			r.write("last", changed(14, strings.Replace(r.lines[14], "Sentence", "Another", 1)))
			r.write("id", changed(3, r.lines[7]))
			r.write("fewer", r.lines[:8])
			r.write("moved", append(r.lines[:1:1], r.lines[2:]...))
			for _, args := range [][]string{
				r.args("in."+ext, out, "-m", "pocket", "--head", "topic"), r.args("in."+ext, out, "--function", "sigmoid"), r.args("in."+ext, out, "--shard", "2/2"),
				r.args("last", out), r.args("id", out), r.args("fewer", out), r.args("moved", out),
			} {
				cmd, stderr := command(t, args...)
				cmd.Run()
				if code := cmd.ProcessState.ExitCode(); code != exitFailure || !strings.HasPrefix(stderr.String(), "roberta: ") || strings.Contains(stderr.String(), "requests failed") {
					t.Errorf("%v: exit code %d, %s", args[5:], code, stderr)
				}
				if got := r.read(out); !bytes.Equal(got, kept) {
					t.Fatalf("%v: %q became %q", args[5:], kept, got)
				}
			}
			r.run(1, "in."+ext, out)
			if got := r.read(out); !bytes.Equal(got, r.want) {
				t.Errorf("%q, want %q", got, r.want)
			}
		})
	}
}
