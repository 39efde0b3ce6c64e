// Package filelock locks files against other processes, as Python's filelock does: with
// flock, or a locked byte on Windows. A lock ends with its file, also when the process
// dies.
package filelock

import "errors"

// ErrUnsupported is returned by TryLock where files cannot be locked.
var ErrUnsupported = errors.New("files cannot be locked here")
