package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
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
		{`{"text":"a","words":null,"pair":null,"tokens":null}`, request{texts: []string{"a"}}, ""},
		{` {"id":{"x":[1]},"text":"\ud800<mask>"} ` + "\r\n", request{texts: []string{"\ufffd<mask>"}}, ""},

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

// items reads all items of r.
func items(r io.Reader) (its []item, err error) {
	err = readItems(r, func(it item) bool { its = append(its, it); return true })
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
		if err != nil || len(its) != 4 {
			t.Fatalf("%s: %d items, %v, want 4", name, len(its), err)
		}
		for i, want := range []struct {
			line int
			text string
		}{{1, "a"}, {4, long}, {5, ""}, {6, "last"}} {
			it := its[i]
			text, _ := it.one()
			if it.index != i || it.line != want.line || (it.err != nil) != (want.text == "") || text != want.text {
				t.Errorf("%s: item %d is index %d, line %d, %d bytes, %v, want line %d, %d bytes", name, i, it.index, it.line, len(text), it.err, want.line, len(want.text))
			}
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
		want string
		err  string
	}{
		{strings.NewReader("abc\ndef"), "abc\n", ""},
		{strings.NewReader("abc"), "abc", "EOF"},
		{strings.NewReader(""), "", "EOF"},
		{strings.NewReader(strings.Repeat("x", 99) + "\n"), strings.Repeat("x", 99) + "\n", ""},
		{strings.NewReader(strings.Repeat("x", 101)), "", "longer than 100 bytes"},
		{zeros{}, "", "longer than 100 bytes"},
	} {
		got, err := readLine(bufio.NewReaderSize(tt.r, 16), 100)
		msg := ""
		if err != nil {
			msg = err.Error()
		}
		if string(got) != tt.want || msg != tt.err {
			t.Errorf("readLine = %q, %v, want %q, %s", got, err, tt.want, tt.err)
		}
	}
}

// TestNext: the reader of an input can tell a slow input from one that ended.
func TestNext(t *testing.T) {
	r, w := io.Pipe()
	in := newInput(r, r.Close)
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
		for i, it := range its {
			if it.index != i || it.line < 1 || it.line > lines || i > 0 && it.line <= its[i-1].line {
				t.Fatalf("item %d has index %d and line %d of %d", i, it.index, it.line, lines)
			}
			if it.err != nil {
				if msg := describe(it.locate(it.err)); strings.ContainsAny(msg, "\r\n") {
					t.Fatalf("the error is no line: %q", msg)
				}
				continue
			}
			if it.isTokens == (len(it.texts) > 0) {
				t.Fatalf("line %d has %d texts and tokens is %v", it.line, len(it.texts), it.isTokens)
			}
			for _, s := range slices.Concat(it.texts, it.words, it.candidates) {
				if !utf8.ValidString(s) {
					t.Fatalf("line %d: invalid UTF-8 in %q", it.line, s)
				}
			}
			m := map[string]any{}
			if it.isTokens {
				m["tokens"] = it.tokens
			} else {
				m["texts"] = it.texts
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
			it.index, it.line = len(want), len(want)+1
			want = append(want, it)
		}
		got, err := items(&again)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("read again: %+v, %v, want %+v", got, err, want)
		}
	})
}
