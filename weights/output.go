package weights

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goroberta/goroberta/internal/outfile"
)

// Create writes a file through write, whole or not at all: it gets its name when it
// is complete and on disk. If anything fails or the context ends, an old file of that
// name is untouched, and nothing is left behind, on Linux not even by a process that
// is killed.
//
// A file that is replaced passes its permissions on; if it is write-protected, the
// error is fs.ErrPermission. A symbolic link stays, and what it leads to is
// replaced. A device or a pipe is written to directly, and an open file, by a name
// such as /dev/stdout, at its end. The only option used is WithContext.
func Create(path string, write func(w io.Writer) error, opts ...Option) error {
	o, err := newOptions(opts)
	if err != nil {
		return err
	}
	f, err := outfile.Create(o.ctx, path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := write(f); err != nil {
		return err
	}
	return f.Commit()
}

// A contextWriter fails once the context is done.
type contextWriter struct {
	ctx context.Context
	w   io.Writer
}

func (c *contextWriter) Write(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.w.Write(p)
}

// CheckOutput returns a *FileError that wraps ErrSameFile and names both if writing
// out would change what opening one of inputs reads: the input itself, whatever it
// is called (through links, by the name of an open file), its shards, or a file such
// as config.json or dict.txt that is read from beside the tensors, or from a folder
// there. Files of other names are none of it. For an input that is a
// directory, also a file that would be taken for its model. out need not exist.
// Inputs that do not exist are ignored: opening them fails.
func CheckOutput(out string, inputs ...string) error {
	target, _, err := outfile.Follow(out)
	if err != nil {
		return err
	}
	info, err := os.Stat(out)
	if err != nil {
		info = nil
	} else if !info.Mode().IsRegular() {
		return nil
	}
	for _, in := range inputs {
		source, err := os.Stat(in)
		if err != nil {
			continue
		}
		if info != nil && os.SameFile(source, info) {
			return &FileError{Path: out, Offset: -1, Err: fmt.Errorf("%w: %s", ErrSameFile, shorten(in, 3*maxQuote))}
		}
		if isPartOf(in, source.IsDir(), target, info) {
			return &FileError{Path: out, Offset: -1, Err: fmt.Errorf("%w: opening %s reads it", ErrSameFile, shorten(in, 3*maxQuote))}
		}
	}
	return nil
}

// sideFiles are the files that are read from beside the tensors: settings, names of
// labels, vocabularies, and what sentence-transformers keeps. Other files of such
// endings, results.json say, are nobody's.
var sideFiles = []string{
	"config.json", "modules.json", "config_sentence_transformers.json", "labels.json",
	"tokenizer.json", "vocab.json", "encoder.json", "special_tokens_map.json", "added_tokens.json",
	"dict.txt", "vocab.txt", "merges.txt", "bpecodes", "codes", "code",
}

// sideEndings are how other such files end: tokenizer_config.json and
// sentence_bert_config.json with their kin, and vocabularies by any name.
var sideEndings = []string{"_config.json", ".model", ".bpe", ".codes"}

// isSideFile says whether a file is one that is read from beside the tensors.
func isSideFile(name string) bool {
	name = strings.ToLower(path.Base(name))
	return slices.Contains(sideFiles, name) || slices.ContainsFunc(sideEndings, func(end string) bool { return strings.HasSuffix(name, end) })
}

// isPartOf says whether the file at target, which is info unless that is nil, is one
// that opening in reads.
func isPartOf(in string, isDir bool, target string, info fs.FileInfo) bool {
	dir, model := in, ""
	if !isDir {
		dir, model = filepath.Dir(in), filepath.Base(in)
	}
	f := &folder{fsys: os.DirFS(dir), dir: "."}
	folders := []*folder{f}
	if isDir {
		f.main = snapshotsMain(dir)
		chosen, err := f.choose()
		if err != nil {
			return false // nothing that opens
		}
		f, model = chosen.folder, chosen.name
		folders = append([]*folder{f}, chosen.above...)
	}
	names := []string{model}
	if isIndex(model) {
		if ix, err := f.readIndex(model); err == nil {
			names = append(names, ix.shards...)
		}
	}
	if isDir {
		names = append(names, modelFiles...)
	}
	onlyOne := isDir && !slices.Contains(modelFiles, model)
	reads := func(name string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) }) ||
			isSideFile(name) || onlyOne && isModelFile(name)
	}
	parent, err := os.Stat(filepath.Dir(target))
	if err != nil {
		return false
	}
	// The model's directories, and those in them: fairseq has input0/dict.txt.
	var dirs []string
	for _, f := range folders {
		dirs = append(dirs, f.dir)
		entries, _ := fs.ReadDir(f.fsys, f.dir)
		for _, e := range entries {
			if e.IsDir() {
				dirs = append(dirs, path.Join(f.dir, e.Name()))
			}
		}
	}
	for _, d := range dirs {
		if i, err := fs.Stat(f.fsys, d); err == nil && os.SameFile(i, parent) && reads(filepath.Base(target)) {
			return true
		}
		if info == nil {
			continue
		}
		entries, _ := fs.ReadDir(f.fsys, d)
		for _, e := range entries {
			if !e.IsDir() && reads(e.Name()) {
				if i, err := fs.Stat(f.fsys, path.Join(d, e.Name())); err == nil && os.SameFile(i, info) {
					return true
				}
			}
		}
	}
	return false
}
