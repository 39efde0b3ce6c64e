package weights

import (
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
)

// Guard runs f, which reads memory that the checkpoint's tensors handed out, and
// returns its error. If another process cuts a mapped file short, reading what is
// gone is a memory fault, which would end the program; Guard returns a *FileError
// instead that names the file and wraps ErrChanged. Other panics go on.
//
// Guard sees the faults of its own goroutine. If f lets other goroutines read, each
// of them must call debug.SetPanicOnFault(true), recover what it panics with, and
// leave it to f to panic with the same value. Methods of Tensor that copy or
// convert, and WriteFile for their entries, guard themselves.
//
// Guard cannot notice a file that is overwritten in place: replace a model's file by
// renaming a new one, never rewrite it.
func (c *Checkpoint) Guard(f func() error) error { return guarded(f, c.sources...) }

func guarded(f func() error, sources ...*source) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		for _, s := range sources {
			if s.faulted(r) {
				fe := &FileError{Offset: -1, Err: ErrChanged}
				if s.ctx == nil { // else the caller's caller names it
					fe.Path = s.name
				}
				err = fe
				return
			}
		}
		panic(r)
	}()
	return f()
}

// guard is Guard for what reads one source.
func (s *source) guard(f func() error) error {
	if !s.mapped {
		return f()
	}
	return guarded(f, s)
}

// faulted says whether a goroutine panicked with r because it read the source's map
// where the file has no content any more.
func (s *source) faulted(r any) bool {
	fault, ok := r.(interface {
		runtime.Error
		Addr() uintptr
	})
	if !ok || !s.mapped || len(s.mem) == 0 {
		return false
	}
	start, page := reflect.ValueOf(s.mem).Pointer(), uintptr(os.Getpagesize())
	size := (uintptr(len(s.mem)) + page - 1) / page * page
	return fault.Addr()-start < size
}
