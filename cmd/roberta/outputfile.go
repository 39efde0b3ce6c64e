package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goroberta/goroberta/internal/outfile"
	"github.com/goroberta/goroberta/weights"
)

// An outputFile is a file that a command writes: it appears when it is complete.
// The name - is standard output.
type outputFile struct {
	name     string
	w        io.Writer
	file     *outfile.File // nil for standard output
	progress *progress
	written  int
}

// Write writes to the file.
func (f *outputFile) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	f.written += n
	f.progress.show(func() string { return fmt.Sprintf("writing %s: %s MB", f.name, count(f.written/1e6)) })
	return n, err
}

// checkEnding refuses a name whose ending stands for a format that the command does
// not write. Pipes and devices may have any name.
func checkEnding(name string, endings []string) error {
	ext := strings.ToLower(filepath.Ext(name))
	if ext == "" || slices.Contains(endings, ext) {
		return nil
	}
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return nil
	}
	return usagef("%s: this command writes %s, not %s", name, strings.Join(endings, " or "), ext)
}

// create begins the output file of that name, which ends in one of endings. in and
// model are what the command reads, which is not replaced; in may be nil.
func (s *session) create(ctx context.Context, name string, in *input, model string, endings ...string) (*outputFile, error) {
	if s.isStdout(name) {
		if isTerminal(s.stdout) {
			return nil, errors.New("standard output is a terminal: send it to a file or a program")
		}
		if err := s.checkStdout(in, model); err != nil {
			return nil, err
		}
		return &outputFile{name: "standard output", w: s.stdout, progress: s.progress}, nil
	}
	if err := checkOutput(name, in, model); err != nil {
		return nil, err
	}
	if err := checkEnding(name, endings); err != nil {
		return nil, err
	}
	file, err := outfile.Create(ctx, name)
	if err != nil {
		return nil, err
	}
	return &outputFile{name: name, w: file, file: file, progress: s.progress}, nil
}

// commit completes the file.
func (f *outputFile) commit() error {
	if f.file == nil {
		return nil
	}
	return f.file.Commit()
}

// close abandons the file unless it is complete.
func (f *outputFile) close() {
	if f.file != nil {
		f.file.Close()
	}
}

// scratchDir is where data may lie until the file is written.
func (f *outputFile) scratchDir() string {
	if f.file == nil || !f.file.Replaces() {
		return ""
	}
	return filepath.Dir(f.name)
}

// isStdout reports whether an output's name means standard output: -, /dev/stdout, or
// the file or pipe that standard output was sent to.
func (s *session) isStdout(name string) bool {
	if name == "-" {
		return true
	}
	stdout, ok := s.stdoutInfo()
	if !ok || stdout.Mode()&fs.ModeDevice != 0 {
		return false
	}
	info, err := os.Stat(name)
	return err == nil && os.SameFile(info, stdout)
}

func (s *session) stdoutInfo() (fs.FileInfo, bool) {
	f, ok := s.stdout.(*os.File)
	if !ok {
		return nil, false
	}
	info, err := f.Stat()
	return info, err == nil
}

// checkStdout refuses results that would go into a file that the command reads.
func (s *session) checkStdout(in *input, model string) error {
	if info, ok := s.stdoutInfo(); !ok || !info.Mode().IsRegular() {
		return nil
	}
	return checkOutput(stdoutName, in, model)
}

// stdoutName is a path of standard output. Windows has none.
const stdoutName = "/dev/stdout"

// checkOutput refuses a file as output that the command reads, whatever its name.
func checkOutput(name string, in *input, model string) error {
	if info, err := os.Stat(name); err == nil && in != nil && in.info != nil && info.Mode().IsRegular() && os.SameFile(info, in.info) {
		return fmt.Errorf("%s: %w: it is the input %s", name, weights.ErrSameFile, in.name)
	}
	if model == "" || model == pocketModel {
		return nil
	}
	return weights.CheckOutput(name, model)
}
