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
	"strconv"
)

// sources are the files of package simd that hold the numbers which portable Go
// and assembly share.
var sources = []string{"exp.go", "activation.go"}

// A table is the constants of the vector functions, as the bits of a float32.
type table struct {
	names []string
	bits  map[string]uint32
}

// readConstants reads the float constants and arrays of package simd in dir, and
// adds those that only assembly wants. Element i of an array a is named ai, and
// the negative of a constant c is -c.
func readConstants(dir string) (*table, error) {
	t := &table{bits: map[string]uint32{}}
	for _, c := range []struct {
		name  string
		value float32
	}{{"zero", 0}, {"one", 1}, {"two", 2}, {"half", 0.5}, {"-half", -0.5}, {"quarter", 0.25}} {
		t.add(c.name, math.Float32bits(c.value))
	}
	t.add("-inf", 0xff800000)
	t.add("absMask", 0x7fffffff)
	t.add("signMask", 0x80000000)
	t.add("exponentOne", 127<<23)

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
					for i, e := range a.Elts {
						v, ok := value(e)
						if !ok {
							return nil, fmt.Errorf("%s: element %d has no value", name, i)
						}
						t.add(name+strconv.Itoa(i), math.Float32bits(v))
					}
				} else if v, ok := value(s.Values[0]); ok {
					t.add(name, math.Float32bits(v))
					t.add("-"+name, math.Float32bits(-v))
				}
			}
		}
	}
	return t, nil
}

func (t *table) add(name string, bits uint32) {
	t.names = append(t.names, name)
	t.bits[name] = bits
}

// keep keeps the constants that are used, in their order.
func (t *table) keep(used map[string]bool) *table {
	k := &table{bits: t.bits}
	for _, name := range t.names {
		if used[name] {
			k.names = append(k.names, name)
		}
	}
	return k
}

// index is the place of a constant.
func (t *table) index(name string) int {
	for i, n := range t.names {
		if n == name {
			return i
		}
	}
	panic("no constant " + name)
}
