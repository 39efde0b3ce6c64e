package main

import (
	"bufio"
	"bytes"
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
	name   string
	format string
	shard  shard // of the input, whose lines number the rows of a table
	file   *os.File
	old    *results // those that are skipped
	skip   int      // how many they are
	done   int      // of them so far
	wrong  int      // of them with an error
	header []string // of a table whose beginning is skipped; nil: it is not

	lines int           // complete results in the file
	again *bufio.Reader // the part of the file that is answered again
	left  int64         // how many bytes of it are still to come out
}

// maxResult bounds a line or row of results that is read again.
const maxResult = 1 << 30

// openResumed opens the results of an earlier run, or makes the file.
func openResumed(name, format string, in *input, model string) (r *resumed, err error) {
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
	r = &resumed{name: name, format: format, shard: in.shard, file: f}
	return r, r.scan(info.Size())
}

// scan finds the result from which on requests are answered again.
func (r *resumed) scan(size int64) error {
	all := r.results(size)
	from := int64(0)
	for {
		v, err := all.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if !v.failed {
			r.skip, from = r.lines, v.at
		}
		r.lines++
	}
	if from > 0 {
		r.header = all.header
	}
	r.old = r.results(from)
	r.again, r.left = bufio.NewReader(io.NewSectionReader(r.file, from, size-from)), size-from
	_, err := r.file.Seek(size, io.SeekStart)
	return err
}

// skips says whether a request was answered by the earlier run. Their ids must be
// the same.
func (r *resumed) skips(it *item) (bool, error) {
	if r.done == r.skip {
		return false, nil
	}
	r.done++
	v, err := r.old.next()
	if err != nil {
		return false, err
	}
	id, err := r.old.idOf(it)
	if err != nil {
		return false, err
	}
	if v.id != id {
		return false, it.locate(fmt.Errorf("its id is not that of %s %d of %s: they are results of another input", r.old.unit(), r.done, r.name))
	}
	if v.failed {
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
		return 0, fatalError{fmt.Errorf("%s: %s %d, or what follows it, is not what comes out now: it was written with another model, other flags, another version or another input", r.name, r.old.unit(), r.skip+1)}
	}
	r.left -= int64(n)
	k, err := r.file.Write(p[n:])
	return n + k, err
}

func (r *resumed) close() error { return r.file.Close() }
