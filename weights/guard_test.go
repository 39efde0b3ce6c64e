//go:build unix && !purego

package weights

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
)

// shrunk is an open checkpoint whose mapped file was cut to its header: one tensor
// "w" of rows×1024 and its transposed view "t".
func shrunk(t *testing.T, rows int, opts ...Option) (c *Checkpoint, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "model.pt")
	w := view{"FloatStorage", "0", rows * 1024, 0, tuple{rows, 1024}, tuple{1024, 1}}
	v := view{"FloatStorage", "0", rows * 1024, 0, tuple{1024, rows}, tuple{1, 1024}}
	file := torchLegacy(dict{"model", orderedDict("w", w.value(), "t", v.value())}, 4, entry{"0", make([]byte, 4096*rows)})
	if err := os.WriteFile(path, file, 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := Open(path, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := os.Truncate(path, 4096); err != nil {
		t.Fatal(err)
	}
	return c, path
}

// TestShrunk: every way to read a mapped file that was cut short gives an error
// that names the file, and so does what a caller reads under Guard.
func TestShrunk(t *testing.T) {
	c, path := shrunk(t, 64)
	w, _ := c.Tensor("w")
	v, _ := c.Tensor("t")
	aliased, ok := w.AliasedFloat32s()
	raw := mustBytes(t, w)
	read := func() {
		sum := byte(0)
		for _, b := range raw {
			sum += b
		}
		if sum != 0 {
			t.Error("bytes of a file that is gone")
		}
	}
	for name, f := range map[string]func() error{
		"Float32s":           func() error { return w.Float32s(make([]float32, w.Len())) },
		"Float32s of a view": func() error { return v.Float32s(make([]float32, w.Len())) },
		"RowsFloat32":        func() error { return w.RowsFloat32(make([]float32, 1024), 63, 64) },
		"Bytes of a view":    func() error { _, err := v.Bytes(); return err },
		"Write":              func() error { return Write(io.Discard, nil, []Entry{w.Entry("w")}) },
		"Write of a view":    func() error { return Write(io.Discard, nil, []Entry{v.Entry("t")}) },
		"WriteFile":          func() error { return WriteFile(filepath.Join(t.TempDir(), "out"), nil, []Entry{w.Entry("w")}) },
		"WriteFile with zstd": func() error {
			return WriteFile(filepath.Join(t.TempDir(), "out"), nil, []Entry{w.Entry("w")}, WithZstd())
		},
		"bytes under Guard":      func() error { return c.Guard(func() error { read(); return nil }) },
		"Guard within Guard":     func() error { return c.Guard(func() error { return c.Guard(func() error { read(); return nil }) }) },
		"reading the file again": func() error { _, err := c.sources[0].read(8192, 1); return err },
		"another goroutine": func() error {
			return c.Guard(func() error {
				var fault any
				var wg sync.WaitGroup
				wg.Go(func() {
					defer func() { fault = recover() }()
					debug.SetPanicOnFault(true)
					read()
				})
				wg.Wait()
				if fault != nil {
					panic(fault)
				}
				return nil
			})
		},
		"aliased floats": func() error {
			return c.Guard(func() error {
				if !ok {
					read() // this platform does not alias, or not at this place
				} else if aliased[len(aliased)-1] != 0 {
					t.Error("floats of a file that is gone")
				}
				return nil
			})
		},
	} {
		err := f()
		var fe *FileError
		if !errors.Is(err, ErrChanged) || !errors.As(err, &fe) || fe.Path != path {
			t.Errorf("%s: %v, want ErrChanged of %s", name, err, path)
		}
	}
	c.DropPages()
	if err := w.Rows(0, 0).Float32s(nil); err != nil {
		t.Errorf("no rows: %v", err)
	}
	if debug.SetPanicOnFault(false) {
		t.Error("Guard leaves the goroutine's setting changed")
	}
}

// TestShrunkWithoutMap: a file that was read piecemeal is too short.
func TestShrunkWithoutMap(t *testing.T) {
	c, _ := shrunk(t, 64, WithoutMap())
	w, _ := c.Tensor("w")
	if err := w.Float32s(make([]float32, w.Len())); !errors.Is(err, ErrTruncated) {
		t.Errorf("Float32s = %v, want ErrTruncated", err)
	}
	if err := Write(io.Discard, nil, []Entry{w.Entry("w")}); !errors.Is(err, ErrTruncated) {
		t.Errorf("Write = %v, want ErrTruncated", err)
	}
}

// TestGuardPasses: errors and panics that have nothing to do with the map pass
// through Guard as they are.
func TestGuardPasses(t *testing.T) {
	c, _ := shrunk(t, 64)
	want := errors.New("mine")
	if err := c.Guard(func() error { return want }); err != want {
		t.Errorf("Guard = %v", err)
	}
	other, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	mem, unmap, err := mapFile(other, 4096)
	if err != nil {
		t.Fatal(err)
	}
	if err := unmap(); err != nil {
		t.Fatal(err)
	}
	var none *Checkpoint
	for name, f := range map[string]func(){
		"a value":                 func() { panic(want) },
		"a nil pointer":           func() { _ = none.Path },
		"an index":                func() { _ = mem[len(mem):][0] },
		"a fault in other memory": func() { runtime.KeepAlive(bytes.Clone(mem)) },
	} {
		func() {
			defer func() {
				if r := recover(); r == nil || name == "a value" && r != any(want) {
					t.Errorf("%s: recovered %v", name, r)
				} else if e, ok := r.(error); !ok || strings.Contains(e.Error(), ErrChanged.Error()) {
					t.Errorf("%s: recovered %v", name, r)
				}
			}()
			err := c.Guard(func() error { f(); return nil })
			t.Errorf("%s: Guard = %v", name, err)
		}()
	}
}
