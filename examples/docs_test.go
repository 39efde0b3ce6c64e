// Package examples holds the documents of the repository to what the code does.
package examples

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/roberta"
)

// documents reads the Markdown files of the repository, by path from its root.
func documents(t *testing.T) map[string]string {
	t.Helper()
	docs := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "models/*/*.md", "testdata/*.md"} {
		paths, err := filepath.Glob(filepath.Join("..", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			docs[filepath.ToSlash(path)[len("../"):]] = string(text)
		}
	}
	for _, name := range []string{"README.md", "ARCHITECTURE.md", "docs/numerics.md", "docs/formats.md", "models/pocket/README.md"} {
		if docs[name] == "" {
			t.Errorf("%s is missing", name)
		}
	}
	return docs
}

var (
	link    = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	path    = regexp.MustCompile("`((?:roberta|bpe|weights|internal|models|cmd|examples|docs|testdata)/[A-Za-z0-9_./-]*)`")
	method  = regexp.MustCompile(`\bm\.([A-Z]\w*)\(`)
	program = regexp.MustCompile("(?s)```go\n(package main.*?)```")
	goRun   = regexp.MustCompile(`go (?:run|install|build|test) (\./[a-z/_.]+)`)
	target  = regexp.MustCompile(`(?m)^\s*make ([a-z]+)`)
)

// TestLinks checks that what documents link to or name is there.
func TestLinks(t *testing.T) {
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join("..", filepath.Dir(name), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", name, m[1], err)
			}
		}
		for _, m := range path.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join("..", m[1])); err != nil {
				t.Errorf("%s names %s: %v", name, m[1], err)
			}
		}
		for _, m := range goRun.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join("..", strings.TrimSuffix(m[1], "/..."))); err != nil {
				t.Errorf("%s says %q: %v", name, m[0], err)
			}
		}
		for _, m := range target.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(string(makefile), "\n"+m[1]+":") {
				t.Errorf("%s says make %s, which Makefile does not know", name, m[1])
			}
		}
	}
}

// TestMethods checks that the methods which documents call are there.
func TestMethods(t *testing.T) {
	model := reflect.TypeFor[*roberta.Model]()
	for name, text := range documents(t) {
		for _, m := range method.FindAllStringSubmatch(text, -1) {
			if _, ok := model.MethodByName(m[1]); !ok {
				t.Errorf("%s calls m.%s, which a Model does not have", name, m[1])
			}
		}
	}
}

// TestPrograms runs the programs of the documents on a small checkpoint.
func TestPrograms(t *testing.T) {
	checkpoint, err := filepath.Abs("../testdata/goldens/fulldict/model.pt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for name, text := range documents(t) {
		for _, m := range program.FindAllStringSubmatch(text, -1) {
			n++
			file := filepath.Join(t.TempDir(), "main.go")
			source := strings.ReplaceAll(m[1], `"roberta.large.tar.gz"`, "`"+checkpoint+"`")
			if err := os.WriteFile(file, []byte(source), 0o666); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command("go", "run", file).CombinedOutput()
			if err != nil || !strings.HasPrefix(string(out), "(1, 5, ") {
				t.Errorf("a program of %s gives %q, %v", name, out, err)
			}
		}
	}
	if n == 0 {
		t.Error("no document has a program")
	}
}

// TestHello holds the picture of the result in README.md to the program's output.
func TestHello(t *testing.T) {
	out, err := exec.Command("go", "run", "./hello").Output()
	if err != nil {
		t.Fatal(err)
	}
	if want := "$ go run ./examples/hello\n" + string(out); !strings.Contains(documents(t)["README.md"], want) {
		t.Errorf("README.md does not show what ./hello prints now:\n%s", want)
	}
}
