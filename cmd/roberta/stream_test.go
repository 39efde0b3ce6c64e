package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// echo is a task that gives a text back. Its run fails for a batch with the
// text "bad" in it, its result for "odd", its prepare for "no".
func echo(batches *[]int) task[string, string] {
	return task[string, string]{
		prepare: func(r request) (string, int, error) {
			s, err := r.one()
			if s == "no" {
				err = errors.New("will not")
			}
			return s, len(s), err
		},
		run: func(_ context.Context, batch []string) ([]string, error) {
			*batches = append(*batches, len(batch))
			if slices.Contains(batch, "bad") {
				return nil, errors.New("cannot")
			}
			if slices.Contains(batch, "fatal") {
				return nil, fatalError{errors.New("the disk is full")}
			}
			return batch, nil
		},
		result: func(index int, p, r string) (any, error) {
			switch r {
			case "odd":
				return nil, errors.New("odd result")
			case "silent":
				return nil, nil
			}
			return textLine{fmt.Sprintf("%d %v %s", index, p == r, r)}, nil
		},
		budget: 100,
	}
}

// asInput makes an input of texts, all there already.
func asInput(keepGoing bool, texts ...string) *input {
	in := testInput(keepGoing)
	in.items = make(chan item, len(texts))
	for i, s := range texts {
		it := item{line: i + 1, request: request{texts: []string{s}}}
		if s == "blank" {
			it.err = errBlank
		}
		in.items <- it
	}
	close(in.items)
	return in
}

// testSession is a session whose results go to w.
func testSession(w io.Writer) *session {
	return newSession(&commonFlags{}, strings.NewReader(""), w, io.Discard)
}

func TestAnswer(t *testing.T) {
	long := strings.Repeat("x", 60)
	for _, tt := range []struct {
		name      string
		texts     []string
		keepGoing bool
		want      string // lines, the text or error in each
		err       string
		batches   []int
	}{
		{"none", nil, false, "", "", nil},
		{"one batch", []string{"a", "b", "c"}, false, "0 true a|1 true b|2 true c|", "", []int{3}},
		{"budget", []string{long, "a", long, "b"}, false, "0 true " + long + "|1 true a|2 true " + long + "|3 true b|", "", []int{2, 2}},
		{"the sum of lengths counts", []string{long, "a", "b", "c"}, false, "0 true " + long + "|1 true a|2 true b|3 true c|", "", []int{4}},
		{"blank", []string{"a", "blank", "b"}, false, "0 true a|line 2: the line is blank|2 true b|", "1 of 3 requests failed", []int{1, 1}},
		{"beyond budget", []string{"a", long + long, "b"}, false, "0 true a|1 true " + long + long + "|2 true b|", "", []int{1, 1, 1}},
		{"no line", []string{"a", "silent", "c"}, false, "0 true a|2 true c|", "", []int{3}},
		{"stop in prepare", []string{"a", "no", "c"}, false, "0 true a|", "line 2: will not", []int{1}},
		{"stop in run", []string{"a", "bad", "c"}, false, "0 true a|", "line 2: cannot", []int{3, 1, 1}},
		{"stop in result", []string{"a", "odd", "c"}, false, "0 true a|", "line 2: odd result", []int{3}},
		{"go on", []string{"no", "a", "bad", "b", "odd", "no"}, true,
			"line 1: will not|1 true a|line 3: cannot|3 true b|line 5: odd result|line 6: will not|", "4 of 6 requests failed", []int{4, 1, 1, 1, 1}},
		{"alone", []string{"bad"}, true, "line 1: cannot|", "1 of 1 requests failed", []int{1}},
		{"fatal", []string{"a", "fatal", "b"}, true, "0 true a|", "line 2: the disk is full", []int{3, 1, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			var batches []int
			s := testSession(&b)
			err := answer(t.Context(), s, asInput(tt.keepGoing, tt.texts...), echo(&batches))
			if flushErr := s.out.flush(); flushErr != nil {
				t.Error(flushErr)
			}
			if msg := fmt.Sprint(err); msg != tt.err && !(err == nil && tt.err == "") {
				t.Errorf("error %v, want %s", err, tt.err)
			}
			got := ""
			for line := range strings.Lines(b.String()) {
				var v struct{ Text, Error string }
				if err := json.Unmarshal([]byte(line), &v); err != nil {
					t.Fatal(err)
				}
				got += v.Text + v.Error + "|"
			}
			if got != tt.want {
				t.Errorf("lines %s, want %s", got, tt.want)
			}
			if !slices.Equal(batches, tt.batches) {
				t.Errorf("batches of %v, want %v", batches, tt.batches)
			}
		})
	}
}

// TestAnswerMaxBatch: many short requests do not make one endless batch.
func TestAnswerMaxBatch(t *testing.T) {
	var batches []int
	if err := answer(t.Context(), testSession(io.Discard), asInput(false, make([]string, 2*maxBatch+1)...), echo(&batches)); err != nil {
		t.Fatal(err)
	}
	if want := []int{maxBatch, maxBatch, 1}; !slices.Equal(batches, want) {
		t.Errorf("batches of %v, want %v", batches, want)
	}
}

// TestAnswerAtOnce: a line that comes alone is answered before the next is there.
func TestAnswerAtOnce(t *testing.T) {
	requests, send := io.Pipe()
	receive, results := io.Pipe()
	in := testInput(false)
	go in.read(requests)
	defer in.close()
	done := make(chan error, 1)
	go func() {
		var batches []int
		done <- answer(t.Context(), testSession(results), in, echo(&batches))
		results.Close()
	}()
	replies := json.NewDecoder(receive)
	for i := range 3 {
		if _, err := fmt.Fprintf(send, "{\"text\":\"t%d\"}\n", i); err != nil {
			t.Fatal(err)
		}
		var got textLine
		if err := replies.Decode(&got); err != nil || got.Text != fmt.Sprintf("%d true t%d", i, i) {
			t.Fatalf("reply %d: %+v, %v", i, got, err)
		}
	}
	send.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestAnswerCancelled: a context that is done ends the command, with or without
// --keep-going, also while no input comes.
func TestAnswerCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var batches []int
	task := echo(&batches)
	run := task.run
	task.run = func(ctx context.Context, batch []string) ([]string, error) {
		cancel()
		run(ctx, batch)
		return nil, ctx.Err()
	}
	if err := answer(ctx, testSession(io.Discard), asInput(true, "a", "b"), task); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}

	ctx, cancel = context.WithCancel(t.Context())
	r, w := io.Pipe()
	defer w.Close()
	in := testInput(true)
	go in.read(r)
	defer in.close()
	done := make(chan error, 1)
	go func() { done <- answer(ctx, testSession(io.Discard), in, echo(&batches)) }()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

// TestAnswerBrokenOutput: when results cannot be written the command ends.
func TestAnswerBrokenOutput(t *testing.T) {
	r, w := io.Pipe()
	gone := errors.New("reader gone")
	r.CloseWithError(gone)
	var batches []int
	if err := answer(t.Context(), testSession(w), asInput(true, "a", "b"), echo(&batches)); !errors.Is(err, gone) {
		t.Errorf("error %v, want %v", err, gone)
	}
}
