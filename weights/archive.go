package weights

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// unzstd unpacks a zstd file into memory.
func unzstd(src *source) (*source, error) {
	// The decoder's own limit guards the window; expansion guards the whole.
	z, err := zstd.NewReader(io.NewSectionReader(src, 0, src.size), zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxWindow(64<<20))
	if err != nil {
		return nil, unpackError(err)
	}
	defer z.Close()
	left := expandLimit(src.size)
	b, err := readLimited(z, &left)
	if err != nil {
		return nil, err
	}
	return memorySource(b), nil
}

// isWanted says whether a checkpoint can consist of a file of that name.
func isWanted(name string) bool {
	if strings.HasPrefix(path.Base(name), "._") { // macOS keeps attributes there
		return false
	}
	return slices.Contains([]string{".pt", ".pth", ".bin", ".safetensors", ".json", ".txt", ".bpe"}, path.Ext(name))
}

// readTar reads the files of a release archive that a checkpoint can consist of
// into memory, limit bytes at most. Nothing is written anywhere, links are not
// followed, and a name that leads out of the archive is an error.
func readTar(r io.Reader, limit int64) (fs.FS, error) {
	files := memoryFS{}
	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, inEntry("tar", -1, unpackError(err))
		}
		name := path.Clean(strings.TrimPrefix(h.Name, "./"))
		if h.Typeflag == tar.TypeDir || h.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		if !fs.ValidPath(name) || slices.Contains(strings.Split(h.Name, "/"), "..") {
			return nil, inEntry(h.Name, -1, fmt.Errorf("%w: the archive names a file outside itself", ErrCorrupt))
		}
		if !isWanted(name) {
			continue
		}
		if h.Typeflag != tar.TypeReg {
			return nil, inEntry(h.Name, -1, fmt.Errorf("%w: a link or device in an archive (to %q); links are not followed", ErrUnsupported, h.Linkname))
		}
		if _, ok := files[name]; ok {
			return nil, inEntry(h.Name, -1, fmt.Errorf("%w: the archive has it twice", ErrCorrupt))
		}
		b, err := readLimited(t, &limit)
		if err != nil {
			return nil, inEntry(h.Name, -1, err)
		}
		files.add(name, b)
	}
	return files, nil
}

// openArchive reads a tar file, compressed with gzip or not.
func openArchive(src *source, gzipped bool) (fs.FS, error) {
	r := io.Reader(io.NewSectionReader(src, 0, src.size))
	limit := src.size // of a plain archive; holes in files would read as more
	if gzipped {
		limit = expandLimit(src.size)
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, unpackError(err)
		}
		head := make([]byte, 512)
		n, err := io.ReadFull(z, head)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && err != io.EOF {
			return nil, unpackError(err)
		}
		if !isTar(head[:n]) {
			return nil, fmt.Errorf("%w: a gzip file that holds no tar archive", ErrNotCheckpoint)
		}
		r = &limitedReader{r: io.MultiReader(bytes.NewReader(head[:n]), z), left: limit}
	}
	return readTar(r, limit)
}
