package pipeline

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

var errBadText = errors.New("bad text")

// echo is a task that answers texts with themselves, a token for each byte; "bad" cannot
// be prepared, "worse" not computed and "worst" not finished. Texts with a + are read in
// two sequences.
func echo(budget int, batches *[]int) *task[Input, string, string] {
	return &task[Input, string, string]{
		budget: budget,
		prepare: func(in Input) (*job, error) {
			j := &job{text: in.Texts[0]}
			if j.text == "bad" {
				return nil, errBadText
			}
			for part := range strings.SplitSeq(j.text, "+") {
				s := sequence{}
				for _, b := range []byte(part) {
					s.IDs = append(s.IDs, int(b))
				}
				j.sequences = append(j.sequences, s)
			}
			return j, nil
		},
		compute: func(ctx context.Context, batch []sequence) ([]string, error) {
			tokens, out := 0, []string{}
			for _, s := range batch {
				text := ""
				for _, id := range s.IDs {
					text += string(rune(id))
				}
				if text == "worse" {
					return nil, errBadText
				}
				if text == "closed" {
					return nil, fmt.Errorf("it is %w", roberta.ErrClosed)
				}
				tokens, out = tokens+len(s.IDs), append(out, text)
			}
			*batches = append(*batches, tokens)
			return out, ctx.Err()
		},
		finish: func(j *job, given []string) (string, error) {
			if j.text == "worst" {
				return "part of an answer", errBadText
			}
			return strings.Join(given, "+"), nil
		},
	}
}

func inputs(texts ...string) iter.Seq[Input] { return Texts(slices.Values(texts)) }

func TestEachKeepsOrderAndCostsOnlyTheFailed(t *testing.T) {
	texts := []string{"one", "bad", "two+three", "worse", "four", "", "worst", "a+worse+c", "a text that is longer than any batch", "five", "bad"}
	for _, budget := range []int{1, 2, 7, 8, 20, 1000} {
		var batches []int
		i := 0
		for got, err := range echo(budget, &batches).each(t.Context(), inputs(texts...)) {
			want, wantErr := texts[i], error(nil)
			if strings.Contains(want, "bad") || strings.Contains(want, "wors") {
				want, wantErr = "", errBadText
			}
			if got != want || err != wantErr {
				t.Errorf("budget %d: answer %d is %q, %v, want %q, %v", budget, i, got, err, want, wantErr)
			}
			i++
		}
		if i != len(texts) {
			t.Errorf("budget %d: %d answers, want %d", budget, i, len(texts))
		}
		for _, n := range batches {
			if n > budget && n > len("a text that is longer than any batch") {
				t.Errorf("a batch of %d tokens, want at most %d", n, budget)
			}
		}
	}
}

// TestEachFillsBatches checks that texts are computed together, and that no more are
// read ahead than make a batch.
func TestEachFillsBatches(t *testing.T) {
	var batches []int
	read, answered := 0, 0
	texts := func(yield func(string) bool) {
		for range 1000 {
			if read++; read-answered > 11 {
				t.Fatalf("%d texts are read and %d answered", read, answered)
			}
			if !yield("1234567890") {
				return
			}
		}
	}
	for _, err := range echo(100, &batches).each(t.Context(), Texts(texts)) {
		if err != nil {
			t.Fatal(err)
		}
		answered++
	}
	if answered != 1000 || len(batches) != 100 {
		t.Errorf("%d answers in %d batches, want 1000 in 100", answered, len(batches))
	}

	batches, read = nil, 0
	texts = func(yield func(string) bool) { // without tokens
		for yield("") {
			read++
		}
	}
	for range echo(100, &batches).each(t.Context(), Texts(texts)) {
		break
	}
	if read > maxPending {
		t.Errorf("%d texts without tokens are read ahead, want at most %d", read, maxPending)
	}
}

func TestEachStops(t *testing.T) {
	var batches []int
	task := echo(4, &batches)
	for range task.each(t.Context(), inputs("one", "two", "three")) {
		break
	}
	if len(batches) != 1 {
		t.Errorf("%d batches are computed after the loop has ended, want 1 in all", len(batches))
	}

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var errs []error
	for _, err := range task.each(ctx, inputs("one", "two", "three", "four", "five")) {
		errs = append(errs, err)
		cancel()
	}
	if len(errs) != 2 || errs[0] != nil || !errors.Is(errs[1], context.Canceled) {
		t.Errorf("after the context has ended: errors %v, want nil and the context's", errs)
	}

	errs = nil
	for _, err := range task.each(t.Context(), inputs("one", "closed", "three", "four")) {
		errs = append(errs, err)
	}
	if len(errs) != 2 || errs[0] != nil || !errors.Is(errs[1], roberta.ErrClosed) {
		t.Errorf("after the model was closed: errors %v, want nil and ErrClosed", errs)
	}
}

func TestAll(t *testing.T) {
	var batches []int
	task := echo(1000, &batches)
	got, err := task.all(t.Context(), []Input{Text("one"), Text("two")})
	if err != nil || !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := task.all(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("no inputs give %q, %v", got, err)
	}
	_, err = task.all(t.Context(), []Input{Text("one"), Text("worse"), Text("bad")})
	if e, ok := errors.AsType[*InputError](err); !ok || e.Index != 1 || !errors.Is(err, errBadText) || err.Error() != "input 1: bad text" {
		t.Errorf("error %v, want an InputError of input 1", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := task.all(ctx, []Input{Text("one")}); err != context.Canceled {
		t.Errorf("error %v, want the context's", err)
	}
	if got, err := task.one(t.Context(), Text("a+b")); got != "a+b" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestWordReader(t *testing.T) {
	words := []string{"New", "", "York", " x", "é"}
	for _, ignores := range []bool{false, true} {
		w := tokenizer.NewWords(&letters{ignoresSpace: ignores}, words)
		if w.Text != "New  York  x é" {
			t.Fatalf("text %q", w.Text)
		}
		e, err := w.Template().Encode(w, tokenizer.Limit{}, w.Text)
		if err != nil {
			t.Fatal(err)
		}
		var read []byte
		for i, id := range e.IDs {
			if e.Sequence[i] < 0 {
				continue
			}
			read = append(read, byte(id-10))
			if s := e.Spans[i]; s.Start == s.End && id != 10+' ' || s.Start < s.End && w.Text[s.Start] != byte(id-10) {
				t.Errorf("token %d, %q, stands for %q", i, rune(id-10), w.Text[s.Start:s.End])
			}
		}
		want := "New York x é"
		if ignores {
			want = "NewYorkxé"
		}
		if string(read) != want {
			t.Errorf("space ignored %v: the tokenizer reads %q, want %q", ignores, read, want)
		}
	}
}
