//go:build !linux

package weights

// dropPages would give back a mapped file's resident pages; elsewhere than on
// Linux that is left to the system, which does so when memory is short.
func dropPages([]byte) {}
