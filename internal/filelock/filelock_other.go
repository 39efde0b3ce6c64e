//go:build !windows && (!unix || solaris || aix)

package filelock

import "os"

// TryLock cannot lock a file here.
func TryLock(*os.File) (bool, error) { return false, ErrUnsupported }

// Unlock does nothing.
func Unlock(*os.File) {}
