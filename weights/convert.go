package weights

import "os"

// CheckDifferent returns ErrSameFile if in and out are one existing file.
func CheckDifferent(in, out string) error {
	a, err := os.Stat(in)
	if err != nil {
		return err
	}
	if b, err := os.Stat(out); err == nil && os.SameFile(a, b) {
		return inFile(out, ErrSameFile)
	}
	return nil
}
