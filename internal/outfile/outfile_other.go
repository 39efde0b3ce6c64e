//go:build !linux

package outfile

import "os"

// create creates a hidden file in dir.
func create(dir string) (*os.File, string, error) { return createNamed(dir) }

// rename gives the file its name.
func (f *File) rename() error { return f.renameHidden() }

// keepOwner does nothing here.
func (f *File) keepOwner() {}
