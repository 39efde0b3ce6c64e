package hub

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// FuzzUnpack unpacks archives of any names and content. Nothing outside the folder may
// appear, and what is unpacked without an error is what Go's reader finds in it.
func FuzzUnpack(f *testing.F) {
	pack := func(headers ...tar.Header) []byte {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for _, h := range headers {
			if w.WriteHeader(&h) == nil {
				w.Write(make([]byte, h.Size))
			}
		}
		w.Close()
		return b.Bytes()
	}
	f.Add(pack(tar.Header{Name: "m/", Typeflag: tar.TypeDir, Mode: 0o700}, tar.Header{Name: "m/model.pt", Size: 5, Typeflag: tar.TypeReg}))
	f.Add(pack(tar.Header{Name: "../x", Size: 5, Typeflag: tar.TypeReg}))
	f.Add(pack(tar.Header{Name: "a", Size: 5, Typeflag: tar.TypeReg}, tar.Header{Name: "a/b", Size: 1, Typeflag: tar.TypeReg}))
	f.Add(pack(tar.Header{Name: "a", Linkname: "..", Typeflag: tar.TypeSymlink}, tar.Header{Name: "a/b", Size: 1, Typeflag: tar.TypeReg}))
	f.Add(pack(tar.Header{Name: "m/m", Size: 1, Typeflag: tar.TypeReg}, tar.Header{Name: "m/n/o", Size: 1, Typeflag: tar.TypeReg}))
	f.Add([]byte("no archive"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		z.Write(data)
		z.Close()
		root := t.TempDir()
		archive, dir := filepath.Join(root, "archive"), filepath.Join(root, "to")
		write(t, archive, b.Bytes())
		err := unpack(context.Background(), archive, dir, func(f *os.File) io.Writer { return f })
		got := below(t, root)
		for _, name := range got {
			if name != "archive" && name[:3] != "to/" {
				t.Fatalf("%q was written", name)
			}
		}
		if err != nil {
			if e := new(os.PathError); !errors.Is(err, ErrMismatch) && !errors.Is(err, ErrProtocol) && !errors.As(err, &e) && !errors.As(err, new(*os.LinkError)) {
				t.Fatalf("error %v", err)
			}
			return
		}
		var want []int64
		for r := tar.NewReader(bytes.NewReader(data)); ; {
			h, err := r.Next()
			if err != nil {
				break
			}
			if h.Typeflag == tar.TypeReg {
				want = append(want, h.Size)
			}
		}
		var sizes []int64
		for _, name := range got {
			if name != "archive" {
				sizes = append(sizes, fileSize(filepath.Join(root, filepath.FromSlash(name))))
			}
		}
		slices.Sort(want)
		slices.Sort(sizes)
		if !slices.Equal(sizes, want) {
			t.Fatalf("files of %d bytes, want %d", sizes, want)
		}
	})
}
