package weights

import "syscall"

// dropPages gives back a mapped file's resident pages.
func dropPages(mem []byte) { _ = syscall.Madvise(mem, syscall.MADV_DONTNEED) }
