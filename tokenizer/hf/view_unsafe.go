//go:build !purego

package hf

import "unsafe"

// view returns b as a string without a copy. b must not change while it is used.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
