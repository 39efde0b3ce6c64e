package hub

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// What an archive may unpack to, as in package weights: a constant and a multiple of
// its size. Weights hardly compress.
const (
	freeUnpacked = 16 << 20
	unpackRatio  = 16
	maxMembers   = 10_000
)

// unpack writes the files of a .tar.gz to a new folder, without the one folder that
// they are all in. Links and devices are refused, as are names that lead elsewhere.
func unpack(ctx context.Context, archive, dir string, disk func(*os.File) io.Writer) error {
	in, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	// Whatever a name says, nothing is written outside.
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()

	limited := &io.LimitedReader{N: freeUnpacked + unpackRatio*info.Size()}
	tooMuch := fmt.Errorf("%w: the archive unpacks to far more than a model of its size", ErrProtocol)
	damaged := func(err error) error {
		if limited.N <= 0 {
			return tooMuch
		}
		if errors.Is(err, ErrProtocol) || errors.Is(err, ErrDiskFull) || ctx.Err() != nil {
			return err
		}
		return fmt.Errorf("%w: a damaged archive: %w", ErrMismatch, err)
	}
	z, err := gzip.NewReader(bufio.NewReaderSize(&contextReader{ctx, in}, copyBuffer))
	if err != nil {
		return damaged(err)
	}
	limited.R = z
	tops := map[string]bool{}
	members := 0
	for t := tar.NewReader(limited); ; members++ {
		h, err := t.Next()
		if err == io.EOF {
			break
		}
		if members == maxMembers {
			return tooMuch
		}
		if err != nil {
			return damaged(err)
		}
		name := path.Clean(strings.TrimSuffix(h.Name, "/"))
		switch h.Typeflag {
		case tar.TypeXGlobalHeader:
			continue
		case tar.TypeDir:
			if name == "." {
				continue
			}
		case tar.TypeReg:
		default:
			return fmt.Errorf("%w: a link or device in the archive, %s", ErrProtocol, quoted(h.Name))
		}
		if !isPath(name) || strings.Contains(h.Name, "..") && !isPath(strings.TrimSuffix(strings.TrimPrefix(h.Name, "./"), "/")) {
			return fmt.Errorf("%w: the archive names a file outside itself, %s", ErrProtocol, quoted(h.Name))
		}
		top, _, isBelow := strings.Cut(name, "/")
		if h.Typeflag == tar.TypeReg && !isBelow {
			top = "" // a file beside the folder
		}
		tops[top] = true
		if h.Typeflag == tar.TypeDir {
			if err := root.MkdirAll(filepath.FromSlash(name), 0o777); err != nil {
				return err
			}
			continue
		}
		if err := unpackFile(root, name, t, disk); err != nil {
			if isDiskFull(err) {
				err = fmt.Errorf("%w while the archive was unpacked, at %s: %w", ErrDiskFull, quoted(name), err)
			}
			if e, ok := errors.AsType[*os.PathError](err); ok && !errors.Is(err, ErrDiskFull) {
				return e
			}
			return damaged(err)
		}
	}
	// gzip's checksum comes at the end.
	if _, err := io.Copy(io.Discard, limited); err != nil {
		return damaged(err)
	}
	if limited.N <= 0 {
		return tooMuch
	}
	return stripTop(dir, tops)
}

func unpackFile(root *os.Root, name string, r io.Reader, disk func(*os.File) io.Writer) error {
	if err := root.MkdirAll(filepath.FromSlash(path.Dir(name)), 0o777); err != nil {
		return err
	}
	out, err := root.OpenFile(filepath.FromSlash(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{disk(out)}, r, make([]byte, copyBuffer))
	if err == nil {
		err = out.Sync()
	}
	if closeErr := out.Close(); err == nil {
		err = closeErr
	}
	return err
}

// stripTop moves what is in the only folder of dir to dir itself.
func stripTop(dir string, tops map[string]bool) error {
	if len(tops) != 1 || tops[""] {
		return nil
	}
	for top := range tops {
		// By another name first: the folder may have a member of its own name.
		moved := filepath.Join(dir, "."+unique())
		if err := os.Rename(filepath.Join(dir, top), moved); err != nil {
			return err
		}
		entries, err := os.ReadDir(moved)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := os.Rename(filepath.Join(moved, e.Name()), filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
		return os.Remove(moved)
	}
	return nil
}

// A contextReader ends with its context.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
