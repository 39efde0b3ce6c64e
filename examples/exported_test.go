package examples

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/doc"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/goroberta/goroberta/"

// modules are the folders of the modules that users import.
var modules = []string{"..", "../hub", "../beam", "../models/pocket"}

// implicit are the methods that fmt and errors call, so that no program writes their names.
var implicit = map[string]bool{"Error": true, "Unwrap": true, "Is": true, "String": true}

// A listed package is what go list says of it.
type listed struct {
	Dir, Name, ImportPath, Export string
	XTestGoFiles, XTestImports    []string
}

// list runs go list in a folder.
func list(t *testing.T, dir string, args ...string) []listed {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=Dir,Name,ImportPath,Export,XTestGoFiles,XTestImports"}, args...)...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list in %s: %v\n%s", dir, err, &stderr)
	}
	var packages []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

// library lists the packages of a module that others can import, and an importer of them
// and of what their tests import.
func library(t *testing.T, fset *token.FileSet, dir string) ([]listed, types.Importer) {
	t.Helper()
	var packages []listed
	args := []string{"-deps", "-export"}
	for _, p := range list(t, dir, "./...") {
		if p.Name != "main" && !strings.Contains(p.ImportPath, "/internal/") {
			packages = append(packages, p)
			args = append(append(args, p.ImportPath), p.XTestImports...)
		}
	}
	compiled := map[string]string{}
	for _, p := range list(t, dir, args...) {
		compiled[p.ImportPath] = p.Export
	}
	return packages, importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(compiled[path])
	})
}

// name returns how the list names an object: package.Name or package.Type.Method,
// without the path of the module. It is empty for what is in no package of the module.
func name(obj types.Object) string {
	if obj == nil || obj.Pkg() == nil || !obj.Exported() {
		return ""
	}
	path, ok := strings.CutPrefix(obj.Pkg().Path(), module)
	if !ok {
		return ""
	}
	if f, ok := obj.(*types.Func); ok {
		if recv := f.Signature().Recv(); recv != nil {
			typ := recv.Type()
			if p, ok := typ.(*types.Pointer); ok {
				typ = p.Elem()
			}
			if named, ok := typ.(*types.Named); ok {
				return path + "." + named.Obj().Name() + "." + f.Name()
			}
			return ""
		}
	}
	if obj.Parent() != obj.Pkg().Scope() {
		return ""
	}
	return path + "." + obj.Name()
}

// exported lists the names that a package exports: constants, variables, functions,
// types, and the methods that are declared on them.
func exported(p *types.Package) []string {
	var names []string
	for _, n := range p.Scope().Names() {
		obj := p.Scope().Lookup(n)
		if !obj.Exported() {
			continue
		}
		names = append(names, name(obj))
		typ, ok := obj.Type().(*types.Named)
		if _, isType := obj.(*types.TypeName); !isType || !ok {
			continue
		}
		var methods []*types.Func
		for i := range typ.NumMethods() {
			methods = append(methods, typ.Method(i))
		}
		if iface, ok := typ.Underlying().(*types.Interface); ok {
			for i := range iface.NumExplicitMethods() {
				methods = append(methods, iface.ExplicitMethod(i))
			}
		}
		for _, m := range methods {
			if m.Exported() && !implicit[m.Name()] {
				names = append(names, name(obj)+"."+m.Name())
			}
		}
	}
	return names
}

// A use collects the names that Examples use.
type use map[string]bool

// typ adds the named types that a type is made of, but not what their definitions use.
func (u use) typ(t types.Type) {
	switch t := t.(type) {
	case *types.Alias:
		u[name(t.Obj())] = true
		u.typ(types.Unalias(t))
	case *types.Named:
		u[name(t.Obj())] = true
		for i := range t.TypeArgs().Len() {
			u.typ(t.TypeArgs().At(i))
		}
	case *types.Map:
		u.typ(t.Key())
		u.typ(t.Elem())
	case interface{ Elem() types.Type }: // a pointer, slice, array or channel
		u.typ(t.Elem())
	}
}

// examples adds what the Examples with an output in the files of a test package use,
// themselves and through the functions of these files.
func (u use) examples(files []*ast.File, info *types.Info) {
	decls := map[string]*ast.FuncDecl{}
	for _, f := range files {
		for _, d := range f.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				decls[f.Name.Name] = f
			}
		}
	}
	seen := map[*ast.FuncDecl]bool{}
	var visit func(*ast.FuncDecl)
	visit = func(f *ast.FuncDecl) {
		if f == nil || seen[f] {
			return
		}
		seen[f] = true
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				obj := info.ObjectOf(n)
				u[name(obj)] = true
				if fn, ok := obj.(*types.Func); ok && fn.Signature().Recv() == nil && decls[fn.Name()] != nil && info.Defs[decls[fn.Name()].Name] == obj {
					visit(decls[fn.Name()])
				}
				if v, ok := obj.(*types.Var); ok {
					u.typ(v.Type())
				}
			case ast.Expr:
				if tv, ok := info.Types[n]; ok {
					u.typ(tv.Type)
				}
			}
			return true
		})
	}
	for _, e := range doc.Examples(files...) {
		if e.Output != "" || e.EmptyOutput {
			visit(decls["Example"+e.Name])
		}
	}
}

// TestExported checks that each name that the library exports is used by an Example
// whose output go test compares.
func TestExported(t *testing.T) {
	var names []string
	used := use{}
	for _, dir := range modules {
		fset := token.NewFileSet()
		packages, imports := library(t, fset, dir)
		for _, p := range packages {
			lib, err := imports.Import(p.ImportPath)
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, exported(lib)...)
			var files []*ast.File
			for _, file := range p.XTestGoFiles {
				f, err := parser.ParseFile(fset, filepath.Join(p.Dir, file), nil, parser.ParseComments|parser.SkipObjectResolution)
				if err != nil {
					t.Fatal(err)
				}
				files = append(files, f)
			}
			info := &types.Info{
				Types: map[ast.Expr]types.TypeAndValue{},
				Defs:  map[*ast.Ident]types.Object{},
				Uses:  map[*ast.Ident]types.Object{},
			}
			// Errors are names that the package exports to its tests alone. Examples do without.
			conf := types.Config{Importer: imports, Error: func(error) {}}
			conf.Check(p.ImportPath+"_test", fset, files, info)
			used.examples(files, info)
		}
	}
	if len(names) < 500 {
		t.Errorf("only %d names were looked at", len(names))
	}
	for _, n := range names {
		if !used[n] {
			t.Errorf("no Example with an output uses %s", n)
		}
	}
}
