// Command _gen writes the assembly of package simd and its declarations in Go.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"log"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	log.SetFlags(0)
	out := flag.String("out", "..", "folder of package simd")
	flag.Parse()
	files, err := generate(*out)
	if err != nil {
		log.Fatal(err)
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(*out, name), data, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}

// generate makes all files, by name. It reads the constants in package simd's
// folder.
func generate(dir string) (map[string][]byte, error) {
	t, err := readConstants(dir)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	functions := map[string][]function{}
	for _, m := range machines {
		g := gemm(m)
		vectors(m, t) // to see which constants it takes
		v := vectors(m, t.keep(m.used()))
		m.writeTable(v)
		m.pack(v)
		m.packF16(v)
		m.peak(v)
		files[fmt.Sprintf("gemm_%s_%s.s", m.file(), m.arch())] = g.asm()
		files[fmt.Sprintf("vec_%s_%s.s", m.file(), m.arch())] = v.asm()
		if functions[m.arch()] == nil {
			functions[m.arch()] = v.funcs
		}
		name := fmt.Sprintf("stubs_%s_%s.go", m.file(), m.arch())
		if files[name], err = format.Source(stubs(m, append(g.funcs, v.funcs...))); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, arch := range []string{"amd64", "arm64"} {
		name := fmt.Sprintf("stubs_%s.go", arch)
		if files[name], err = format.Source(dispatch(arch, functions[arch])); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return files, nil
}

// dispatch declares functions that choose a level's function by a switch: a call
// through a variable would have their arguments escape.
func dispatch(arch string, funcs []function) []byte {
	var here []machine
	for _, m := range machines {
		if m.arch() == arch {
			here = append(here, m)
		}
	}
	var b bytes.Buffer
	b.WriteString(notice)
	fmt.Fprintf(&b, "//go:build !purego\n\npackage simd\n\n// tiles are a level's products; nil for the portable one.\nfunc tiles(l Level) *tileSet {\n\tswitch l {\n")
	for _, m := range here {
		fmt.Fprintf(&b, "\tcase %s:\n", m.name())
		if len(m.fetches()) > 1 {
			fmt.Fprintf(&b, "\t\tif fetchNear {\n\t\t\treturn &tiles%sNear\n\t\t}\n", m.name())
		}
		fmt.Fprintf(&b, "\t\treturn &tiles%s\n", m.name())
	}
	b.WriteString("\t}\n\treturn nil\n}\n")
	for _, f := range funcs {
		base := strings.TrimSuffix(f.name, here[0].name())
		var args []string
		for _, p := range parameters(f.params) {
			args = append(args, p.name)
		}
		list := strings.Join(args, ", ")
		fmt.Fprintf(&b, "\nfunc %sAt(l Level, %s) {\n\tswitch l {\n", base, f.params)
		for _, m := range here {
			fmt.Fprintf(&b, "\tcase %s:\n\t\t%s%s(%s)\n", m.name(), base, m.name(), list)
		}
		b.WriteString("\t}\n}\n")
	}
	return b.Bytes()
}

// stubs declares the functions and lists the tiles of a machine.
func stubs(m machine, funcs []function) []byte {
	var b bytes.Buffer
	b.WriteString(notice)
	fmt.Fprintf(&b, "//go:build !purego\n\npackage simd\n\nimport \"unsafe\"\n\n")
	for _, f := range funcs {
		if f.comment != "" {
			fmt.Fprintf(&b, "// %s %s\n//\n", f.name, f.comment)
		}
		fmt.Fprintf(&b, "//go:noescape\nfunc %s(%s)\n\n", f.name, f.params)
	}
	for _, near := range m.fetches() {
		suffix := choose(near, "Near", "")
		fmt.Fprintf(&b, "\n// tiles%s%s are the products of this level%s.\n", m.name(), suffix, choose(near, ", for fetchNear", ""))
		fmt.Fprintf(&b, "var tiles%s%s = tileSet{\n\trows: %d, panels: %d,\n", m.name(), suffix, m.rows(), m.panels())
		for _, t := range tileSets(m) {
			fmt.Fprintf(&b, "\t%s: []%s{%d: %s", t.field, t.kind, t.low, tileName(m, t.weights, t.low, t.panels, near))
			for r := t.low + 1; r <= m.rows(); r++ {
				fmt.Fprintf(&b, ", %s", tileName(m, t.weights, r, t.panels, near))
			}
			b.WriteString("},\n")
		}
		b.WriteString("}\n")
	}
	return b.Bytes()
}
