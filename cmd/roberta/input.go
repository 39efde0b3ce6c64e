package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
)

// An item is a request in its place, or what is wrong with it.
type item struct {
	line int   // from 1; 0 for the command line. Of a table: the row without the header
	at   int   // of a table: the line on which the row begins
	end  int64 // the number of bytes of the input up to the end of the line
	size int64 // the number of bytes of the line
	request
	err error
}

// index is the number of the item's result, from 0.
func (it *item) index() int { return max(it.line-1, 0) }

// locate completes an error with the line that it is about.
func (it *item) locate(err error) error {
	if it.line == 0 {
		return err
	}
	return lineError{cmp.Or(it.at, it.line), err}
}

// A lineError says which line of the input could not be answered.
type lineError struct {
	line int
	err  error
}

func (e lineError) Error() string { return fmt.Sprintf("line %d: %s", e.line, describe(e.err)) }
func (e lineError) Unwrap() error { return e.err }

// errBlank stands for a line with nothing on it. It is no reason to stop.
var errBlank = errors.New("the line is blank")

// A longLineError stands for a line that is not read because of its length.
type longLineError int

func (e longLineError) Error() string {
	return fmt.Sprintf("the line has more than %s bytes", count(int(e)))
}

// inputFlags are common to the commands that take texts.
type inputFlags struct {
	Input       string   `placeholder:"FILE" help:"Read requests from FILE (- is standard input), one JSON object a line, in place of the arguments. FILE.csv and FILE.tsv are tables: the first row names the columns."`
	InputFormat string   `enum:",jsonl,csv,tsv,tsv-quoted" default:"" placeholder:"FORMAT" help:"The format of --input: jsonl, csv, tsv (a quotation mark is a character), or tsv-quoted (as CSV, with tabs). Default: by its name, else jsonl."`
	Columns     []string `placeholder:"MEMBER=COLUMN" help:"The columns of a table that are read, such as text=review,pair=title,id=nr; lists (texts, words, choices, labels, candidates) are several columns, choices=a,choices=b. Default: the columns called id, text, pair, question, context and label."`
	Shard       *string  `placeholder:"I/N" help:"Answer the I-th of every N lines of --input alone, from the I-th on: 1/4, 2/4, 3/4 and 4/4 are all of it, for four processes or machines. Rows of a table are counted without its first row."`
	KeepGoing   bool     `help:"If a line fails, write {\"error\":…} in its place and go on."`
}

// An input yields items as they come.
type input struct {
	file      *os.File // nil if the items do not come from a file
	info      fs.FileInfo
	name      string
	form      string // the lines that the command wants, for messages
	keepGoing bool
	format    string    // formatJSONL or that of a table
	columns   []mapping // of a table; nil: by their names
	shard     shard     // which lines are items
	log       *slog.Logger

	items chan item
	err   error // why reading ended; set before items is closed
	done  chan struct{}

	mu    sync.Mutex
	taken sync.Cond // signaled when an item is taken from items
	ahead int64     // bytes of the lines in items
}

// newInput makes an input without items. open and read send them.
func newInput(f *inputFlags, form string, log *slog.Logger) *input {
	in := &input{name: f.Input, form: form, keepGoing: f.KeepGoing, format: cmp.Or(f.InputFormat, inputFormat(f.Input)), shard: whole, log: log, items: make(chan item, linesAhead), done: make(chan struct{})}
	in.taken.L = &in.mu
	return in
}

// open opens the input. args is the request of the command line, nil if it has
// none; form shows the lines that the command wants.
func (f *inputFlags) open(s *session, args *request, form string) (*input, error) {
	in := newInput(f, form, s.log)
	var err error
	if in.columns, err = parseColumns(f.Columns); err != nil {
		return nil, err
	}
	if f.Shard != nil {
		if in.shard, err = parseShard(*f.Shard); err != nil {
			return nil, err
		}
	}
	switch {
	case f.Input == "" && f.Shard != nil:
		return nil, usagef("--shard is of --input, which is missing")
	case f.Input == "" && f.InputFormat != "":
		return nil, usagef("--input-format is of --input, which is missing")
	case in.columns != nil && in.format == formatJSONL:
		return nil, usagef("--columns are of a table: want --input FILE.csv or FILE.tsv, or --input-format")
	case f.Input != "" && args != nil:
		return nil, usagef("--input %s replaces the arguments: give one or the other", f.Input)
	case f.Input == "" && args == nil:
		return nil, usagef("nothing to do: give arguments, or --input FILE")
	case args != nil:
		go in.send(args)
		return in, nil
	case f.Input == "-":
		in.name = "standard input"
		file, ok := s.stdin.(*os.File)
		if !ok {
			go in.read(s.stdin)
			return in, nil
		}
		in.file = file
		if in.info, err = file.Stat(); err != nil {
			return nil, err
		}
	default:
		if in.info, err = os.Stat(f.Input); err != nil {
			return nil, err
		}
		if in.info.Mode()&fs.ModeNamedPipe != 0 {
			// Opening a pipe waits for a writer, and cannot be interrupted.
			go func() {
				file, err := os.Open(f.Input)
				if err != nil {
					in.err = err
					close(in.items)
					return
				}
				defer file.Close()
				in.read(file)
			}()
			return in, nil
		}
		if in.file, err = os.Open(f.Input); err != nil {
			return nil, err
		}
	}
	if err := in.check(s); err != nil {
		in.close()
		return nil, err
	}
	go in.read(in.file)
	return in, nil
}

// send sends the requests of the command line.
func (in *input) send(args *request) {
	defer close(in.items)
	requests := []request{*args}
	if args.each {
		requests = nil
		for _, text := range args.texts {
			requests = append(requests, request{texts: []string{text}})
		}
	}
	for _, r := range requests {
		select {
		case in.items <- item{request: r}:
		case <-in.done:
			return
		}
	}
}

// check refuses files that have no lines, and results that would go into the
// input.
func (in *input) check(s *session) error {
	switch mode := in.info.Mode(); {
	case mode.IsDir():
		return fmt.Errorf("%s is a directory", in.name)
	case mode&fs.ModeDevice != 0 && !isTerminal(in.file):
		if null, err := os.Stat(os.DevNull); err != nil || !os.SameFile(in.info, null) {
			return fmt.Errorf("%s is a device", in.name)
		}
	}
	return s.checkStdout(in, "")
}

// close ends reading.
func (in *input) close() {
	close(in.done)
	in.mu.Lock()
	in.taken.Broadcast()
	in.mu.Unlock()
	if in.file != nil && in.name != "standard input" {
		in.file.Close()
	}
}

// linesAhead and bytesAhead bound what is read before it can be computed. A line of
// more bytes is read once no other line is waiting.
const (
	linesAhead = maxBatch
	bytesAhead = 64 << 20
)

// maxLine is the largest size of a line in bytes. A line without end is an error
// before it fills the memory.
const maxLine = 64 << 20

// errNotReady is returned by next if no item is there and it was told not to wait.
var errNotReady = errors.New("no item yet")

// next returns the next item; at the end io.EOF or why reading failed.
func (in *input) next(ctx context.Context, wait bool) (item, error) {
	take := func(it item, ok bool) (item, error) {
		switch {
		case ok:
			in.mu.Lock()
			in.ahead -= it.size
			in.taken.Signal()
			in.mu.Unlock()
			return it, nil
		case in.err != nil:
			return item{}, in.err
		}
		return item{}, io.EOF
	}
	if err := ctx.Err(); err != nil {
		return item{}, err
	}
	select {
	case it, ok := <-in.items:
		return take(it, ok)
	default:
	}
	if !wait {
		return item{}, errNotReady
	}
	select {
	case it, ok := <-in.items:
		return take(it, ok)
	case <-ctx.Done():
		return item{}, ctx.Err()
	}
}

// read sends the items of r.
func (in *input) read(r io.Reader) {
	defer close(in.items)
	items := in.readItems
	if in.format != formatJSONL {
		items = in.readRows
	}
	in.err = items(r, maxLine, func(it item) bool {
		in.mu.Lock()
		for in.ahead > 0 && in.ahead+it.size > bytesAhead && !in.closed() {
			in.taken.Wait()
		}
		in.ahead += it.size
		in.mu.Unlock()
		select {
		case in.items <- it:
			return true
		case <-in.done:
			return false
		}
	})
}

func (in *input) closed() bool {
	select {
	case <-in.done:
		return true
	default:
		return false
	}
}

// readItems hands the shard's lines of r to yield until it returns false. A byte order
// mark is skipped. A line of more than limit bytes is an error; what follows it is
// read only with --keep-going, because the line may never end. A line of another shard
// costs nothing but reading it.
func (in *input) readItems(r io.Reader, limit int, yield func(item) bool) error {
	br := bufio.NewReaderSize(r, 1<<16)
	at, warned := int64(0), false
	for line := 1; ; line++ {
		if !in.shard.has(line) {
			size, err := skipLine(br)
			if at += size; err == io.EOF {
				return nil
			} else if err != nil {
				return fmt.Errorf("line %d: %w", line, err)
			}
			continue
		}
		data, size, err := readLine(br, limit, in.keepGoing)
		long, isLong := errors.AsType[longLineError](err)
		if err != nil && err != io.EOF && !isLong {
			return fmt.Errorf("line %d: %w", line, err)
		}
		last := err == io.EOF || isLong && !in.keepGoing
		if err == io.EOF && size == 0 {
			return nil
		}
		at += size
		it := item{line: line, end: at, size: int64(len(data))}
		if line == 1 {
			data = bytes.TrimPrefix(data, []byte("\ufeff"))
		}
		switch trimmed := bytes.TrimSpace(data); {
		case isLong:
			it.err = long
		case len(trimmed) == 0:
			it.err = errBlank
		default:
			it.request, it.err = parseRequest(data)
			if it.err == nil && !warned {
				if name := unknownMember(data); name != "" {
					in.log.Warn("ignored a member that no command knows; there may be more", "line", line, "member", clip(name))
					warned = true
				}
			}
			if it.err != nil && trimmed[0] != '{' && !json.Valid(trimmed) {
				it.err = fmt.Errorf("not JSON: plain text is not read, and a table needs --input-format; want lines %s", in.form)
			}
		}
		if !yield(it) || last {
			return nil
		}
	}
}

// readRows is readItems for a table. A row that cannot be read is an error in its place;
// what follows it is read only with --keep-going. Rows are counted without the header.
func (in *input) readRows(r io.Reader, limit int, yield func(item) bool) error {
	t, err := newTableReader(r, in.format, in.columns, limit)
	if err != nil {
		return err
	}
	if unused := t.unused(); in.columns == nil && len(unused) > 0 {
		in.log.Warn("ignored columns that no command knows; --columns says which ones are read", "columns", clip(strings.Join(unused, ", ")))
	}
	end, warned := int64(0), false
	for row := 1; ; row++ {
		request, line, size, err := t.read()
		_, its := errors.AsType[rowError](err)
		switch {
		case err == io.EOF:
			return nil
		case err != nil && !its:
			return err
		}
		if !in.shard.has(row) {
			end += size
			continue
		}
		if !warned && in.format == formatTSV && slices.ContainsFunc(request.texts, isQuoted) {
			in.log.Warn("a field has quotation marks around it, which are read as a part of it; --input-format tsv-quoted takes them away", "line", line)
			warned = true
		}
		end += size
		if !yield(item{line: row, at: line, end: end, size: size, request: request, err: err}) || its && !in.keepGoing {
			return nil
		}
	}
}

// isQuoted says whether a text has quotation marks around it.
func isQuoted(text string) bool {
	return len(text) > 1 && text[0] == '"' && text[len(text)-1] == '"'
}

// skipLine reads to the end of the line and returns its size. The last one may lack its
// line feed; it comes with io.EOF.
func skipLine(r *bufio.Reader) (size int64, err error) {
	for {
		part, err := r.ReadSlice('\n')
		size += int64(len(part))
		if err != bufio.ErrBufferFull {
			return size, err
		}
	}
}

// readLine reads to the end of the line and returns it and its size. The last one
// may lack its line feed; it comes with io.EOF. A line of more than limit bytes is
// a longLineError; with skip it is read to its end, though not kept.
func readLine(r *bufio.Reader, limit int, skip bool) (line []byte, size int64, err error) {
	for {
		part, err := r.ReadSlice('\n')
		size += int64(len(part))
		if size <= int64(limit) {
			line = append(line, part...)
		} else {
			line = nil
			if !skip {
				return nil, size, longLineError(limit)
			}
		}
		switch {
		case err == bufio.ErrBufferFull:
		case size > int64(limit) && (err == nil || err == io.EOF):
			return nil, size, longLineError(limit)
		default:
			return line, size, err
		}
	}
}

// stopped adds to the error of a context how many lines were answered.
func (in *input) stopped(ctx context.Context, err error, done int) error {
	if ctx.Err() == nil || in.name == "" {
		return err
	}
	switch total := in.lines(); {
	case total > 0:
		return stopped(err, "after %s of %s lines", count(done), count(in.shard.count(total)))
	case done == 1:
		return stopped(err, "after 1 line")
	}
	return stopped(err, "after %s lines", count(done))
}

// maxCount is how many bytes are read to count lines.
const maxCount = 1 << 30

// lines counts the lines of a file of at most maxCount bytes. It returns 0 for other
// inputs.
func (in *input) lines() int {
	if in.file == nil || in.format != formatJSONL || !in.info.Mode().IsRegular() || in.info.Size() > maxCount {
		return 0
	}
	n, last := 0, byte('\n')
	buf := make([]byte, 1<<20)
	for at := int64(0); ; {
		k, err := in.file.ReadAt(buf, at)
		if k > 0 {
			n, last = n+bytes.Count(buf[:k], []byte{'\n'}), buf[k-1]
			at += int64(k)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return 0
		}
	}
	if last != '\n' {
		n++
	}
	return n
}
