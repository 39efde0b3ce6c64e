package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/goroberta/goroberta/internal/filelock"
)

// A resumed is the file of results of a run that goes on after an earlier one. Nothing
// in it is ever changed: results are added to it. Its last result that is no error, and
// what follows it, is answered again and must come out as it stands there, so that
// another model, other flags or another input do not go unnoticed. What an interrupted
// run left of a line is completed in this way.
type resumed struct {
	name  string
	file  *os.File
	old   *bufio.Reader // the lines that are skipped, for their ids
	skip  int           // how many they are
	done  int           // of them so far
	wrong int           // of them with an error

	lines int           // complete lines in the file
	again *bufio.Reader // the part of the file that is answered again
	left  int64         // how many bytes of it are still to come out
}

// maxResult bounds a line of results that is read again.
const maxResult = 1 << 30

// openResumed opens the results of an earlier run, or makes the file.
func openResumed(name string, in *input, model string) (r *resumed, err error) {
	if err := checkOutput(name, in, model); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file: --resume adds to one", name)
	}
	if locked, err := filelock.TryLock(f); err == nil && !locked {
		return nil, fmt.Errorf("%s: another process adds results to it", name)
	} else if err != nil && !errors.Is(err, filelock.ErrUnsupported) {
		return nil, err
	}
	r = &resumed{name: name, file: f}
	return r, r.scan()
}

// scan finds the line from which on requests are answered again.
func (r *resumed) scan() error {
	br := bufio.NewReaderSize(r.file, 1<<16)
	var at, from int64
	for {
		line, size, err := readLine(br, maxResult, false)
		if err != nil && err != io.EOF {
			return fmt.Errorf("%s: line %d: %w", r.name, r.lines+1, err)
		}
		if err == io.EOF {
			if size > 0 && line[0] != '{' {
				return r.foreign(r.lines + 1)
			}
			at += size
			break
		}
		v, ok := parseResult(line)
		if !ok {
			return r.foreign(r.lines + 1)
		}
		if v.Error == nil {
			r.skip, from = r.lines, at
		}
		r.lines, at = r.lines+1, at+size
	}
	r.old = bufio.NewReader(io.NewSectionReader(r.file, 0, from))
	r.again, r.left = bufio.NewReader(io.NewSectionReader(r.file, from, at-from)), at-from
	_, err := r.file.Seek(at, io.SeekStart)
	return err
}

func (r *resumed) foreign(line int) error {
	return fmt.Errorf("%s: line %d is no result of this command: --resume adds to a file of results", r.name, line)
}

// A result is what of a line of results counts here.
type result struct {
	ID    json.RawMessage `json:"id"`
	Error *string         `json:"error"`
}

func parseResult(line []byte) (v result, ok bool) {
	return v, len(line) > 0 && line[0] == '{' && json.Unmarshal(line, &v) == nil
}

// skips says whether a request was answered by the earlier run. Their ids must be
// the same.
func (r *resumed) skips(it *item) (bool, error) {
	if r.done == r.skip {
		return false, nil
	}
	r.done++
	line, _, err := readLine(r.old, maxResult, false)
	if err != nil {
		return false, fmt.Errorf("%s: line %d: %w", r.name, r.done, err)
	}
	v, ok := parseResult(line)
	if !ok {
		return false, r.foreign(r.done)
	}
	var id bytes.Buffer
	if it.id != nil {
		if err := json.Compact(&id, it.id); err != nil {
			return false, err
		}
	}
	if !bytes.Equal(v.ID, escapeControls(id.Bytes())) {
		return false, it.locate(fmt.Errorf("its id is not that of line %d of %s: they are results of another input", r.done, r.name))
	}
	if v.Error != nil {
		r.wrong++
	}
	return true, nil
}

// end is an error if the file has more results than there were requests.
func (r *resumed) end(requests int) error {
	if r.done < r.skip || r.left > 0 {
		return fmt.Errorf("%s has %d results, and the input %d requests: they are results of another input", r.name, r.lines, requests)
	}
	return nil
}

// Write adds results after what the file has already, which must be the same.
func (r *resumed) Write(p []byte) (int, error) {
	n := int(min(int64(len(p)), r.left))
	there := make([]byte, n)
	if _, err := io.ReadFull(r.again, there); err != nil {
		return 0, fatalError{fmt.Errorf("%s: %w", r.name, err)}
	}
	if !bytes.Equal(p[:n], there) {
		return 0, fatalError{fmt.Errorf("%s: line %d, or what follows it, is not what comes out now: it was written with another model, other flags, another version or another input", r.name, r.skip+1)}
	}
	r.left -= int64(n)
	k, err := r.file.Write(p[n:])
	return n + k, err
}

func (r *resumed) close() error { return r.file.Close() }
