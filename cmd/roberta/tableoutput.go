package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// A table writes results as rows of CSV or TSV. What is an object a line becomes:
//
//   - the columns "row", the result's line from 1, "id" and last "error", which are
//     always there;
//   - a column for each member, named like it. A list of objects gives a row for each of
//     them, with a column for each of its members; a result whose list is empty has one
//     row, with these cells empty. All other lists and objects are a cell of JSON;
//   - a list of numbers with the tag `table:"columns"` is a column for each, NAME.0,
//     NAME.1 and so on, as many as the first result has.
type table struct {
	w      *csv.Writer
	tabs   bool // TSV as it is read: without quotation marks
	header []string
	n      int        // results so far
	shard  shard      // of the input, whose lines number the results
	early  [][]string // errors before the first result, which makes the header
}

// goOn begins with the results of a part of an input, after those of an earlier run if
// that is not nil.
func (t *table) goOn(part shard, earlier *resumed) {
	t.shard = part
	if earlier != nil && earlier.header != nil {
		t.header, t.n = earlier.header, earlier.skip
	}
}

// maxEarly bounds the errors that are kept before the first result.
const maxEarly = 1000

// A tabular is a result that stands as another object in a table.
type tabular interface{ table() any }

// A column is a name, with its cell in a row.
type column struct{ name, cell string }

// write writes a result or an errorLine.
func (t *table) write(id json.RawMessage, v any) error {
	t.n++
	lead := []string{fmt.Sprint(t.shard.index(t.n-1) + 1), cell(id)}
	if e, ok := v.(errorLine); ok {
		if t.header == nil {
			if len(t.early) == maxEarly {
				return fatalError{fmt.Errorf("the first %d requests failed; a table needs a result for its columns", maxEarly)}
			}
			t.early = append(t.early, append(lead, e.Error))
			return nil
		}
		return t.failed(append(lead, e.Error))
	}
	if r, ok := v.(tabular); ok {
		v = r.table()
	}
	all, err := flatten(reflect.ValueOf(v))
	if err != nil {
		return err
	}
	if t.header == nil {
		t.header = []string{"row", "id"}
		for _, c := range all[0] {
			t.header = append(t.header, c.name)
		}
		t.header = append(t.header, "error")
		if err := t.row(t.header); err != nil {
			return err
		}
		for _, e := range t.early {
			if err := t.failed(e); err != nil {
				return err
			}
		}
		t.early = nil
	}
	for _, columns := range all {
		row := lead[:2:2]
		for i, c := range columns {
			if i+3 >= len(t.header) || t.header[i+2] != c.name {
				return fatalError{fmt.Errorf("result %d has a column %.100q that the first result does not have: use --output-format jsonl", t.n, c.name)}
			}
			row = append(row, c.cell)
		}
		if len(row)+1 != len(t.header) {
			return fatalError{fmt.Errorf("result %d has %d columns, the first result has %d: use --output-format jsonl", t.n, len(row)-2, len(t.header)-3)}
		}
		if err := t.row(append(row, "")); err != nil {
			return err
		}
	}
	return nil
}

// failed writes the row of an error: its place, id and message.
func (t *table) failed(e []string) error {
	row := make([]string, len(t.header))
	copy(row, e[:2])
	row[len(row)-1] = e[2]
	return t.row(row)
}

func (t *table) row(fields []string) error {
	if t.tabs {
		for _, f := range fields {
			if strings.ContainsAny(f, "\t\r\n") {
				return fatalError{fmt.Errorf("result %d has a tab or a line break in a field, which TSV cannot hold: use --output-format csv", t.n)}
			}
		}
	}
	return t.w.Write(fields)
}

// end writes what is left: errors, if there was no result at all.
func (t *table) end() error {
	if len(t.early) > 0 {
		t.header = []string{"row", "id", "error"}
		if err := t.row(t.header); err != nil {
			return err
		}
		for _, e := range t.early {
			if err := t.failed(e); err != nil {
				return err
			}
		}
		t.early = nil
	}
	t.w.Flush()
	return t.w.Error()
}

// flatten makes rows of a result: at least one.
func flatten(v reflect.Value) (all [][]column, err error) {
	v = follow(v)
	var columns []column
	list, lists := -1, 0 // where the cells of a list's objects belong
	var objects reflect.Value
	for i := range v.NumField() {
		name, skip := jsonName(v.Type().Field(i))
		f := v.Field(i)
		switch {
		case skip:
		case isObjects(f.Type()):
			list, objects = len(columns), f
			lists++
		case v.Type().Field(i).Tag.Get("table") == "columns":
			for k := range f.Len() {
				c, err := cellOf(f.Index(k))
				if err != nil {
					return nil, err
				}
				columns = append(columns, column{fmt.Sprintf("%s.%d", name, k), c})
			}
		default:
			c, err := cellOf(f)
			if err != nil {
				return nil, err
			}
			columns = append(columns, column{name, c})
		}
	}
	switch {
	case lists == 0:
		return [][]column{columns}, nil
	case lists > 1:
		return nil, fatalError{fmt.Errorf("a result with %d lists is no table: use --output-format jsonl", lists)}
	}
	insert := func(cells []column) []column {
		row := make([]column, 0, len(columns)+len(cells))
		return append(append(append(row, columns[:list]...), cells...), columns[list:]...)
	}
	if objects.Len() == 0 {
		var empty []column
		t := objects.Type().Elem()
		for i := range t.NumField() {
			if name, skip := jsonName(t.Field(i)); !skip {
				empty = append(empty, column{name: name})
			}
		}
		return [][]column{insert(empty)}, nil
	}
	for i := range objects.Len() {
		cells, err := flatten(objects.Index(i))
		if err != nil {
			return nil, err
		}
		if len(cells) > 1 {
			return nil, fatalError{fmt.Errorf("a result with lists in lists is no table: use --output-format jsonl")}
		}
		all = append(all, insert(cells[0]))
	}
	return all, nil
}

// follow follows interfaces and pointers.
func follow(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	return v
}

// isObjects says whether a type is a list of objects without a form of their own.
func isObjects(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct && !t.Elem().Implements(reflect.TypeFor[json.Marshaler]())
}

// jsonName is the name of a field in JSON.
func jsonName(f reflect.StructField) (name string, skip bool) {
	name, _, _ = strings.Cut(f.Tag.Get("json"), ",")
	if name == "" {
		name = f.Name
	}
	return name, name == "-" || !f.IsExported()
}

// cellOf is the cell of a value: a string as it is, nothing for null, else JSON.
func cellOf(v reflect.Value) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v.Interface()); err != nil {
		return "", err
	}
	return cell(bytes.TrimSpace(b.Bytes())), nil
}

// cell is the cell of a value in JSON.
func cell(raw json.RawMessage) string {
	if len(raw) == 0 || string(raw) == "null" {
		return ""
	}
	var s string
	if raw[0] == '"' && json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}
