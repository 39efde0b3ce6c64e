package weights

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// expandLimit is how many bytes a source may unpack to. Weights hardly compress;
// what unpacks to far more is a bomb. Limits do not multiply: what was unpacked
// already does not grow any further.
func (s *source) expandLimit() int64 {
	const (
		ratio = 32
		free  = 16 << 20 // for small files, whose ratio says little
	)
	if s.expanded {
		return free + s.size
	}
	return free + ratio*s.size
}

// errNested is the error for an archive in an archive. Releases have no such
// thing, and each layer could unpack to a multiple of the one around it.
var errNested = fmt.Errorf("%w: compressed or archived more than once", ErrUnsupported)

// readLimited reads r to its end and takes what it read from left, which all
// parts of a file share. Memory grows with what is read, never with what a
// header promises.
//
// likely is how much it probably is: a little more than that is allocated at
// once, which spares copies and garbage. It must not be a header's word alone.
func readLimited(r io.Reader, left *int64, likely int64) ([]byte, error) {
	// In parts, each as long as all before it: a slice that grows would be copied
	// each time.
	var parts [][]byte
	const most = 64 << 20 // of what is only likely
	size, total, end := max(0, min(likely, most))+1, int64(0), false
	for !end && total <= *left {
		size = max(size, 4<<10)
		if room := *left - total; size > room {
			size = room + 1 // one more shows that it is too much
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
		size = total
	}
	var b []byte
	if len(parts) == 1 {
		b = parts[0]
	} else {
		b = slices.Concat(parts...)
	}
	if *left -= int64(len(b)); *left < 0 {
		return nil, fmt.Errorf("%w: it unpacks to far more than a checkpoint of its size", ErrTooLarge)
	}
	return b, nil
}

// unpackError makes a decompressor's error one of this package's.
func unpackError(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return ErrTruncated
	case errors.Is(err, ErrTooLarge), errors.Is(err, ErrTruncated), errors.Is(err, ErrClosed):
		return err
	}
	return fmt.Errorf("%w: %v", ErrCorrupt, err)
}

// A limitedReader fails once more comes out than went in justifies: also for
// parts of an archive that are passed over.
type limitedReader struct {
	r    io.Reader
	left int64
}

func (l *limitedReader) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, fmt.Errorf("%w: it unpacks to far more than a checkpoint of its size", ErrTooLarge)
	}
	return n, err
}
