package outfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// create opens a file without a name in dir, or with a hidden one where the file
// system knows no files without names.
func create(dir string) (*os.File, string, error) {
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o666)
	if err != nil {
		return createNamed(dir)
	}
	f := os.NewFile(uintptr(fd), filepath.Join(dir, "unnamed file"))
	if _, err := os.Stat(procName(f)); err != nil { // /proc is needed to give it a name
		f.Close()
		return createNamed(dir)
	}
	return f, "", nil
}

func procName(f *os.File) string { return fmt.Sprintf("/proc/self/fd/%d", f.Fd()) }

// rename gives the file its name. A file without a name cannot replace another
// one in one step: it gets a hidden name first.
func (f *File) rename() error {
	if f.name == "" {
		link := func(name string) error {
			err := unix.Linkat(unix.AT_FDCWD, procName(f.File), unix.AT_FDCWD, name, unix.AT_SYMLINK_FOLLOW)
			if err != nil {
				return &os.LinkError{Op: "link", Old: f.Name(), New: name, Err: err}
			}
			return nil
		}
		err := link(f.path)
		if !errors.Is(err, fs.ErrExist) {
			return errors.Join(err, f.File.Close())
		}
		f.name = filepath.Join(filepath.Dir(f.path), hiddenName())
		hidden[f.name] = true
		if err := link(f.name); err != nil {
			return err
		}
	}
	return f.renameHidden()
}

// keepOwner gives the file the owner of the one it replaces, if the system permits.
func (f *File) keepOwner() {
	if stat, ok := f.old.Sys().(*syscall.Stat_t); ok {
		f.Chown(int(stat.Uid), int(stat.Gid)) // only the superuser may give files away
	}
}
