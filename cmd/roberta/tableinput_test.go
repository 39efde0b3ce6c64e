package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// tableItems reads the items of a table.
func tableItems(table, format string, keepGoing bool, columns ...string) (its []item, log string, err error) {
	var b bytes.Buffer
	in := newInput(&inputFlags{KeepGoing: keepGoing, InputFormat: format}, textForm, slog.New(slog.NewTextHandler(&b, nil)))
	if in.columns, err = parseColumns(columns); err != nil {
		return nil, "", err
	}
	err = in.readRows(strings.NewReader(table), 1000, func(it item) bool { its = append(its, it); return true })
	return its, b.String(), err
}

func TestReadRows(t *testing.T) {
	text := func(line, at int, id string, texts ...string) item {
		it := item{line: line, at: at, request: request{texts: texts}}
		if id != "" {
			it.id = json.RawMessage(id)
		}
		return it
	}
	for _, tt := range []struct {
		name, format, table string
		columns             []string
		want                []item
		err                 string // part of the message of the last item, or of all
		log                 string
	}{
		{"by name", formatCSV, "\ufeffid,pair,text\r\n1,b,a\r\n\"x\"\"y\",,\"c\nd,\"\n", nil, []item{text(1, 2, `"1"`, "a", "b"), text(2, 3, `"x\"y"`, "c\nd,", "")}, "", ""},
		{"lines are counted", formatCSV, "text\n\"a\nb\"\n\nc\n", nil, []item{text(1, 2, "", "a\nb"), text(2, 5, "", "c")}, "", ""},
		{"line breaks in a cell stay", formatCSV, "text,pair\r\n\"a\r\nb\"\"\r\n\",\"c\nd\"\r\n\r\ne,\"\r\r\n\"\r\n", nil, []item{text(1, 2, "", "a\r\nb\"\r\n", "c\nd"), text(2, 7, "", "e", "\r\r\n")}, "", ""},
		{"mapped", formatCSV, "n,review,text\n7,a,b\n", []string{"text=review", "id=n"}, []item{text(1, 2, `"7"`, "a")}, "", ""},
		{"lists", formatCSV, "p,a,b\nq,x,y\n", []string{"text=p", "choices=a", "choices=b"}, []item{{line: 1, at: 2, request: request{texts: []string{"q"}, choices: []string{"x", "y"}}}}, "", ""},
		{"words", formatCSV, "a,b\nx,y\n", []string{"words=b", "words=a"}, []item{{line: 1, at: 2, request: request{words: []string{"y", "x"}, hasWords: true}}}, "", ""},
		{"label", formatTSV, "text\tlabel\nx\t2\n", nil, []item{{line: 1, at: 2, request: request{texts: []string{"x"}, label: json.RawMessage(`"2"`)}}}, "", ""},
		{"plain tabs", formatTSV, "text\tpair\n\"a\tb\"\"\n", nil, []item{text(1, 2, "", `"a`, `b""`)}, "", ""},
		{"quoted tabs", formatQuoted, "text\tpair\n\"a\tc\"\tb\n", nil, []item{text(1, 2, "", "a\tc", "b")}, "", ""},
		{"quotes are told", formatTSV, "text\n\"a\"\n\"b\"\n", nil, []item{text(1, 2, "", `"a"`), text(2, 3, "", `"b"`)}, "", "tsv-quoted"},
		{"unused columns are told", formatCSV, "text,x,y\na,1,2\n", nil, []item{text(1, 2, "", "a")}, "", `x, y`},
		{"an empty cell is a text", formatTSV, "text\n\nb", nil, []item{text(1, 2, "", ""), text(2, 3, "", "b")}, "", ""},

		{"empty", formatCSV, "", nil, nil, "no header", ""},
		{"no text", formatCSV, "a,b\n", nil, nil, `it has "a", "b": --columns text=NAME`, ""},
		{"no such column", formatCSV, "a,b\n", []string{"text=c"}, nil, `no column "c"; it has "a", "b"`, ""},
		{"twice", formatCSV, "text,text\n", nil, nil, `two columns "text"`, ""},
		{"no text mapped", formatCSV, "a\n", []string{"id=a"}, nil, "names no column with a text", ""},
		{"no such member", formatCSV, "a\n", []string{"body=a"}, nil, `no member is called "body"`, ""},
		{"member twice", formatCSV, "a,b\n", []string{"text=a", "text=b"}, nil, `given two columns`, ""},
		{"few fields", formatCSV, "text,pair\na\n", nil, []item{{}}, "a row of 1 fields, the header has 2", ""},
		{"many fields", formatTSV, "text\na\tb\n", nil, []item{{}}, "a row of 2 fields, the header has 1", ""},
		{"bare quote", formatCSV, "text\nab\"c\n", nil, []item{{}}, "line 2, byte 3: a quotation mark", ""},
		{"not UTF-8", formatCSV, "text\n\xff\n", nil, []item{{}}, `column "text" is not UTF-8`, ""},
		{"UTF-16", formatCSV, "\xff\xfet\x00", nil, nil, "UTF-16", ""},
		{"no end", formatCSV, "text\n\"" + strings.Repeat("a", 1<<18), nil, nil, "a quotation mark may be missing", ""},
		{"long line", formatTSV, "text\n" + strings.Repeat("a", 2000) + "\n", nil, []item{{}}, "more than 1,000 bytes", ""},
	} {
		its, log, err := tableItems(tt.table, tt.format, false, tt.columns...)
		if tt.err != "" {
			for _, it := range its {
				if it.err != nil {
					err = it.err
				}
			}
			if err == nil || !strings.Contains(err.Error(), tt.err) || len(its) != len(tt.want) {
				t.Errorf("%s: %d items, %v; want %d and an error with %q", tt.name, len(its), err, len(tt.want), tt.err)
			}
			continue
		}
		for i := range its {
			its[i].size, its[i].end = 0, 0
		}
		if err != nil || !reflect.DeepEqual(its, tt.want) {
			t.Errorf("%s: %+v, %v; want %+v", tt.name, its, err, tt.want)
		}
		if (log != "") != (tt.log != "") || !strings.Contains(log, tt.log) || strings.Count(log, "\n") > 1 {
			t.Errorf("%s: log %q, want one line with %q", tt.name, log, tt.log)
		}
	}
	its, _, err := tableItems("text,pair\na\nb,c\n", formatCSV, true)
	if err != nil || len(its) != 2 || its[0].err == nil || its[1].err != nil {
		t.Errorf("a bad row with --keep-going: %+v, %v", its, err)
	}
}

// FuzzReadRows writes what was read as a table again, which must give the same.
func FuzzReadRows(f *testing.F) {
	f.Add("text,pair,id\na,b,c\n", false)
	f.Add("text\r\n\"a\"\"\n\"\r\nb", false)
	f.Add("text\tlabel\n\"a\tb\n", true)
	f.Add("question,context,x\n\"a\n", false)
	f.Add("question,context,text,pair,id\r\n\"a\r\nb\",\"\n\",c,\"\r\r\n\"\"\",1\r\n", false)
	f.Fuzz(func(t *testing.T, table string, tabs bool) {
		format := formatCSV
		if tabs {
			format = formatTSV
		}
		its, _, err := tableItems(table, format, true)
		if err != nil {
			return
		}
		var again bytes.Buffer
		w := csv.NewWriter(&again)
		w.Write([]string{"id", "text", "pair", "question", "context"})
		var want []item
		for i, it := range its {
			if it.line != i+1 || it.at < 2 {
				t.Fatalf("row %d is numbered %d, on line %d", i, it.line, it.at)
			}
			if it.err != nil {
				if msg := describe(it.locate(it.err)); strings.ContainsAny(msg, "\r\n") {
					t.Fatalf("the error is no line: %q", msg)
				}
				continue
			}
			for _, text := range it.texts {
				if !utf8.ValidString(text) {
					t.Fatalf("%q is not UTF-8", text)
				}
			}
			if len(it.texts) != 2 || it.question == nil || it.context == nil || it.id == nil || it.label != nil {
				continue
			}
			var id string
			if err := json.Unmarshal(it.id, &id); err != nil {
				t.Fatal(err)
			}
			w.Write([]string{id, it.texts[0], it.texts[1], *it.question, *it.context})
			it.line, it.at, it.size, it.end = len(want)+1, 0, 0, 0
			want = append(want, it)
		}
		w.Flush()
		got, _, err := tableItems(again.String(), formatCSV, true)
		for i := range got {
			got[i].at, got[i].size, got[i].end = 0, 0, 0
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("read again: %+v, %v; want %+v", got, err, want)
		}
	})
}
