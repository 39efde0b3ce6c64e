//go:build unix && !purego

package weights

import (
	"errors"
	"os"
	"syscall"
)

// mapFile maps a whole file, read only. If another process cuts the file short,
// reading the map is a memory fault; see Checkpoint.Guard.
func mapFile(f *os.File, size int64) ([]byte, func() error, error) {
	if size <= 0 || size != int64(int(size)) {
		return nil, nil, errors.New("size cannot be mapped")
	}
	mem, err := syscall.Mmap(int(f.Fd()), 0, int(size), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, nil, err
	}
	return mem, func() error { return syscall.Munmap(mem) }, nil
}
