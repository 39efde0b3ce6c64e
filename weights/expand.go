package weights

import (
	"errors"
	"fmt"
	"io"
)

// Weights hardly compress. What unpacks to far more than this is a bomb.
const (
	maxRatio  = 32
	freeBytes = 16 << 20 // for small files, whose ratio says little
)

// readLimited reads what compressed bytes unpack to. Memory grows with what is
// read, never with what a header promises.
func readLimited(r io.Reader, compressed int64) ([]byte, error) {
	limit := freeBytes + maxRatio*compressed
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, unpackError(err)
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%w: %d bytes unpack to more than %d", ErrTooLarge, compressed, limit)
	}
	return b, nil
}

func unpackError(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return ErrTruncated
	case errors.Is(err, ErrTooLarge), errors.Is(err, ErrTruncated):
		return err
	}
	return fmt.Errorf("%w: %v", ErrCorrupt, err)
}

// A limitedReader fails once more comes out than the bytes that went in justify.
type limitedReader struct {
	r          io.Reader
	left       int64
	compressed int64
}

func (l *limitedReader) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, fmt.Errorf("%w: %d bytes unpack to more than %d times as many", ErrTooLarge, l.compressed, maxRatio)
	}
	return n, err
}

func limitExpansion(r io.Reader, compressed int64) io.Reader {
	return &limitedReader{r: r, left: freeBytes + maxRatio*compressed, compressed: compressed}
}
