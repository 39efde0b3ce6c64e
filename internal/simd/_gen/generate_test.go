package main

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// TestGenerated: the files in package simd are those that the generator writes.
func TestGenerated(t *testing.T) {
	files, err := generate("..")
	if err != nil {
		t.Fatal(err)
	}
	again, err := generate("..")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		if !bytes.Equal(again[name], want) {
			t.Errorf("%s comes out different the second time", name)
		}
		got, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s is not what the generator writes: go generate ./internal/simd", name)
		}
	}
	onDisk, err := filepath.Glob("../*.s")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range onDisk {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
		}
		if bytes.HasPrefix(text, []byte(notice)) && files[filepath.Base(path)] == nil {
			t.Errorf("%s is no longer what the generator writes", path)
		}
	}
}

// TestConstants: numbers are read from Go source as Go means them.
func TestConstants(t *testing.T) {
	table, err := readConstants("..")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]float32{"log2E": math.Log2E, "roundBig": 3 << 22, "-ln2High": -0.693145752, "tanhSplit": 0.625, "zero": 0, "-half": -0.5} {
		if got, ok := table[name]; !ok || got != math.Float32bits(want) {
			t.Errorf("%s = %v (%v), want %v", name, math.Float32frombits(got), ok, want)
		}
	}
	for _, name := range []string{"expPoly4", "gaussPoly9", "tanhPoly4"} {
		if v := math.Float32frombits(table[name]); v == 0 || math.Abs(float64(v)) > 1 {
			t.Errorf("%s = %v", name, v)
		}
	}
	if _, err := readConstants(t.TempDir()); err == nil {
		t.Error("constants out of nothing")
	}
}

// TestRows: every row of the highest tile has an address of its own.
func TestRows(t *testing.T) {
	seen := map[string]int{}
	for r := range 14 {
		a := x86Row(r, 0).String()
		if old, ok := seen[a]; ok {
			t.Errorf("rows %d and %d share %s", old, r, a)
		}
		seen[a] = r
	}
}

// TestParameters: arguments lie where Go's first calling convention puts them.
func TestParameters(t *testing.T) {
	ps := parameters("x *float32, s float32, n int, t float32, u float32, v int")
	for i, want := range []int{0, 8, 16, 24, 28, 32} {
		if ps[i].offset != want {
			t.Errorf("%s at %d, want %d", ps[i].name, ps[i].offset, want)
		}
	}
}

// TestDot: VDPBF16PS has the bytes that binutils gives it.
func TestDot(t *testing.T) {
	z, y := func(n int) xreg { return xreg{'Z', n} }, func(n int) xreg { return xreg{'Y', n} }
	for _, c := range []struct {
		w, x, acc xreg
		want      string
	}{
		{z(0), z(1), z(2), "BYTE $0x62; BYTE $0xF2; BYTE $0x76; BYTE $0x48; BYTE $0x52; BYTE $0xD0; "},
		{z(31), z(29), z(27), "BYTE $0x62; BYTE $0x02; BYTE $0x16; BYTE $0x40; BYTE $0x52; BYTE $0xDF; "},
		{z(28), z(30), z(9), "BYTE $0x62; BYTE $0x12; BYTE $0x0E; BYTE $0x40; BYTE $0x52; BYTE $0xCC; "},
		{y(12), y(14), y(11), "BYTE $0x62; BYTE $0x52; BYTE $0x0E; BYTE $0x28; BYTE $0x52; BYTE $0xDC; "},
	} {
		f := &file{}
		(&x86{file: f}).dot(c.w, c.x, c.acc)
		if got := f.body.String(); !bytes.HasPrefix([]byte(got), []byte("\t"+c.want)) {
			t.Errorf("%v, %v, %v: %q, want %q", c.w, c.x, c.acc, got, c.want)
		}
	}
}
