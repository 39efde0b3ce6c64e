package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

func TestParseRequest(t *testing.T) {
	for _, tt := range []struct {
		line string
		want request
		err  string // part of the message; "" for none
	}{
		{`{"text":"a"}`, request{texts: []string{"a"}}, ""},
		{`{"text":""}`, request{texts: []string{""}}, ""},
		{`{"text":"a","pair":"b"}`, request{texts: []string{"a", "b"}}, ""},
		{`{"texts":["a","b","c"]}`, request{texts: []string{"a", "b", "c"}}, ""},
		{`{"tokens":[0,-1,2]}`, request{tokens: []int{0, -1, 2}, isTokens: true}, ""},
		{`{"tokens":[]}`, request{tokens: []int{}, isTokens: true}, ""},
		{`{"text":"a","words":["b"],"candidates":["c","d"]}`, request{texts: []string{"a"}, words: []string{"b"}, hasWords: true, candidates: []string{"c", "d"}}, ""},
		{`{"text":"a","words":[]}`, request{texts: []string{"a"}, words: []string{}, hasWords: true}, ""},
		{`{"words":["a",""]}`, request{words: []string{"a", ""}, hasWords: true}, ""},
		{`{"words":["a"],"tokens":[1],"text":"a"}`, request{}, `2 of "text"`},
		{`{"text":"a","words":null,"pair":null,"tokens":null}`, request{texts: []string{"a"}}, ""},
		{` {"id":{"x":[1.50]},"text":"\ud800<mask>"} ` + "\r\n", request{id: json.RawMessage(`{"x":[1.50]}`), texts: []string{"\ufffd<mask>"}}, ""},
		{`{"id":null,"text":"a"}`, request{id: json.RawMessage(`null`), texts: []string{"a"}}, ""},
		{"{\"id\":\"\xff\",\"text\":\"a\"}", request{id: json.RawMessage("\"\ufffd\""), texts: []string{"a"}}, ""},

		{``, request{}, "not JSON"},
		{`{`, request{}, "not JSON"},
		{`{"text":"a"} x`, request{}, "not JSON"},
		{`"a"`, request{}, "a JSON string, want an object"},
		{`null`, request{}, `0 of "text"`},
		{`{}`, request{}, `0 of "text"`},
		{`{"sentence":"a"}`, request{}, `0 of "text"`},
		{`{"text":"a","texts":["b"]}`, request{}, `2 of "text"`},
		{`{"pair":"a","tokens":[1]}`, request{}, `"pair" is given without "text"`},
		{`{"texts":[]}`, request{}, `"texts" is empty`},
		{`{"texts":["a",null]}`, request{}, `"texts": element 1 is null`},
		{`{"text":"a","words":[null]}`, request{}, `"words": element 0 is null`},
		{`{"text":"a","candidates":["b",1]}`, request{}, `"candidates" holds a JSON number, want strings in an array`},
		{`{"texts":"a"}`, request{}, `"texts" holds a JSON string, want strings in an array`},
		{`{"text":["a"]}`, request{}, `"text" holds a JSON array, want a string`},
		{`{"tokens":[0,2.5]}`, request{}, `"tokens" holds a JSON number 2.5, want whole numbers in an array`},
		{`{"tokens":[0,null]}`, request{}, `"tokens": element 1 is null`},
		{`{"tokens":["0"]}`, request{}, `"tokens" holds a JSON string`},
		{`{"tokens":[9223372036854775808]}`, request{}, `"tokens" holds a JSON number`},
	} {
		got, err := parseRequest([]byte(tt.line))
		if tt.err == "" {
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("parseRequest(%s) = %+v, %v, want %+v", tt.line, got, err, tt.want)
			}
		} else if err == nil || !strings.Contains(err.Error(), tt.err) {
			t.Errorf("parseRequest(%s) = %+v, %v, want an error with %s", tt.line, got, err, tt.err)
		}
	}
}

func TestUnknownMember(t *testing.T) {
	for line, want := range map[string]string{
		`{}`:                                "",
		` {"text":"a","sentence":"b"}`:      "sentence",
		`{"a \"b":[{"text":1}],"text":"a"}`: `a "b`,
		`{"text":"{\"a\":1,","words":["b","c"],"id":{"x":1,"y":[{"z":2}]}}`: "",
		`{"texts":["a"],"TEXT":null,"te\u0078t":1}`:                         "",
		`{"id":[{"a":1}],"Id":2,"tokens":[0,1],"x":3}`:                      "x",
	} {
		if got := unknownMember([]byte(line)); got != want {
			t.Errorf("unknownMember(%s) = %q, want %q", line, got, want)
		}
	}
}

// testInput is an input that nobody reads yet.
func testInput(keepGoing bool) *input {
	return newInput(&inputFlags{KeepGoing: keepGoing}, textForm, slog.New(slog.DiscardHandler))
}

// items reads all items of r.
func items(r io.Reader) (its []item, err error) {
	err = testInput(false).readItems(r, maxLine, func(it item) bool { its = append(its, it); return true })
	return its, err
}

func TestReadItems(t *testing.T) {
	long := strings.Repeat("long ", 1<<16)
	file := "\ufeff{\"text\":\"a\"}\r\n\n \t\r\n{\"text\":\"" + long + "\"}\nbad\n{\"text\":\"last\"}"
	for name, r := range map[string]io.Reader{
		"whole":  strings.NewReader(file),
		"halves": iotest.HalfReader(strings.NewReader(file)),
		"bytes":  iotest.OneByteReader(strings.NewReader(file)),
	} {
		its, err := items(r)
		if err != nil || len(its) != 6 {
			t.Fatalf("%s: %d items, %v, want 6", name, len(its), err)
		}
		end := int64(0)
		for i, want := range []string{"a", "", "", long, "", "last"} {
			it := its[i]
			text, _ := it.one()
			if it.index() != i || it.line != i+1 || (it.err != nil) != (want == "") || text != want {
				t.Errorf("%s: item %d is index %d, line %d, %d bytes, %v, want %d bytes", name, i, it.index(), it.line, len(text), it.err, len(want))
			}
			if (it.err == errBlank) != (i == 1 || i == 2) {
				t.Errorf("%s: line %d: %v, want an error of a blank line in lines 2 and 3", name, it.line, it.err)
			}
			if end += it.size; it.end != end {
				t.Errorf("%s: line %d ends at %d, want %d", name, it.line, it.end, end)
			}
		}
		if end != int64(len(file)) {
			t.Errorf("%s: the last line ends at %d of %d", name, end, len(file))
		}
	}

	broken := errors.New("the disk is on fire")
	its, err := items(io.MultiReader(strings.NewReader("{\"text\":\"a\"}\n{\"te"), iotest.ErrReader(broken)))
	if len(its) != 1 || !errors.Is(err, broken) || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a reader that breaks: %d items, %v, want 1 and an error of line 2", len(its), err)
	}
}

// zeros never ends and has no line feed.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestReadLine(t *testing.T) {
	for _, tt := range []struct {
		r    io.Reader
		skip bool
		want string
		size int64
		err  error
	}{
		{strings.NewReader("abc\ndef"), false, "abc\n", 4, nil},
		{strings.NewReader("abc"), false, "abc", 3, io.EOF},
		{strings.NewReader(""), false, "", 0, io.EOF},
		{strings.NewReader(strings.Repeat("x", 99) + "\n"), false, strings.Repeat("x", 99) + "\n", 100, nil},
		{strings.NewReader(strings.Repeat("x", 300)), false, "", 112, longLineError(100)},
		{strings.NewReader(strings.Repeat("x", 300)), true, "", 300, longLineError(100)},
		{strings.NewReader(strings.Repeat("x", 299) + "\nabc\n"), true, "", 300, longLineError(100)},
		{zeros{}, false, "", 112, longLineError(100)},
	} {
		got, size, err := readLine(bufio.NewReaderSize(tt.r, 16), 100, tt.skip)
		if string(got) != tt.want || size != tt.size || err != tt.err {
			t.Errorf("readLine = %q, %d, %v, want %q, %d, %v", got, size, err, tt.want, tt.size, tt.err)
		}
	}
}

// TestLongLines: a line beyond the limit costs only itself with --keep-going, and
// without it the rest is not read.
func TestLongLines(t *testing.T) {
	const file = "{\"text\":\"a\"}\n{\"text\":\"much too long\"}\n{\"text\":\"b\"}\n"
	for _, keepGoing := range []bool{false, true} {
		var its []item
		if err := testInput(keepGoing).readItems(strings.NewReader(file), 20, func(it item) bool { its = append(its, it); return true }); err != nil {
			t.Fatal(err)
		}
		want := map[bool]int{false: 2, true: 3}[keepGoing]
		if len(its) != want || its[0].err != nil || its[1].err != longLineError(20) || keepGoing && its[2].texts[0] != "b" {
			t.Errorf("keepGoing %v: items %+v", keepGoing, its)
		}
	}
	its := 0
	if err := testInput(false).readItems(zeros{}, 1<<20, func(it item) bool { its++; return true }); err != nil || its != 1 {
		t.Errorf("an endless line: %d items, %v, want 1", its, err)
	}
}

// TestNext: the reader of an input can tell a slow input from one that ended.
func TestNext(t *testing.T) {
	r, w := io.Pipe()
	in := testInput(false)
	go in.read(r)
	defer in.close()
	if _, err := in.next(t.Context(), false); err != errNotReady {
		t.Errorf("error %v, want errNotReady", err)
	}
	go io.WriteString(w, "{\"text\":\"a\"}\n")
	if it, err := in.next(t.Context(), true); err != nil || it.line != 1 {
		t.Errorf("line %d, %v, want line 1", it.line, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := in.next(ctx, true); err != context.Canceled {
		t.Errorf("error %v, want context.Canceled", err)
	}
	w.Close()
	if _, err := in.next(t.Context(), true); err != io.EOF {
		t.Errorf("error %v, want io.EOF", err)
	}
}

// FuzzLine reads any bytes as an input. What was read is written as JSON again,
// which must read the same, line numbers and all.
func FuzzLine(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		its, err := items(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("a reader without errors: %v", err)
		}
		lines := bytes.Count(data, []byte{'\n'}) + 1
		var again bytes.Buffer
		var want []item
		for line := range bytes.Lines(data) {
			// encoding/json has another way to find such members.
			d := json.NewDecoder(bytes.NewReader(line))
			d.DisallowUnknownFields()
			var v members
			err := d.Decode(&v)
			if json.Unmarshal(line, &v) == nil && bytes.HasPrefix(bytes.TrimSpace(line), []byte("{")) && (unknownMember(line) == "") != (err == nil) && fmt.Sprint(err) != `json: unknown field ""` {
				t.Fatalf("%q has the unknown member %q, but the error is %v", line, unknownMember(line), err)
			}
		}
		for i, it := range its {
			if it.index() != i || it.line != i+1 || it.line > lines {
				t.Fatalf("item %d has index %d and line %d of %d", i, it.index(), it.line, lines)
			}
			if it.id != nil && !(utf8.Valid(it.id) && json.Valid(it.id)) {
				t.Fatalf("line %d: the id %q is not JSON", it.line, it.id)
			}
			if it.err != nil {
				if msg := describe(it.locate(it.err)); strings.ContainsAny(msg, "\r\n") {
					t.Fatalf("the error is no line: %q", msg)
				}
				continue
			}
			if !it.noText() && it.isTokens == (len(it.texts) > 0) {
				t.Fatalf("line %d has %d texts and tokens is %v", it.line, len(it.texts), it.isTokens)
			}
			for _, s := range slices.Concat(it.texts, it.words, it.candidates, it.choices, it.labels) {
				if !utf8.ValidString(s) {
					t.Fatalf("line %d: invalid UTF-8 in %q", it.line, s)
				}
			}
			m := map[string]any{}
			switch {
			case it.isTokens:
				m["tokens"] = it.tokens
			case !it.noText():
				m["texts"] = it.texts
			}
			for name, text := range map[string]*string{"question": it.question, "context": it.context} {
				if text != nil {
					m[name] = *text
				}
			}
			for name, texts := range map[string][]string{"choices": it.choices, "labels": it.labels} {
				if texts != nil {
					m[name] = texts
				}
			}
			if it.label != nil {
				m["label"] = it.label
			}
			if it.id != nil {
				m["id"] = it.id
			}
			if it.hasWords {
				m["words"] = it.words
			}
			if it.candidates != nil {
				m["candidates"] = it.candidates
			}
			b, err := json.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			again.Write(append(b, '\n'))
			if it.id != nil {
				var id bytes.Buffer
				if err := json.Compact(&id, it.id); err != nil {
					t.Fatal(err)
				}
				it.id = id.Bytes()
			}
			if it.label != nil {
				var label bytes.Buffer
				if err := json.Compact(&label, it.label); err != nil {
					t.Fatal(err)
				}
				it.label = label.Bytes()
			}
			it.line, it.size, it.end = len(want)+1, 0, 0
			want = append(want, it)
		}
		got, err := items(&again)
		for i := range got {
			got[i].size, got[i].end = 0, 0
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("read again: %+v, %v, want %+v", got, err, want)
		}
	})
}

// TestShards: shards are the whole between them, each line once and under its own number,
// whatever else the lines hold.
func TestShards(t *testing.T) {
	long := strings.Repeat("x", 200)
	data := "\ufeff{\"text\":\"a\"}\n\n{\"text\":\"b\"}\r\n" + long + "\n{\"text\":\"" + long + "\"}\nbad\n{\"text\":\"c\"}\n\n{\"text\":\"d\"}"
	read := func(s shard, data string) (got []string) {
		in := testInput(true)
		in.shard = s
		if err := in.readItems(iotest.OneByteReader(strings.NewReader(data)), 100, func(it item) bool {
			got = append(got, fmt.Sprint(it.line, it.end, it.texts, it.err))
			return true
		}); err != nil {
			t.Fatal(err)
		}
		return got
	}
	for _, data := range []string{data, data + "\n", "", "\n", long, strings.Repeat(long, 50) + "\n{}"} {
		want := read(whole, data)
		for n := 1; n <= 12; n++ {
			got, lines := make([]string, len(want)), 0
			for i := 1; i <= n; i++ {
				s := shard{i, n}
				part := read(s, data)
				lines += len(part)
				if len(part) != s.count(len(want)) {
					t.Errorf("%d/%d of %d lines has %d", i, n, len(want), len(part))
				}
				for k, line := range part {
					if at := s.index(k); at < len(got) && s.place(at) == k && s.has(at+1) {
						got[at] = line
					}
				}
			}
			if lines != len(want) || !slices.Equal(got, want) {
				t.Errorf("%d shards of %.40q: %q, want %q", n, data, got, want)
			}
		}
	}
}
