package pipeline

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/goroberta/goroberta/weights"
)

// FuzzRanges reads files of ranges. What is wrong with one is said with its name. What is
// read comes back when it is written, and its borders are quantised to the first number and
// to one of the last two.
func FuzzRanges(f *testing.F) {
	for _, r := range []Ranges{{[]float32{-1, 0}, []float32{1, 0}}, {[]float32{1}, []float32{-1}}, {[]float32{-3e38}, []float32{3e38}}} {
		var b bytes.Buffer
		if err := weights.Write(&b, nil, []weights.Entry{r.Entry()}); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
		f.Add(bytes.Replace(b.Bytes(), []byte("F32"), []byte("I32"), 1))
		f.Add(bytes.Replace(b.Bytes(), []byte("ranges"), []byte("Ranges"), 1))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := weights.Load(bytes.NewReader(data), int64(len(data)), "ranges.safetensors")
		if err != nil {
			return
		}
		defer file.Close()
		r, err := readRanges(file, "ranges.safetensors")
		if err != nil {
			if fe, ok := errors.AsType[*weights.FileError](err); !ok || fe.Path != "ranges.safetensors" || len(err.Error()) > 600 {
				t.Fatalf("error %v, want a FileError with the name", err)
			}
			return
		}
		var b bytes.Buffer
		if err := weights.Write(&b, nil, []weights.Entry{r.Entry()}); err != nil {
			t.Fatal(err)
		}
		file, err = weights.Load(bytes.NewReader(b.Bytes()), int64(b.Len()), "again")
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		again, err := readRanges(file, "again")
		if err != nil || !slices.Equal(again.Min, r.Min) || !slices.Equal(again.Max, r.Max) {
			t.Fatalf("%v came back as %v, %v", r, again, err)
		}
		low, err1 := QuantizeUint8(r.Min, r)
		high, err2 := QuantizeUint8(r.Max, r)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		for i := range low {
			wide := r.Max[i]-r.Min[i] > 1e-30 // else steps are not exact, or 0
			if low[i] != 0 || wide && high[i] < 254 {
				t.Errorf("borders %v and %v are %d and %d", r.Min[i], r.Max[i], low[i], high[i])
			}
		}
	})
}
