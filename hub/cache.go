package hub

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// A storage is a repository's folder in Hugging Face's cache.
type storage struct {
	root    string // the cache
	folder  string // models--OWNER--NAME
	noLinks bool
}

func newStorage(cache, id string, noLinks bool) *storage {
	return &storage{cache, "models--" + strings.ReplaceAll(id, "/", "--"), noLinks}
}

func (s *storage) path(names ...string) string {
	return filepath.Join(append([]string{s.root, s.folder}, names...)...)
}

// snapshot is the folder of a commit, file one of its files.
func (s *storage) snapshot(commit string) string { return s.path("snapshots", commit) }
func (s *storage) file(commit, name string) string {
	return s.path("snapshots", commit, filepath.FromSlash(name))
}
func (s *storage) blob(etag string) string { return s.path("blobs", etag) }
func (s *storage) lockFile(etag string) string {
	return filepath.Join(s.root, ".locks", s.folder, etag+".lock")
}

// has says whether a file of a commit is there. A link whose blob is gone is not.
func (s *storage) has(commit, name string) bool { return isFile(s.file(commit, name)) }

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// ref is the commit that a revision was when the server was last asked, "" if that is
// not known.
func (s *storage) ref(revision string) string {
	data, err := readFile(s.path("refs", filepath.FromSlash(revision)), 1024)
	if err != nil {
		return ""
	}
	if commit := strings.TrimSpace(string(data)); commitPattern.MatchString(commit) {
		return commit
	}
	return ""
}

// setRef remembers which commit a revision is.
func (s *storage) setRef(revision, commit string) error {
	if revision == commit || s.ref(revision) == commit {
		return nil
	}
	return replaceFile(s.path("refs", filepath.FromSlash(revision)), []byte(commit))
}

// names lists the files that the cache has of a commit, below each other with slashes.
func (s *storage) names(commit string) (map[string]bool, error) {
	root, names := s.snapshot(commit), map[string]bool{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err == nil && !e.IsDir() && isFile(path) {
			names[filepath.ToSlash(rel)] = true
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return names, err
}

// maxIndex is the size of the largest index of shards, or modules.json, that is read.
const maxIndex = 32 << 20

// read reads a file of a commit.
func (s *storage) read(commit, name string) ([]byte, error) {
	data, err := readFile(s.file(commit, name), maxIndex)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fs.ErrNotExist
	}
	return data, err
}

func readFile(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s has more than %s", path, size(limit))
	}
	return data, err
}

// etagPattern are etags that can be the name of a blob. Those of a hub are hexadecimal.
var etagPattern = regexp.MustCompile(`^[0-9A-Za-z_-][0-9A-Za-z_.-]{0,127}$`)

// normalizeEtag is what huggingface_hub names the blob of an ETag.
func normalizeEtag(etag string) string {
	return strings.Trim(strings.TrimLeft(etag, "W/"), `"`)
}

// link makes a blob a file of a commit. isNew says that no other file can be a link to
// the blob yet: where links cannot be made it is then moved, not copied.
func (s *storage) link(commit, name, etag string, isNew bool) error {
	blob, file := s.blob(etag), s.file(commit, name)
	if isFile(file) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return err
	}
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) { // a link whose blob was gone
		return err
	}
	if !s.noLinks {
		target, err := filepath.Rel(filepath.Dir(file), blob)
		if err != nil {
			return err
		}
		err = os.Symlink(target, file)
		if err == nil || errors.Is(err, fs.ErrExist) && isFile(file) {
			return nil
		}
	}
	if isNew {
		return os.Rename(blob, file)
	}
	return copyFile(file, blob)
}

// copyFile copies a file. The copy appears when it is complete.
func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	return replaceWith(to, func(out io.Writer) error {
		_, err := io.Copy(out, in)
		return err
	})
}

// replaceFile writes a small file, which appears when it is complete.
func replaceFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return replaceWith(path, func(out io.Writer) error {
		_, err := out.Write(data)
		return err
	})
}

func replaceWith(path string, write func(io.Writer) error) error {
	// Not os.CreateTemp: its files are for their owner alone, and caches are shared.
	temp := fmt.Sprintf("%s.%s.tmp", path, unique())
	out, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	err = write(out)
	if closeErr := out.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		os.Remove(temp)
	}
	return err
}

// tag marks the cache as one, for programs that make backups; see https://bford.info/cachedir/.
func (s *storage) tag() {
	path := filepath.Join(s.root, "CACHEDIR.TAG")
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		replaceFile(path, []byte("Signature: 8a477f597d28d172789f06886806bc55\n"+
			"# This file is a cache directory tag created by goroberta.\n"+
			"# For information about cache directory tags, see https://bford.info/cachedir/\n"))
	}
}
