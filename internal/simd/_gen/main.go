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
	"slices"
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
	constantTable, err := readConstants(dir)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	functions := map[string][]function{}
	for _, t := range targets {
		g, v := gemm(t), &file{header: "Functions of rows of floats, and what packs weights."}
		m := t.machine(v, &constants{table: constantTable})
		vectors(m, t.name)
		m.writeTable()
		m.pack()
		m.packF16()
		m.packPairs()
		m.peak()
		i := &file{header: t.intHeader}
		integers := t.machine(i, &constants{table: constantTable})
		lists := integers.integers()
		integers.peakInt8()
		files[fmt.Sprintf("gemm_%s_%s.s", t.file, t.arch)] = g.asm()
		files[fmt.Sprintf("vec_%s_%s.s", t.file, t.arch)] = v.asm()
		files[fmt.Sprintf("integers_%s_%s.s", t.file, t.arch)] = i.asm()
		functions[t.arch] = v.funcs
		name := fmt.Sprintf("stubs_%s_%s.go", t.file, t.arch)
		if files[name], err = format.Source(stubs(t, slices.Concat(g.funcs, v.funcs, i.funcs), lists)); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	for arch, fs := range functions {
		name := fmt.Sprintf("stubs_%s.go", arch)
		asm, portable := dispatch(arch, fs)
		if files[name], err = format.Source(asm); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if files["stubs_noasm.go"], err = format.Source(portable); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// dispatch declares the At functions, which choose a level's function by a switch: a
// call through a variable would have their arguments escape to the heap; and the Vec
// functions, also where there is no assembly. fs are the functions of the
// architecture's last level.
func dispatch(arch string, fs []function) (asm, portable []byte) {
	var here []target
	for _, t := range targets {
		if t.arch == arch {
			here = append(here, t)
		}
	}
	var b, noasm bytes.Buffer
	b.WriteString(notice + "//go:build !purego\n\npackage simd\n")
	noasm.WriteString(notice + "//go:build purego || !(amd64 || arm64)\n\npackage simd\n\n// There is no level but the portable one here, so Vec functions do nothing.\n\n")
	for _, f := range fs {
		base := strings.TrimSuffix(f.name, here[len(here)-1].name)
		var args []string
		for _, p := range parameters(f.params) {
			args = append(args, p.name)
		}
		list := strings.Join(args, ", ")
		fmt.Fprintf(&b, "\n// %sAt %s\nfunc %[1]sAt(l Level, %[3]s) {\n\tswitch l {\n", base, f.doc, f.params)
		for _, t := range here {
			fmt.Fprintf(&b, "\tcase %s:\n\t\t%s%s(%s)\n", t.name, base, t.name, list)
		}
		b.WriteString("\t}\n}\n")
		if f.vec != byHand {
			body, none := vecFunction(f, base)
			b.WriteString(body)
			fmt.Fprint(&noasm, none)
		}
	}
	return b.Bytes(), noasm.Bytes()
}

// vecFunction is a function's Vec function, if it is generated: its body calls At,
// and for a padded tail again; noasm is that of the portable level.
func vecFunction(f function, base string) (body, noasm string) {
	var params, args, tailArgs []string
	x := "" // the slice whose length counts
	for p := range strings.SplitSeq(f.params, ", ") {
		name, typ, _ := strings.Cut(p, " ")
		arg, tailArg := name, name
		switch {
		case name == "n":
			tailArg = "PanelWidth"
		case typ != "*lanes" && strings.HasPrefix(typ, "*"):
			params = append(params, name+" []"+typ[1:])
			arg, tailArg = "&"+name+"[0]", "&b[0]"
			x = choose(x == "", name, x)
		default:
			params = append(params, p)
		}
		args, tailArgs = append(args, arg), append(tailArgs, tailArg)
	}
	head := fmt.Sprintf("func %sVec(%s) int {", base, strings.Join(params, ", "))
	about := choose(f.vec == padded, "all of "+x, "a prefix of "+x+", of whole registers")
	body = fmt.Sprintf("\n// %sVec is %[1]sAt for %s. It returns its length, 0 at the portable level.\n%s\n\tn, l := whole(len(%s))\n", base, about, head, x)
	if f.vec == padded {
		body += "\tif l == Generic {\n\t\treturn 0\n\t}\n"
	}
	body += fmt.Sprintf("\tif n > 0 {\n\t\t%sAt(l, %s)\n\t}\n", base, strings.Join(args, ", "))
	if f.vec == padded {
		body += fmt.Sprintf("\tif n < len(%s) {\n\t\tb := pad(%[1]s[n:])\n\t\t%sAt(l, %s)\n\t\tcopy(%[1]s[n:], b[:])\n\t}\n\treturn len(%[1]s)\n}\n", x, base, strings.Join(tailArgs, ", "))
	} else {
		body += "\treturn n\n}\n"
	}
	return body, head + " return 0 }\n"
}

// stubs declares the functions of a target and lists its tiles by their rows.
func stubs(t target, fs []function, lists []string) []byte {
	var b bytes.Buffer
	b.WriteString(notice + "//go:build !purego\n\npackage simd\n\n")
	for _, f := range fs {
		fmt.Fprintf(&b, "// %s %s\n//\n//go:noescape\nfunc %[1]s(%[3]s)\n\n", f.name, f.doc, f.params)
	}
	b.WriteString("// The tiles by their number of rows.\nvar (\n")
	for _, near := range t.near {
		for _, k := range tileKinds {
			fmt.Fprintf(&b, "\t%s = []kernel{%d: ", k.list(t, near), k.low(t))
			for r := k.low(t); r <= t.rows; r++ {
				fmt.Fprintf(&b, "%s, ", k.function(t, r, near).name)
			}
			b.WriteString("}\n")
		}
	}
	b.WriteString(")\n")
	if len(lists) > 0 {
		fmt.Fprintf(&b, "\n// The tiles of integers by their number of rows.\nvar (\n%s\n)\n", strings.Join(lists, "\n"))
	}
	return b.Bytes()
}
