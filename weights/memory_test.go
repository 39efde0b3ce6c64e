package weights

import (
	"bytes"
	"errors"
	"runtime"
	"testing"
)

// allocated is how many bytes f allocates, freed ones included.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// allowance is the memory in bytes that opening a file of n bytes may take, however
// hostile it is, with all that is freed on the way: content that unpacks to 16 MiB,
// and values of 32 MiB that are copied when their containers grow. Programs with the
// race detector need more: they do not pack objects below 16 bytes together.
func allowance(n int) uint64 {
	bytes := 128<<20 + 128*uint64(n)
	if raceDetector {
		bytes *= 2
	}
	return bytes
}

// checkMemory opens a file and holds it to its allowance.
func checkMemory(t testing.TB, data []byte) (c *Checkpoint, err error) {
	t.Helper()
	if n := allocated(func() { c, err = load(data) }); n > allowance(len(data)) {
		t.Errorf("a file of %d bytes took %d bytes of memory to open", len(data), n)
	}
	return c, err
}

// isTyped says whether an error is what Open promises for a bad file: a
// *FileError of a known kind.
func isTyped(err error) bool {
	var fe *FileError
	if !errors.As(err, &fe) || fe.Path == "" {
		return false
	}
	for _, kind := range []error{ErrNotCheckpoint, ErrUnsupported, ErrTruncated, ErrCorrupt, ErrForbidden, ErrTooLarge} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// unpickled reads a pickle from off on.
func unpickled(pickle []byte, off int64, persistent func(any) (any, error)) (any, int64, error) {
	mem := budget(times(freeValues, valueRatio, int64(len(pickle))))
	return unpickle(bytes.NewReader(pickle), off, int64(len(pickle)), &mem, persistent)
}
