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

// library lists the packages that users import, by the folder of their module.
var library = []struct {
	module   string
	packages []string
}{
	{"..", []string{
		"roberta", "roberta/dense", "pipeline", "train", "metrics", "datasets", "tokenizer", "tokenizer/auto", "tokenizer/hf",
		"tokenizer/fastbpe", "bpe", "sentencepiece", "weights",
	}},
	{"../hub", []string{"hub"}},
	{"../models/pocket", []string{"models/pocket"}},
}

// implicit are the methods that fmt and errors call, so that no program writes their names.
var implicit = map[string]bool{"Error": true, "Unwrap": true, "Is": true, "String": true}

// A listed package is what go list says of a package or of its external tests.
type listed struct {
	Dir, Name, ImportPath, ForTest, Export string
	GoFiles                                []string
	ImportMap                              map[string]string
}

// list runs go list in dir for the packages and their tests, and compiles them.
func list(t *testing.T, dir string, names []string) map[string]listed {
	t.Helper()
	args := []string{"list", "-test", "-deps", "-export", "-json=Dir,Name,ImportPath,ForTest,Export,GoFiles,ImportMap"}
	for _, name := range names {
		args = append(args, module+name)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list in %s: %v\n%s", dir, err, &stderr)
	}
	packages := map[string]listed{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages[p.ImportPath] = p
	}
}

// imports returns an importer of compiled packages, as a package with this map of
// imports sees them.
func imports(fset *token.FileSet, packages map[string]listed, renamed map[string]string) types.Importer {
	return importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		if to, ok := renamed[path]; ok {
			path = to
		}
		return os.Open(packages[path].Export)
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
	case *types.Signature:
		for _, tuple := range []*types.Tuple{t.Params(), t.Results()} {
			for i := range tuple.Len() {
				u.typ(tuple.At(i).Type())
			}
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
	for _, l := range library {
		packages := list(t, l.module, l.packages)
		fset := token.NewFileSet()
		plain := imports(fset, packages, nil)
		for _, path := range l.packages {
			p, err := plain.Import(module + path)
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, exported(p)...)
			tests, ok := packages[module+path+"_test ["+module+path+".test]"]
			if !ok {
				continue
			}
			var files []*ast.File
			for _, file := range tests.GoFiles {
				f, err := parser.ParseFile(fset, filepath.Join(tests.Dir, file), nil, parser.ParseComments|parser.SkipObjectResolution)
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
			conf := types.Config{Importer: imports(fset, packages, tests.ImportMap)}
			if _, err := conf.Check(tests.ImportPath, fset, files, info); err != nil {
				t.Fatal(err)
			}
			used.examples(files, info)
		}
	}
	for _, n := range names {
		if !used[n] {
			t.Errorf("no Example with an output uses %s", n)
		}
	}
}
