package roberta_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/goroberta/goroberta"

// TestDependencies holds the packages that people import to a short list of
// modules, and the packages of this module to one direction. gorgonia.org/tensor and
// what it needs come with roberta/dense alone. Growing a list is a decision about
// what everybody who imports goroberta has to build and trust.
func TestDependencies(t *testing.T) {
	const (
		regexp2  = "github.com/dlclark/regexp2/v2"
		compress = "github.com/klauspost/compress"
		sys      = "golang.org/x/sys"
		tensor   = "gorgonia.org/tensor"
		text     = "golang.org/x/text"                // unicode/norm
		uax29    = "github.com/clipperhouse/uax29/v2" // graphemes
	)
	ofTensor, _ := dependencies(t, tensor)
	tokenizers := []string{"tokenizer", "bpe", "sentencepiece", "tokenizer/hf", "tokenizer/fastbpe", "internal/charsmap", "internal/merges", "internal/trie", "internal/unigram", "internal/pyjson"}
	ofTokenizers := []string{regexp2, compress, text, uax29}
	engine := append(tokenizers, "tokenizer/auto", "weights", "internal/outfile", "internal/nn", "internal/simd", "internal/parallel")
	for _, test := range []struct {
		pkg     string
		modules []string // other modules it may need
		own     []string // packages of this module it may need
	}{
		{"tokenizer", nil, nil},
		{"bpe", []string{regexp2, compress}, []string{"tokenizer", "internal/merges"}},
		{"tokenizer/hf", []string{regexp2, compress, text, uax29}, []string{"tokenizer", "bpe", "internal/charsmap", "internal/merges", "internal/trie", "internal/unigram"}},
		{"tokenizer/fastbpe", nil, []string{"tokenizer", "internal/merges"}},
		{"tokenizer/auto", ofTokenizers, tokenizers},
		{"internal/pyjson", nil, nil},
		{"weights", []string{compress, sys}, []string{"internal/outfile"}},
		{"internal/charsmap", nil, nil},
		{"internal/merges", nil, []string{"tokenizer"}},
		{"internal/trie", nil, nil},
		{"internal/unigram", nil, []string{"internal/trie"}},
		{"sentencepiece", nil, []string{"tokenizer", "internal/charsmap", "internal/merges", "internal/trie", "internal/unigram"}},
		{"internal/outfile", []string{sys}, nil},
		{"internal/simd", []string{sys}, nil},
		{"internal/parallel", nil, nil},
		{"internal/nn", []string{sys}, []string{"internal/simd", "internal/parallel"}},
		{"roberta", append(ofTokenizers, sys), engine},
		{"pipeline", append(ofTokenizers, sys), append(engine, "roberta", "metrics")},
		{"metrics", nil, nil},
		{"datasets", nil, nil},
		{"train", append(ofTokenizers, sys), append(engine, "roberta", "metrics")},
		{"roberta/dense", slices.Concat(ofTensor, ofTokenizers, []string{sys}), append(engine, "roberta")},
	} {
		t.Run(test.pkg, func(t *testing.T) {
			modules, own := dependencies(t, module+"/"+test.pkg)
			for _, m := range modules {
				if m != module && !slices.Contains(test.modules, m) {
					t.Errorf("%s needs module %s, want only %q", test.pkg, m, test.modules)
				}
			}
			for _, p := range own {
				if p != test.pkg && !strings.HasPrefix(p, test.pkg+"/") && !slices.Contains(test.own, p) {
					t.Errorf("%s needs package %s of this module, want only %q", test.pkg, p, test.own)
				}
			}
			if !slices.Contains(own, test.pkg) {
				t.Errorf("go list -deps names %q, want %s among them", own, test.pkg)
			}
		})
	}
}

// TestNoNetwork holds that nothing that opens a model or a tokenizer can connect to
// anything: package hub alone does, in a module of its own.
func TestNoNetwork(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command to ask: ", err)
	}
	cmd := exec.Command("go", "list", "-deps", "./...") // of this module alone
	cmd.Dir = ".."
	cmd.Stderr = new(strings.Builder)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, cmd.Stderr)
	}
	packages := strings.Fields(string(out))
	for _, p := range []string{"net", "net/http", "os/exec"} {
		if slices.Contains(packages, p) {
			t.Errorf("a package of %s needs %s", module, p)
		}
	}
	if !slices.Contains(packages, module+"/roberta") {
		t.Errorf("go list names %d packages, want roberta among them", len(packages))
	}
}

// dependencies lists the modules that building pkg needs, and the packages of
// this module by their path in it.
func dependencies(t *testing.T, pkg string) (modules, own []string) {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command to ask: ", err)
	}
	cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}} {{.ImportPath}}", pkg)
	cmd.Stderr = new(strings.Builder)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, cmd.Stderr)
	}
	for line := range strings.Lines(string(out)) {
		m, p, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case p == "": // of the standard library
		case m == module:
			own = append(own, strings.TrimPrefix(p, module+"/"))
			fallthrough
		default:
			if !slices.Contains(modules, m) {
				modules = append(modules, m)
			}
		}
	}
	return modules, own
}
