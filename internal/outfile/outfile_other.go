//go:build !linux

package outfile

import "os"

// create creates a hidden file in dir.
func create(dir string) (*os.File, string, error) { return createNamed(dir) }

// rename gives the file its name.
func (f *File) rename() error {
	if err := f.File.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.name, f.path); err != nil {
		return err
	}
	delete(hidden, f.name)
	return nil
}

// keepAttributes gives the file the mode of the one it replaces.
func (f *File) keepAttributes() error {
	if f.old == nil {
		return nil
	}
	return f.Chmod(f.old.Mode())
}
