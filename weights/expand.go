package weights

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/zstd"
)

// expandLimit is how many bytes a source may unpack to.
func (s *source) expandLimit() int64 {
	if s.expanded {
		return times(freeUnpacked, 1, s.size)
	}
	return times(freeUnpacked, unpackRatio, s.size)
}

// errNested is the error for an archive in an archive. Releases have no such
// thing, and each layer could unpack to a multiple of the one around it.
var errNested = fmt.Errorf("%w: compressed or archived more than once", ErrUnsupported)

var errExpands = fmt.Errorf("%w: it unpacks to more than %d MiB and %d times its size, far more than a checkpoint", ErrTooLarge, freeUnpacked>>20, unpackRatio)

// readLimited reads r to its end and takes what it read from left, which all
// parts of a file share. Memory grows with what is read. claimed is the size that a
// header gives, and compressed the size of the file that r unpacks: memory for the
// claim is allocated at once if it is in proportion.
func readLimited(r io.Reader, left *int64, claimed, compressed int64) ([]byte, error) {
	// The content is read in parts, each as long as all before it together: a slice
	// that grows would be copied each time. The first part has one byte more than is
	// expected, which shows whether the content ends there.
	var parts [][]byte
	size, total, end := max(0, min(claimed, times(0, claimRatio, compressed)))+1, int64(0), false
	for !end && total <= *left {
		if room := *left - total; size > room {
			size = room + 1
		}
		part := make([]byte, size)
		n := 0
		for n < len(part) && !end {
			m, err := r.Read(part[n:])
			if n += m; err == io.EOF {
				end = true
			} else if err != nil {
				return nil, unpackError(err)
			}
		}
		parts, total = append(parts, part[:n]), total+int64(n)
		size = max(total, 4<<10)
	}
	var b []byte
	if len(parts) == 1 {
		b = parts[0]
	} else {
		b = slices.Concat(parts...)
	}
	if *left -= int64(len(b)); *left < 0 {
		return nil, errExpands
	}
	return b, nil
}

// ourErrors are what a file that is unpacked can fail with on its own.
var ourErrors = []error{ErrTooLarge, ErrTruncated, ErrClosed, ErrChanged, ErrCorrupt, ErrUnsupported, ErrNotCheckpoint}

// unpackError makes a decompressor's error one of this package's.
func unpackError(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return ErrTruncated
	case errors.Is(err, zstd.ErrUnknownDictionary):
		return fmt.Errorf("%w: a zstd file that needs a dictionary", ErrUnsupported)
	case slices.ContainsFunc(ourErrors, func(kind error) bool { return errors.Is(err, kind) }): // the reader's
		return err
	}
	return fmt.Errorf("%w: %w", ErrCorrupt, err) // it may be the reader's
}

// A limitedReader fails after left bytes. Parts of an archive that are skipped
// count too.
type limitedReader struct {
	r    io.Reader
	left int64
}

func (l *limitedReader) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, errExpands
	}
	return n, err
}
