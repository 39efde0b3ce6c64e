package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// results reads the complete results of a file that an earlier run wrote.
type results struct {
	*resumed
	lines  *bufio.Reader // of JSON; nil for a table
	rows   *csv.Reader
	read   *boundedReader
	end    int64    // of the file
	at     int64    // of what is read next
	n      int      // results so far
	header []string // of a table; nil before the first result
	ahead  []string // the first row of the next result
}

// A result is what of a result counts here.
type result struct {
	id     string // as it is written; "" if there is none
	failed bool
	at     int64 // where it begins
}

// results reads the file up to a place.
func (r *resumed) results(end int64) *results {
	o := &results{resumed: r, end: end}
	from := io.NewSectionReader(r.file, 0, end)
	if r.format == formatJSONL {
		o.lines = bufio.NewReaderSize(from, 1<<16)
		return o
	}
	o.read = &boundedReader{r: from, limit: maxResult}
	o.rows = csv.NewReader(o.read)
	if r.format == formatTSV {
		o.rows.Comma = '\t'
	}
	return o
}

// unit is what a result is called in messages.
func (o *results) unit() string {
	if o.lines != nil {
		return "line"
	}
	return "result"
}

func (o *results) foreign() error {
	return fmt.Errorf("%s: %s %d is no result of this command: --resume adds to a file of results", o.name, o.unit(), o.n+1)
}

// next returns the next result, and io.EOF if what is left is not a whole one.
func (o *results) next() (v result, err error) {
	if o.lines != nil {
		v, err = o.nextLine()
	} else {
		v, err = o.nextRows()
	}
	if err == nil {
		o.n++
	}
	return v, err
}

func (o *results) nextLine() (v result, err error) {
	line, size, err := readLine(o.lines, maxResult, false)
	if err != nil && err != io.EOF {
		return v, fmt.Errorf("%s: line %d: %w", o.name, o.n+1, err)
	}
	if err == io.EOF {
		if size > 0 && line[0] != '{' {
			return v, o.foreign()
		}
		return v, io.EOF
	}
	var members struct {
		ID    json.RawMessage `json:"id"`
		Error *string         `json:"error"`
	}
	if line[0] != '{' || json.Unmarshal(line, &members) != nil {
		return v, o.foreign()
	}
	v = result{string(members.ID), members.Error != nil, o.at}
	o.at += size
	return v, nil
}

// nextRows reads the rows of a result: those that have its number.
func (o *results) nextRows() (v result, err error) {
	if o.header == nil {
		header, err := o.row()
		if err != nil {
			return v, err
		}
		if n := len(header); n < 3 || header[0] != "row" || header[1] != "id" || header[n-1] != "error" {
			return v, o.foreign()
		}
		o.header, o.at = header, o.rows.InputOffset()
		if o.ahead, err = o.row(); err != nil {
			return v, err
		}
	}
	if o.ahead == nil {
		return v, io.EOF
	}
	number := strconv.Itoa(o.shard.index(o.n) + 1)
	if o.ahead[0] != number {
		return v, o.foreign()
	}
	v = result{o.ahead[1], o.ahead[len(o.ahead)-1] != "", o.at}
	for o.ahead != nil && o.ahead[0] == number {
		o.at = o.rows.InputOffset()
		if o.ahead, err = o.row(); err != nil && err != io.EOF {
			return v, err
		}
	}
	return v, nil
}

// row reads a row. One that does not end is none: it is io.EOF.
func (o *results) row() ([]string, error) {
	o.read.read = 0
	row, err := o.rows.Read()
	at := o.rows.InputOffset()
	o.read.cut(at, at) // what was read is not needed again
	whole := at < o.end
	if at == o.end && at > 0 {
		last := make([]byte, 1)
		if _, err := o.file.ReadAt(last, at-1); err != nil {
			return nil, err
		}
		// A quotation mark that is still open is an error at the end, whatever that ends with.
		whole = last[0] == '\n' && !errors.Is(err, csv.ErrQuote)
	}
	_, format := errors.AsType[*csv.ParseError](err)
	switch {
	case err == io.EOF || !whole && (err == nil || format):
		return nil, io.EOF
	case format:
		return nil, o.foreign()
	case err != nil:
		return nil, fmt.Errorf("%s: result %d: %w", o.name, o.n+1, err)
	}
	return row, nil
}

// idOf is a request's id as results have it.
func (o *results) idOf(it *item) (string, error) {
	if o.lines == nil {
		return strings.ReplaceAll(cell(it.id), "\r\n", "\n"), nil // as package csv reads it
	}
	if it.id == nil {
		return "", nil
	}
	var id bytes.Buffer
	if err := json.Compact(&id, it.id); err != nil {
		return "", err
	}
	return string(escapeControls(id.Bytes())), nil
}
