// Package examples holds the documents of the repository to what the code does.
package examples

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	slashpath "path"
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
	for _, pattern := range []string{"*.md", "docs/*.md", "models/*/*.md", "tools/*/*.md", "examples/*/*.md", "testdata/*.md"} {
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
	link   = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	path   = regexp.MustCompile("`((?:roberta|tokenizer|bpe|weights|internal|models|hub|beam|cmd|examples|docs|testdata|tools)/[A-Za-z0-9_./-]*)`")
	method = regexp.MustCompile(`\bm\.([A-Z]\w*)\(`)
	// program is a program, the commands that run it, and what it prints.
	program = regexp.MustCompile("(?s)```go\n(package main.*?)```.*?```sh\n(.*?)```.*?```\n(.*?)```")
	// mapped is a heading that names a folder, or the first column of a table's row.
	mapped = regexp.MustCompile("(?m)^(?:### `([^`]+)/`|\\| (`[^|]*`) \\|)")
	goRun  = regexp.MustCompile(`go (?:run|install|build|test) (\./[a-z/_.]+)`)
	target = regexp.MustCompile(`(?m)^\s*make ([a-z-]+)`)
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

// TestPrograms runs the first program of README.md as README.md says: in a module of
// its own, made by the commands there, without a network.
func TestPrograms(t *testing.T) {
	readme := documents(t)["README.md"]
	m := program.FindStringSubmatch(readme)
	if m == nil {
		t.Fatal("README.md has no program with its commands and its output")
	}
	for name, text := range documents(t) {
		if n := strings.Count(text, "\npackage main"); n > 0 && name != "README.md" || n > 1 {
			t.Errorf("%s has a program that no test runs", name)
		}
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(m[1]), 0o666); err != nil {
		t.Fatal(err)
	}
	var out []byte
	for line := range strings.Lines(m[2]) {
		args := strings.Fields(line)
		for i, arg := range args {
			args[i] = strings.ReplaceAll(arg, "../goroberta", filepath.ToSlash(root))
		}
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "GOPROXY=off", "GOSUMDB=off")
		if out, err = cmd.Output(); err != nil {
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				out = exit.Stderr
			}
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
	}
	if got := string(out); got != m[3] {
		t.Errorf("the program of README.md prints\n%s\nand README.md says\n%s", got, m[3])
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

// TestMap holds the list of files in ARCHITECTURE.md to the tree: each Go file that is
// no test is in it once, and what is in it is there. An entry may be a pattern.
func TestMap(t *testing.T) {
	entries := map[string]int{} // patterns of paths, and how many files match
	dir := ""
	for _, m := range mapped.FindAllStringSubmatch(documents(t)["ARCHITECTURE.md"], -1) {
		if m[1] != "" {
			dir = m[1]
			continue
		}
		for _, name := range strings.Split(m[2], ", ") {
			entries[slashpath.Join(dir, strings.Trim(name, "`"))] = 0
		}
	}
	for _, path := range goFiles(t) {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		n := 0
		for pattern := range entries {
			if ok, err := slashpath.Match(pattern, path); ok && err == nil {
				entries[pattern]++
				n++
			}
		}
		if n != 1 {
			t.Errorf("ARCHITECTURE.md lists %s %d times, want once", path, n)
		}
	}
	for pattern, n := range entries {
		if n == 0 {
			t.Errorf("ARCHITECTURE.md lists %s, which is not there", pattern)
		}
	}
}

// goFiles lists the Go files of the repository, by path from its root.
func goFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	err := fs.WalkDir(os.DirFS(".."), ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || len(path) > 1 && strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case strings.HasSuffix(path, ".go"):
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestNoData: nothing calls the method Data of a tensor, which may return memory that
// is already free (see package dense), and no document recommends it.
func TestNoData(t *testing.T) {
	texts := documents(t)
	for _, path := range goFiles(t) {
		text, err := os.ReadFile(filepath.Join("..", path))
		if err != nil {
			t.Fatal(err)
		}
		texts[path] = string(text)
	}
	for path, text := range texts {
		if strings.Contains(text, ".Data"+"()") {
			t.Errorf("%s calls or names the method Data", path)
		}
	}
}

// TestPlatforms holds the platforms that README.md names to those that the Makefile
// builds for.
func TestPlatforms(t *testing.T) {
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	list := regexp.MustCompile(`(?m)^PLATFORMS = ((?:.*\\\n)*.*)$`).FindSubmatch(makefile)
	if list == nil {
		t.Fatal("Makefile has no PLATFORMS")
	}
	readme := documents(t)["README.md"]
	names := map[string]string{"linux": "Linux", "darwin": "macOS", "windows": "Windows", "freebsd": "FreeBSD", "wasm": "WebAssembly"}
	for _, platform := range strings.Fields(strings.ReplaceAll(string(list[1]), "\\", "")) {
		for _, word := range strings.Split(platform, "/") {
			if name, ok := names[word]; ok {
				word = name
			}
			if !regexp.MustCompile(`(?m)^Platforms: (?:.+\n)*.*\b` + word + `\b`).MatchString(readme) {
				t.Errorf("README.md does not name %s among the platforms, which the Makefile builds for: %s", word, platform)
			}
		}
	}
}
