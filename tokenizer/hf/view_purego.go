//go:build purego

package hf

// view returns b as a string.
func view(b []byte) string { return string(b) }
