package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/weights"
)

// TestSpool: tensors come out as they went in, from memory and from disk.
func TestSpool(t *testing.T) {
	values := make([][]float32, 20)
	for i := range values {
		values[i] = make([]float32, 3*i)
		for j := range values[i] {
			values[i][j] = float32(i) + float32(j)/64
		}
	}
	for _, memory := range []int{0, 500, 1 << 20} {
		t.Run(fmt.Sprint(memory), func(t *testing.T) {
			dir := t.TempDir()
			s, err := (&tensorFlags{filepath.Join(dir, "out.safetensors")}).open(t.Context(), testSession(io.Discard), testInput(false), "")
			if err != nil {
				t.Fatal(err)
			}
			s.memory = memory
			for i, v := range values {
				if err := s.add(fmt.Sprint(i), i, 3, func(r int) []float32 { return v[3*r:][:3] }); err != nil {
					t.Fatal(err)
				}
			}
			if (s.file == nil) != (memory == 1<<20) {
				t.Errorf("with %d bytes of memory the file is %v", memory, s.file)
			}
			failed := failedError{1, 21}
			if err := s.finish(t.Context(), failed); err != failed {
				t.Errorf("finish(%v) = %v", failed, err)
			}
			s.close()
			ckpt, err := weights.Open(s.out.name)
			if err != nil {
				t.Fatal(err)
			}
			defer ckpt.Close()
			for i, v := range values {
				x, ok := ckpt.Tensor(fmt.Sprint(i))
				if !ok || !slices.Equal(x.Shape, []int{i, 3}) {
					t.Fatalf("tensor %d: %v", i, x)
				}
				got := make([]float32, x.Len())
				if err := x.Float32s(got); err != nil || !slices.Equal(got, v) {
					t.Errorf("tensor %d = %v, %v, want %v", i, got, err, v)
				}
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
				t.Errorf("in the folder: %v (%v), want the file alone", left, err)
			}
		})
	}
}

// TestSpoolStopped: a command that was stopped writes nothing.
func TestSpoolStopped(t *testing.T) {
	dir := t.TempDir()
	s, err := (&tensorFlags{filepath.Join(dir, "out.safetensors")}).open(t.Context(), testSession(io.Discard), testInput(false), "")
	if err != nil {
		t.Fatal(err)
	}
	s.memory = 0
	if err := s.add("0", 1, 1, func(int) []float32 { return []float32{1} }); err != nil {
		t.Fatal(err)
	}
	stopped := lineError{1, errors.New("no")}
	if err := s.finish(t.Context(), stopped); err != stopped {
		t.Errorf("finish(%v) = %v", stopped, err)
	}
	s.close()
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}

// TestNPY: a .npy file is a header of 64·n bytes and the values; a second tensor is
// refused.
func TestNPY(t *testing.T) {
	for _, cols := range []int{1, 1024, 123456} {
		path := filepath.Join(t.TempDir(), "out.npy")
		s, err := (&tensorFlags{path}).open(t.Context(), testSession(io.Discard), testInput(false), "")
		if err != nil {
			t.Fatal(err)
		}
		defer s.close()
		values := make([]float32, 2*cols)
		for i := range values {
			values[i] = float32(i) / 3
		}
		row := func(i int) []float32 { return values[i*cols:][:cols] }
		if err := s.add("0", 2, cols, row); err != nil {
			t.Fatal(err)
		}
		if err := s.add("1", 2, cols, row); err == nil {
			t.Error("a second tensor was taken")
		}
		if err := s.finish(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		head := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (2, %d), }", cols)
		want := fmt.Sprintf("\x93NUMPY\x01\x00\x76\x00%-117s\n%s", head, appendFloat32s(nil, values))
		if string(got) != want {
			t.Errorf("%d columns: the file begins with %q, want %q", cols, got[:130], want[:130])
		}
	}
}

func TestNpyHeader(t *testing.T) {
	for _, tt := range []struct {
		dtype weights.DType
		shape []int
		want  string
	}{
		{weights.F32, []int{3}, "'<f4', 'fortran_order': False, 'shape': (3,), }"},
		{weights.I8, []int{3, 4}, "'|i1', 'fortran_order': False, 'shape': (3, 4), }"},
		{weights.U8, []int{0, 4, 5}, "'|u1', 'fortran_order': False, 'shape': (0, 4, 5), }"},
	} {
		h := string(npyHeader(tt.dtype, tt.shape))
		if !strings.Contains(h, tt.want) || len(h)%64 != 0 || !strings.HasSuffix(h, " \n") || int(h[8])+int(h[9])<<8 != len(h)-10 {
			t.Errorf("header of %v %v: %q, want %q in it", tt.dtype, tt.shape, h, tt.want)
		}
	}
}
