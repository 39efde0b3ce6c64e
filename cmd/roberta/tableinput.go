package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// The formats of an input.
const (
	formatJSONL  = "jsonl"
	formatCSV    = "csv"
	formatTSV    = "tsv"
	formatQuoted = "tsv-quoted"
)

// inputFormat is the format of an input by its name.
func inputFormat(name string) string {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".csv":
		return formatCSV
	case ".tsv", ".tab":
		return formatTSV
	}
	return formatJSONL
}

// cellMembers are the members of a request that one cell of a table can hold, and
// listMembers those that several columns make up.
var (
	cellMembers = []string{"id", "text", "pair", "question", "context", "label"}
	listMembers = []string{"texts", "words", "choices", "labels", "candidates"}
)

// A mapping says which columns of a table a member of a request comes from.
type mapping struct {
	member  string
	columns []string
}

// parseColumns reads the values of --columns, MEMBER=COLUMN.
func parseColumns(columns []string) (maps []mapping, err error) {
	for _, c := range columns {
		member, column, ok := strings.Cut(c, "=")
		member = strings.TrimSpace(member)
		switch {
		case !ok || column == "":
			return nil, usagef("--columns %.100s: want MEMBER=COLUMN, such as text=review", c)
		case !slices.Contains(cellMembers, member) && !slices.Contains(listMembers, member):
			return nil, usagef("--columns %.100s: no member is called %.100q; there are %s", c, member, strings.Join(slices.Concat(cellMembers, listMembers), ", "))
		}
		at := slices.IndexFunc(maps, func(m mapping) bool { return m.member == member })
		switch {
		case at < 0:
			maps = append(maps, mapping{member, []string{column}})
		case slices.Contains(cellMembers, member):
			return nil, usagef("--columns: %q is given two columns", member)
		default:
			maps[at].columns = append(maps[at].columns, column)
		}
	}
	return maps, nil
}

// A cells is where in a row the cells of a member are.
type cells struct {
	member string
	at     []int
}

// A tableReader reads the requests of a table: a header, then a row for each.
type tableReader struct {
	next   func() (fields []string, line int, err error) // the next row, and the line on which it begins
	header []string
	cells  []cells
}

// rowError is an error of a row after which others can be read.
type rowError struct{ error }

func (e rowError) Unwrap() error { return e.error }

// newTableReader reads the header. Names of columns have no white space around them.
func newTableReader(r io.Reader, format string, columns []mapping, limit int) (*tableReader, error) {
	br := bufio.NewReaderSize(r, 1<<16)
	start, _ := br.Peek(3)
	switch {
	case strings.HasPrefix(string(start), "\ufeff"):
		br.Discard(len("\ufeff"))
	case strings.HasPrefix(string(start), "\xff\xfe"), strings.HasPrefix(string(start), "\xfe\xff"):
		return nil, errors.New("the table is UTF-16: want UTF-8")
	}
	t := &tableReader{}
	if format == formatTSV {
		t.next = plainRows(br, limit)
	} else {
		t.next = quotedRows(br, format, limit)
	}
	header, _, err := t.next()
	if err == io.EOF {
		return nil, errors.New("the table has no header: its first row names the columns")
	}
	if err != nil {
		return nil, fmt.Errorf("the table's header: %w", err)
	}
	for _, name := range header {
		t.header = append(t.header, strings.TrimSpace(strings.ToValidUTF8(name, "\ufffd")))
	}
	return t, t.find(columns)
}

// find finds the columns of members: those of a mapping, or without one those that are
// called like members.
func (t *tableReader) find(columns []mapping) error {
	given := columns != nil
	if !given {
		for _, member := range cellMembers {
			if slices.Contains(t.header, member) {
				columns = append(columns, mapping{member, []string{member}})
			}
		}
	}
	isText := false
	for _, m := range columns {
		c := cells{member: m.member}
		for _, name := range m.columns {
			at := slices.Index(t.header, name)
			switch {
			case at < 0:
				return fmt.Errorf("the table has no column %.100q; it has %s", name, t.names())
			case slices.Contains(t.header[at+1:], name):
				return fmt.Errorf("the table has two columns %.100q", name)
			}
			c.at = append(c.at, at)
		}
		t.cells = append(t.cells, c)
		isText = isText || slices.Contains([]string{"text", "texts", "words", "question"}, m.member)
	}
	if !isText {
		if given {
			return errors.New("--columns names no column with a text: want text=COLUMN, or question, texts or words")
		}
		return fmt.Errorf("the table has no column \"text\" or \"question\"; it has %s: --columns text=NAME says which one holds the text", t.names())
	}
	return nil
}

// names lists the header for messages.
func (t *tableReader) names() string {
	const most = 12
	var names []string
	for i, name := range t.header {
		if i == most {
			names = append(names, fmt.Sprintf("and %d more", len(t.header)-most))
			break
		}
		names = append(names, fmt.Sprintf("%.60q", name))
	}
	return strings.Join(names, ", ")
}

// unused lists the columns that no member comes from.
func (t *tableReader) unused() (names []string) {
	for i, name := range t.header {
		if !slices.ContainsFunc(t.cells, func(c cells) bool { return slices.Contains(c.at, i) }) {
			names = append(names, name)
		}
	}
	return names
}

// read returns the next request, the line on which its row begins, and how many bytes
// it has. A rowError is one of the row alone.
func (t *tableReader) read() (r request, line int, size int64, err error) {
	fields, line, err := t.next()
	for _, f := range fields {
		size += int64(len(f)) + 1
	}
	if err != nil {
		return r, line, size, err
	}
	var v members
	list := func(c cells) *[]*string {
		all := make([]*string, len(c.at))
		for i, at := range c.at {
			all[i] = &fields[at]
		}
		return &all
	}
	if len(fields) != len(t.header) {
		err = rowError{fmt.Errorf("a row of %d fields, the header has %d", len(fields), len(t.header))}
	}
	for _, c := range t.cells {
		if slices.Max(c.at) >= len(fields) {
			continue // it is an error already
		}
		for _, at := range c.at {
			if !utf8.ValidString(fields[at]) {
				return r, line, size, rowError{fmt.Errorf("column %.100q is not UTF-8", t.header[at])}
			}
		}
		cell := &fields[c.at[0]]
		switch c.member {
		case "id":
			v.ID, r.id = jsonString(*cell), jsonString(*cell)
		case "text":
			v.Text = cell
		case "pair":
			v.Pair = cell
		case "question":
			v.Question = cell
		case "context":
			v.Context = cell
		case "label":
			v.Label = jsonString(*cell)
		case "texts":
			v.Texts = list(c)
		case "words":
			v.Words = list(c)
		case "choices":
			v.Choices = list(c)
		case "labels":
			v.Labels = list(c)
		case "candidates":
			v.Candidates = list(c)
		}
	}
	if err != nil {
		return r, line, size, err
	}
	if err := r.fill(&v); err != nil {
		return r, line, size, rowError{err}
	}
	return r, line, size, nil
}

func jsonString(s string) json.RawMessage {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always has a form
	}
	return b
}

// plainRows yields the rows of a table whose fields have tabs between them and nothing
// else: a quotation mark is a character.
func plainRows(br *bufio.Reader, limit int) func() ([]string, int, error) {
	line := 0
	return func() ([]string, int, error) {
		line++
		data, size, err := readLine(br, limit, true)
		if _, long := errors.AsType[longLineError](err); long {
			return nil, line, rowError{err}
		}
		if err != nil && (err != io.EOF || size == 0) {
			return nil, line, err
		}
		row := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
		return strings.Split(row, "\t"), line, nil
	}
}

// quotedRows yields the rows of a table whose fields may have quotation marks around
// them, and then separators and line breaks inside. Blank lines are no rows.
func quotedRows(br *bufio.Reader, format string, limit int) func() ([]string, int, error) {
	bounded := &boundedReader{r: br, limit: limit + br.Size()}
	r := csv.NewReader(bounded)
	r.FieldsPerRecord = -1 // newTableReader's caller compares with the header
	if format == formatQuoted {
		r.Comma = '\t'
	}
	return func() ([]string, int, error) {
		bounded.read = 0
		begin := r.InputOffset()
		fields, err := r.Read()
		if raw := bounded.cut(begin, r.InputOffset()); err == nil {
			fields = withReturns(fields, raw, r.Comma)
		}
		if e, ok := errors.AsType[*csv.ParseError](err); ok {
			if errors.Is(e.Err, csv.ErrQuote) || errors.Is(e.Err, csv.ErrBareQuote) {
				return nil, e.StartLine, rowError{fmt.Errorf("line %d, byte %d: a quotation mark in a field without quotation marks, or not doubled", e.Line, e.Column)}
			}
			err = e.Err
		}
		if err != nil {
			return nil, 0, err
		}
		line, _ := r.FieldPos(0)
		return fields, line, nil
	}
}

// withReturns gives the fields of a row their carriage returns before line feeds, which
// encoding/csv leaves out of fields in quotation marks. raw is the row, whose quotation
// marks are in order.
func withReturns(fields []string, raw []byte, comma rune) []string {
	if !bytes.Contains(raw, []byte("\r\n")) || !slices.ContainsFunc(fields, func(f string) bool { return strings.Contains(f, "\n") }) {
		return fields
	}
	twice, inside := make([]byte, 0, len(raw)+16), false // of two returns one is left
	for i, c := range raw {
		if c == '"' {
			inside = !inside
		}
		if twice = append(twice, c); inside && c == '\r' && i+1 < len(raw) && raw[i+1] == '\n' {
			twice = append(twice, c)
		}
	}
	r := csv.NewReader(bytes.NewReader(twice))
	r.FieldsPerRecord, r.Comma = -1, comma
	if again, err := r.Read(); err == nil && len(again) == len(fields) {
		return again
	}
	return fields
}

// A boundedReader ends with an error where a row goes on for too long: a quotation mark
// that is missing would make one row of the rest of the file.
type boundedReader struct {
	r     io.Reader
	limit int
	read  int    // since the last row
	kept  []byte // what was read and not cut
	at    int64  // where kept begins
}

// cut returns the bytes from begin to end, valid until the next Read, and forgets what is
// before end.
func (b *boundedReader) cut(begin, end int64) []byte {
	part := b.kept[begin-b.at : end-b.at]
	b.kept, b.at = b.kept[end-b.at:], end
	return part
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.read >= b.limit {
		return 0, fmt.Errorf("a row has more than %s bytes; a quotation mark may be missing", count(b.limit))
	}
	n, err := b.r.Read(p[:min(len(p), b.limit-b.read)])
	b.read += n
	b.kept = append(b.kept, p[:n]...)
	return n, err
}
