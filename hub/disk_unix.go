//go:build linux || darwin || freebsd

package hub

import (
	"errors"
	"math"

	"golang.org/x/sys/unix"
)

// freeSpace is how many bytes a folder's disk has room for; ok is false if it does not say.
func freeSpace(dir string) (free int64, ok bool) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil || s.Blocks == 0 || s.Bsize <= 0 {
		return 0, false
	}
	blocks, bytes := int64(s.Bavail), int64(s.Bsize)
	if blocks < 0 {
		return 0, true
	}
	if blocks > math.MaxInt64/bytes {
		return math.MaxInt64, true
	}
	return blocks * bytes, true
}

// isDiskFull says whether an error means that the disk, or a user's share, is full.
func isDiskFull(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }
