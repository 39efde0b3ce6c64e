package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// A request is what one result is asked for with: a line of the input, or the
// arguments of the command line.
type request struct {
	texts      []string // of one input: a text, a pair, or more
	tokens     []int    // in place of texts
	isTokens   bool     // tokens were given, if only []
	candidates []string
	words      []string
	hasWords   bool
}

// parseRequest reads a line of JSON:
//
//	{"text":…} {"text":…,"pair":…} {"texts":[…]} {"tokens":[…]}
//
// with "candidates":[…] or "words":[…] for the commands that want them. Other
// members are ignored, so that results of other programs can be read as they
// are. An invalid surrogate in a text is U+FFFD, as encoding/json has it.
func parseRequest(line []byte) (request, error) {
	// Pointers tell what is null or missing from what is empty or 0.
	var v struct {
		Text       *string    `json:"text"`
		Pair       *string    `json:"pair"`
		Texts      *[]*string `json:"texts"`
		Tokens     *[]*int    `json:"tokens"`
		Candidates *[]*string `json:"candidates"`
		Words      *[]*string `json:"words"`
	}
	if err := json.Unmarshal(line, &v); err != nil {
		return request{}, describeJSON(err)
	}
	given := 0
	for _, is := range []bool{v.Text != nil, v.Texts != nil, v.Tokens != nil} {
		if is {
			given++
		}
	}
	if given != 1 {
		return request{}, fmt.Errorf(`%d of "text", "texts" and "tokens" are given, want one`, given)
	}
	if v.Pair != nil && v.Text == nil {
		return request{}, errors.New(`"pair" is given without "text"`)
	}
	r := request{isTokens: v.Tokens != nil, hasWords: v.Words != nil}
	var errs [4]error
	r.tokens, errs[0] = elements("tokens", v.Tokens)
	r.texts, errs[1] = elements("texts", v.Texts)
	r.candidates, errs[2] = elements("candidates", v.Candidates)
	r.words, errs[3] = elements("words", v.Words)
	for _, err := range errs {
		if err != nil {
			return request{}, err
		}
	}
	if v.Texts != nil && len(r.texts) == 0 {
		return request{}, errors.New(`"texts" is empty`)
	}
	if v.Text != nil {
		r.texts = []string{*v.Text}
	}
	if v.Pair != nil {
		r.texts = append(r.texts, *v.Pair)
	}
	return r, nil
}

// elements copies an array, in which null is no element.
func elements[T any](name string, array *[]*T) ([]T, error) {
	if array == nil {
		return nil, nil
	}
	out := make([]T, len(*array))
	for i, p := range *array {
		if p == nil {
			return nil, fmt.Errorf("%q: element %d is null", name, i)
		}
		out[i] = *p
	}
	return out, nil
}

// describeJSON says what is wrong with a line in the words of its author.
func describeJSON(err error) error {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if e.Field == "" {
			return fmt.Errorf("a JSON %s, want an object", e.Value)
		}
		want := "a string"
		switch e.Field {
		case "tokens":
			want = "whole numbers in an array"
		case "texts", "candidates", "words":
			want = "strings in an array"
		}
		return fmt.Errorf("%q holds a JSON %s, want %s", e.Field, e.Value, want)
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("not JSON: %w at byte %d", e, e.Offset)
	}
	return fmt.Errorf("not JSON: %w", err)
}

// one returns the request's only text, for commands that take one.
func (r request) one() (string, error) {
	switch {
	case r.isTokens:
		return "", errors.New(`want "text", not "tokens"`)
	case len(r.texts) != 1:
		return "", fmt.Errorf("want one text, not %d", len(r.texts))
	}
	return r.texts[0], nil
}

// An item is a request in its place, or what is wrong with it.
type item struct {
	index int // among the results, from 0; blank lines have none
	line  int // in the input, from 1; 0 for the command line
	request
	err error
}

// locate completes an error with the line that it is about.
func (it *item) locate(err error) error {
	if it.line == 0 {
		return err
	}
	return lineError{it.line, err}
}

// A lineError says which line of the input could not be answered.
type lineError struct {
	line int
	err  error
}

func (e lineError) Error() string { return fmt.Sprintf("line %d: %s", e.line, describe(e.err)) }
func (e lineError) Unwrap() error { return e.err }

// inputFlags are common to the commands that take texts.
type inputFlags struct {
	Input     string `placeholder:"FILE" help:"Read requests from FILE (- is standard input), one JSON object a line, in place of the arguments."`
	KeepGoing bool   `help:"Write {\"error\":…} in the place of a line that fails, and go on."`
}

// An input yields items as they come.
type input struct {
	items chan item
	err   error // why reading ended; set before items is closed
	close func() error
}

// open opens the input. args is the request of the command line, nil if it has none.
func (f *inputFlags) open(stdin io.Reader, args *request) (*input, error) {
	switch {
	case f.Input != "" && args != nil:
		return nil, usagef("--input %s replaces the arguments: give one or the other", f.Input)
	case f.Input != "":
		if f.Input == "-" {
			return newInput(stdin, func() error { return nil }), nil
		}
		file, err := os.Open(f.Input)
		if err != nil {
			return nil, err
		}
		return newInput(file, file.Close), nil
	case args != nil:
		in := &input{items: make(chan item, 1), close: func() error { return nil }}
		in.items <- item{request: *args}
		close(in.items)
		return in, nil
	}
	return nil, usagef("nothing to do: give arguments, or --input FILE")
}

// queued is how many lines are read ahead of those that are computed.
const queued = 64

func newInput(r io.Reader, c func() error) *input {
	done := make(chan struct{})
	in := &input{items: make(chan item, queued)}
	in.close = func() error { close(done); return c() }
	go func() {
		defer close(in.items)
		in.err = readItems(r, func(it item) bool {
			select {
			case in.items <- it:
				return true
			case <-done:
				return false
			}
		})
	}()
	return in
}

// errNotReady is returned by next if it should not wait and would have to.
var errNotReady = errors.New("no item yet")

// next returns the next item; at the end io.EOF or why reading failed.
func (in *input) next(ctx context.Context, wait bool) (item, error) {
	if err := ctx.Err(); err != nil {
		return item{}, err
	}
	ended := func() error {
		if in.err != nil {
			return in.err
		}
		return io.EOF
	}
	select {
	case it, ok := <-in.items:
		if !ok {
			return item{}, ended()
		}
		return it, nil
	default:
	}
	if !wait {
		return item{}, errNotReady
	}
	select {
	case it, ok := <-in.items:
		if !ok {
			return item{}, ended()
		}
		return it, nil
	case <-ctx.Done():
		return item{}, ctx.Err()
	}
}

// maxLine bounds a line, so that an endless one fails before memory does.
const maxLine = 256 << 20

// readItems hands the lines of r to yield until it returns false. A byte order
// mark and blank lines are skipped; blank lines do count in line numbers.
func readItems(r io.Reader, yield func(item) bool) error {
	br := bufio.NewReaderSize(r, 1<<16)
	for line, index := 1, 0; ; line++ {
		data, err := readLine(br, maxLine)
		if err != nil && err != io.EOF {
			return fmt.Errorf("line %d: %w", line, err)
		}
		if line == 1 {
			data = bytes.TrimPrefix(data, []byte("\ufeff"))
		}
		if len(bytes.TrimSpace(data)) > 0 {
			it := item{index: index, line: line}
			it.request, it.err = parseRequest(data)
			if !yield(it) {
				return nil
			}
			index++
		}
		if err == io.EOF {
			return nil
		}
	}
}

// readLine reads to the end of the line. The last one may lack its line feed; it
// comes with io.EOF. A line of more than limit bytes is an error.
func readLine(r *bufio.Reader, limit int) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > limit {
			return nil, fmt.Errorf("longer than %d bytes", limit)
		}
		if err != bufio.ErrBufferFull {
			return line, err
		}
	}
}
