package weights

import (
	"archive/tar"
	"bufio"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// isWanted says whether a file of an archive can be part of a checkpoint, by its name.
func isWanted(name string) bool {
	if strings.HasPrefix(path.Base(name), "._") { // macOS keeps attributes there
		return false
	}
	base := path.Base(name)
	return weightGroup(base) >= 0 || isShard(base) || slices.Contains(adapterFiles, base) || isSideFile(name)
}

// readTar reads those files of an archive into memory that isWanted accepts, together
// at most limit bytes; compressed is the size of the archive itself. Nothing is
// written anywhere, links are not followed, and a name that leads out of the archive
// is an error.
func readTar(r io.Reader, limit, compressed int64) (memoryFS, error) {
	files := memoryFS{}
	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, inEntry("tar", -1, unpackError(err))
		}
		if len(h.Name) > maxName || len(h.Linkname) > maxName {
			return nil, inEntry("tar", -1, fmt.Errorf("%w: a name of %d bytes, at most %d: %s", ErrTooLarge, max(len(h.Name), len(h.Linkname)), maxName, cut(h.Name, maxQuote)))
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
		if strings.Count(name, "/") > maxDepth {
			return nil, inEntry(h.Name, -1, fmt.Errorf("%w: more than %d folders within each other", ErrTooLarge, maxDepth))
		}
		if h.Typeflag != tar.TypeReg {
			return nil, inEntry(h.Name, -1, fmt.Errorf("%w: a link or device in an archive (to %s); links are not followed", ErrUnsupported, quote(h.Linkname)))
		}
		if _, ok := files[name]; ok {
			return nil, inEntry(h.Name, -1, fmt.Errorf("%w: the archive has it twice", ErrUnsupported))
		}
		b, err := readLimited(t, &limit, h.Size, compressed)
		if err != nil {
			return nil, inEntry(h.Name, -1, err)
		}
		files.add(name, b)
	}
	return files, nil
}

// tarBlock is the size of the blocks that a tar archive consists of. Blocks of zeros
// end it.
const tarBlock = 512

// A gzipReader unpacks what gzip wrote. Unlike gzip.Reader it lets zero bytes follow,
// as tapes and tar's blocks leave them.
type gzipReader struct {
	in *bufio.Reader
	z  *gzip.Reader
}

func newGzipReader(r io.Reader) (*gzipReader, error) {
	in := bufio.NewReader(r)
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	return &gzipReader{in, z}, nil
}

func (g *gzipReader) Read(p []byte) (int, error) {
	n, err := g.z.Read(p)
	if err != io.EOF {
		return n, err
	}
	for zeros := 0; ; zeros++ {
		switch c, err := g.in.ReadByte(); {
		case err != nil:
			return n, err
		case c != 0 && zeros > 0:
			return n, gzip.ErrHeader
		case c != 0: // another stream, which continues this one
			err := g.in.UnreadByte()
			if err == nil {
				err = g.z.Reset(g.in)
			}
			g.z.Multistream(false)
			return n, err
		}
	}
}

// openArchive reads a tar file, compressed with gzip or not.
func openArchive(src *source, gzipped bool) (*folder, error) {
	section := io.NewSectionReader(src, 0, src.size)
	r := io.Reader(section)
	limit := src.size // in a plain archive a sparse file could claim more
	if gzipped {
		limit = src.expandLimit()
		z, err := newGzipReader(r)
		if err != nil {
			return nil, unpackError(err)
		}
		head, err := io.ReadAll(io.LimitReader(z, tarBlock))
		if err != nil {
			return nil, unpackError(err)
		}
		if !isTar(head) {
			return nil, fmt.Errorf("%w: a gzip file that holds no tar archive", ErrNotCheckpoint)
		}
		r = &limitedReader{r: io.MultiReader(bytes.NewReader(head), z), left: limit}
	}
	files, err := readTar(r, limit, src.size)
	if err != nil {
		return nil, err
	}
	if gzipped {
		// Gzip's checksum is at the end.
		if _, err := io.Copy(io.Discard, r); err != nil {
			return nil, unpackError(err)
		}
	} else {
		// Package tar accepts an archive that was cut between two of its files.
		end, err := section.Seek(-tarBlock, io.SeekCurrent)
		if err != nil {
			return nil, err
		}
		last, err := src.read(end, tarBlock)
		if err != nil {
			return nil, err
		}
		if len(bytes.TrimLeft(last, "\x00")) > 0 {
			return nil, inEntry("tar", end, fmt.Errorf("%w: no end of the archive", ErrTruncated))
		}
	}
	open := func(name string) (*source, error) {
		f, ok := files[name]
		if !ok {
			return nil, inEntry(name, -1, fs.ErrNotExist)
		}
		inner := memorySource(f.data)
		inner.inArchive, inner.expanded, inner.left = true, gzipped || src.expanded, src.values()
		return inner, nil
	}
	return &folder{fsys: files, dir: ".", open: open}, nil
}
