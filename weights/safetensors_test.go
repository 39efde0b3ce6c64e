package weights

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestWriteRead: what is written is read, for many sizes, types and shapes.
func TestWriteRead(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 200 {
		metadata := map[string]string{}
		for i := range r.IntN(3) {
			metadata[fmt.Sprintf("key %d \"\\\n\u2028", i)] = "värde <&>\x7f"
		}
		var entries []Entry
		data := map[string][]byte{}
		for i := range r.IntN(8) {
			e := Entry{Name: fmt.Sprintf("t%d.\u00e9\"<", i), DType: DType(1 + r.IntN(int(Bool)))}
			for range r.IntN(4) {
				e.Shape = append(e.Shape, r.IntN(9))
			}
			b := make([]byte, e.Size())
			for j := range b {
				b[j] = byte(r.Uint32())
			}
			data[e.Name] = b
			// In pieces, as a tensor that is converted on the way.
			e.Write = func(w io.Writer) error {
				for part := range slices.Chunk(b, 7) {
					if _, err := w.Write(part); err != nil {
						return err
					}
				}
				return nil
			}
			entries = append(entries, e)
		}
		file := safetensorsOf(t, metadata, entries...)
		if n := binary.LittleEndian.Uint64(file); (8+n)%pageSize != 0 {
			t.Errorf("round %d: data begins at %d", round, 8+n)
		}
		ts, m, err := readSafetensors(memorySource(file))
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if !maps.Equal(m, metadata) {
			t.Errorf("round %d: metadata %q, want %q", round, m, metadata)
		}
		if len(ts) != len(entries) {
			t.Errorf("round %d: %d tensors, want %d", round, len(ts), len(entries))
		}
		for _, x := range ts {
			i := slices.IndexFunc(entries, func(e Entry) bool { return e.Name == x.Name })
			if i < 0 || entries[i].DType != x.DType || !slices.Equal(entries[i].Shape, x.Shape) {
				t.Fatalf("round %d: %q is %v %v", round, x.Name, x.DType, x.Shape)
			}
			if b, err := x.Bytes(); err != nil || !bytes.Equal(b, data[x.Name]) {
				t.Errorf("round %d: %q = %x, %v", round, x.Name, b, err)
			}
		}
	}
}

// TestSafetensorsHeader: every way in which a header can contradict its file is
// an error of its kind, which names the tensor where one is at fault.
func TestSafetensorsHeader(t *testing.T) {
	deep := strings.Repeat("[", 20000) + strings.Repeat("]", 20000)
	for _, tc := range []struct {
		name, header string
		data         int
		is           error
		tensor       string
	}{
		{"valid", `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8, nil, ""},
		{"empty", `{}`, 0, nil, ""},
		{"padded", "{} \n\t ", 0, nil, ""},
		{"scalar", `{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4, nil, ""},
		{"no elements", `{"a":{"dtype":"F32","shape":[0,7],"data_offsets":[0,0]}}`, 0, nil, ""},
		{"order of names", `{"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 2, nil, ""},
		{"overlap", `{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 3, ErrCorrupt, "b"},
		{"same place", `{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, 2, ErrCorrupt, "b"},
		{"gap", `{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}`, 3, ErrCorrupt, "b"},
		{"gap in front", `{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2, ErrCorrupt, "a"},
		{"trailing data", `{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 2, ErrCorrupt, ""},
		{"beyond the data", `{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, 1, ErrTruncated, "a"},
		{"end before begin", `{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}`, 1, ErrCorrupt, "a"},
		{"negative offset", `{"a":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}}`, 1, ErrCorrupt, "a"},
		{"no offsets", `{"a":{"dtype":"U8","shape":[1]}}`, 1, ErrCorrupt, "a"},
		{"three offsets", `{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,1]}}`, 1, ErrCorrupt, "a"},
		{"offset beyond int64", `{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,18446744073709551616]}}`, 1, ErrCorrupt, "a"},
		{"offset with a fraction", `{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1.5]}}`, 1, ErrCorrupt, "a"},
		{"shape too small", `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}`, 8, ErrCorrupt, "a"},
		{"shape too large", `{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}`, 8, ErrCorrupt, "a"},
		{"part of an element", `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,5]}}`, 5, ErrCorrupt, "a"},
		{"negative shape", `{"a":{"dtype":"U8","shape":[-1,-1],"data_offsets":[0,1]}}`, 1, ErrCorrupt, "a"},
		{"shape overflows", `{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, 0, ErrCorrupt, "a"},
		{"size overflows", `{"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}}`, 0, ErrCorrupt, "a"},
		{"type that is not read", `{"a":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}}`, 2, nil, ""},
		{"type that is not read, too small", `{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,2]}}`, 2, ErrCorrupt, "a"},
		{"type that is not read, too large", `{"a":{"dtype":"C64","shape":[2],"data_offsets":[0,8]}}`, 8, ErrCorrupt, "a"},
		{"type that is not read, overflow", `{"a":{"dtype":"F8_E5M2","shape":[4294967296,4294967296],"data_offsets":[0,8]}}`, 8, ErrCorrupt, "a"},
		{"type that is not read, negative", `{"a":{"dtype":"F8_E5M2","shape":[-1,-1],"data_offsets":[0,1]}}`, 1, ErrCorrupt, "a"},
		{"half bytes", `{"a":{"dtype":"F4","shape":[2,3],"data_offsets":[0,3]}}`, 3, nil, ""},
		{"half bytes, odd", `{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}`, 2, ErrCorrupt, "a"},
		{"unknown type", `{"a":{"dtype":"F9","shape":[2],"data_offsets":[0,3]}}`, 3, nil, ""},
		{"unknown type, no elements", `{"a":{"dtype":"F9","shape":[0],"data_offsets":[0,3]}}`, 3, ErrCorrupt, "a"},
		{"unknown type, far too many elements", `{"a":{"dtype":"F9","shape":[25],"data_offsets":[0,3]}}`, 3, ErrCorrupt, "a"},
		{"unknown type, no bytes", `{"a":{"dtype":"F9","shape":[1],"data_offsets":[0,0]}}`, 0, ErrCorrupt, "a"},
		{"unknown type, overflow", `{"a":{"dtype":"F9","shape":[4294967296,4294967296],"data_offsets":[0,3]}}`, 3, ErrCorrupt, "a"},
		{"unknown type, overlap", `{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"F9","shape":[2],"data_offsets":[1,3]}}`, 3, ErrCorrupt, "b"},
		{"unknown type, gap", `{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"F9","shape":[1],"data_offsets":[2,3]}}`, 3, ErrCorrupt, "b"},
		{"unknown type, beyond the data", `{"a":{"dtype":"F9","shape":[2],"data_offsets":[0,2]}}`, 1, ErrTruncated, "a"},
		{"no type", `{"a":{"shape":[1],"data_offsets":[0,1]}}`, 1, ErrCorrupt, "a"},
		{"type is a number", `{"a":{"dtype":1,"shape":[1],"data_offsets":[0,1]}}`, 1, ErrCorrupt, "a"},
		{"tensor is a number", `{"a":1}`, 0, ErrCorrupt, "a"},
		{"two of one name", `{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2, ErrCorrupt, "a"},
		{"two metadata", `{"__metadata__":{},"__metadata__":{}}`, 0, ErrCorrupt, "__metadata__"},
		{"metadata of numbers", `{"__metadata__":{"a":1}}`, 0, ErrCorrupt, ""},
		{"cut", `{"a":{"dtype":"U8",`, 0, ErrCorrupt, "a"},
		{"two objects", `{}{}`, 0, ErrCorrupt, ""},
		{"deep", `{"a":` + deep + `}`, 0, ErrTooLarge, "a"},
		{"deep shape", `{"a":{"dtype":"U8","data_offsets":[0,0],"shape":` + deep[9000*1:len(deep)-9000] + `}}`, 0, ErrTooLarge, "a"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			file := rawSafetensors(tc.header, make([]byte, tc.data))
			_, _, err := readSafetensors(memorySource(file))
			if !errors.Is(err, tc.is) {
				t.Fatalf("error %v, want %v", err, tc.is)
			}
			var fe *FileError
			if errors.As(err, &fe) && fe.Tensor != tc.tensor {
				t.Errorf("error names tensor %q, want %q: %v", fe.Tensor, tc.tensor, err)
			}
			// The same through the front door, where it must be a *FileError.
			if _, err := load(file); tc.is != nil && (!errors.Is(err, tc.is) || !errors.As(err, &fe) || fe.Path != "file") {
				t.Errorf("Load: %v, want a *FileError of %v", err, tc.is)
			}
		})
	}
}

// TestSafetensorsLength: no header's length is believed.
func TestSafetensorsLength(t *testing.T) {
	for _, tc := range []struct {
		n  uint64
		is error
	}{
		{0, ErrNotCheckpoint}, {1, ErrNotCheckpoint}, {3, ErrTruncated}, {4096, ErrTruncated}, {maxHeader, ErrTruncated},
		{maxHeader + 1, ErrTruncated}, {1 << 31, ErrTruncated}, {1<<63 - 8, ErrTruncated}, {1 << 63, ErrTruncated}, {1<<64 - 1, ErrTruncated}, {1<<64 - 8, ErrTruncated},
	} {
		file := append(binary.LittleEndian.AppendUint64(nil, tc.n), "{}"...)
		if n := allocated(func() {
			if _, err := load(file); !errors.Is(err, tc.is) {
				t.Errorf("header of %d bytes: %v, want %v", tc.n, err, tc.is)
			}
		}); n > 1<<20 {
			t.Errorf("header of %d bytes: %d bytes allocated", tc.n, n)
		}
	}
}

// TestWriteOrder: tensors of whole cache lines come first, in their order.
func TestWriteOrder(t *testing.T) {
	zeros := func(n int) func(io.Writer) error {
		return func(w io.Writer) error { _, err := w.Write(make([]byte, n)); return err }
	}
	file := safetensorsOf(t, nil,
		Entry{"odd", U8, []int{3}, zeros(3)}, Entry{"b", F32, []int{16}, zeros(64)}, Entry{"odd2", U8, []int{65}, zeros(65)}, Entry{"a", F32, []int{4, 8}, zeros(128)})
	ts, _, err := readSafetensors(memorySource(file))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, x := range ts { // in the order of the data
		got = append(got, x.Name)
	}
	if want := []string{"b", "a", "odd", "odd2"}; !slices.Equal(got, want) {
		t.Errorf("order %q, want %q", got, want)
	}
}
