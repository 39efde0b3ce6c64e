package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"math"
	"path/filepath"
	"slices"
	"strconv"
)

// sources are the files of package simd that hold the numbers which portable Go
// and assembly share.
var sources = []string{"exp.go", "activation.go", "int8.go", "bf16.go"}

// A table has the bits of float32 constants by their names.
type table map[string]uint32

// readConstants reads the float constants and arrays of package simd in dir, and
// adds those that only assembly wants. Element i of an array a is named ai, and
// the negative of a constant c is -c.
func readConstants(dir string) (table, error) {
	t := table{"inf": 0x7f800000, "-inf": 0xff800000, "absMask": 0x7fffffff, "signMask": 0x80000000, "exponentOne": 127 << 23}
	for name, value := range map[string]float32{"zero": 0, "one": 1, "two": 2, "half": 0.5, "-half": -0.5, "quarter": 0.25} {
		t[name] = math.Float32bits(value)
	}

	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range sources {
		f, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, 0)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	// These files alone do not type-check, but their constants do.
	info := types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	conf := types.Config{Error: func(error) {}}
	conf.Check("simd", fset, files, &info)
	value := func(e ast.Expr) (float32, bool) {
		v := info.Types[e].Value
		if v == nil || v.Kind() != constant.Float && v.Kind() != constant.Int {
			return 0, false
		}
		f, _ := constant.Float32Val(v)
		return f, true
	}
	for _, f := range files {
		for _, d := range f.Decls {
			d, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range d.Specs {
				s, ok := spec.(*ast.ValueSpec)
				if !ok || len(s.Names) != 1 || len(s.Values) != 1 {
					continue
				}
				name := s.Names[0].Name
				if a, ok := s.Values[0].(*ast.CompositeLit); ok {
					if _, ok := a.Type.(*ast.ArrayType); !ok {
						continue
					}
					for i, e := range a.Elts {
						v, ok := value(e)
						if !ok {
							return nil, fmt.Errorf("%s: element %d has no value", name, i)
						}
						t[name+strconv.Itoa(i)] = math.Float32bits(v)
					}
				} else if v, ok := value(s.Values[0]); ok {
					t[name], t["-"+name] = math.Float32bits(v), math.Float32bits(-v)
				}
			}
		}
	}
	return t, nil
}

// constants are those that the functions of a file use, in the order in which they
// lie in its memory.
type constants struct {
	table table
	used  []string
}

// index is the place of a constant, which is used from now on.
func (c *constants) index(name string) int {
	if _, ok := c.table[name]; !ok {
		panic("no constant " + name)
	}
	i := slices.Index(c.used, name)
	if i < 0 {
		i = len(c.used)
		c.used = append(c.used, name)
	}
	return i
}
