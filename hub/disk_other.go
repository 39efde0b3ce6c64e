//go:build !linux && !darwin && !freebsd && !windows

package hub

import (
	"errors"
	"syscall"
)

func freeSpace(string) (int64, bool) { return 0, false }

// isDiskFull says whether an error means that the disk is full.
func isDiskFull(err error) bool { return errors.Is(err, syscall.ENOSPC) }
