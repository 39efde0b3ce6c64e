package main

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// talk gives the server the lines of in and returns what it says.
func talk(t *testing.T, load func() (peer, error), in ...string) []map[string]any {
	t.Helper()
	var out strings.Builder
	s := server{load: load, info: func() reply { return reply{"version": "v"} }, peak: func() float64 { return 7 }}
	if err := s.serve(strings.NewReader(strings.Join(in, "\n")), &out); err != nil {
		t.Fatal(err)
	}
	var got []map[string]any
	for line := range strings.Lines(out.String()) {
		var r map[string]any
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		got = append(got, r)
	}
	return got
}

// fake makes features of which the first is the token and the others are 0. It
// notes the number of sentences of every call.
func fake(calls *[]int) func() (peer, error) {
	return func() (peer, error) {
		return encoder(func(ids [][]int) (features, error) {
			*calls = append(*calls, len(ids))
			f := features{width: 10}
			for _, s := range ids {
				f.seq = max(f.seq, len(s))
			}
			f.data = make([]float32, len(ids)*f.seq*f.width)
			for s := range ids {
				for t, id := range ids[s] {
					if id < 0 {
						panic("negative")
					}
					f.data[(s*f.seq+t)*f.width] = float32(id)
				}
			}
			return f, nil
		}), nil
	}
}

func TestCheck(t *testing.T) {
	got := talk(t, fake(new([]int)), `{"op":"check","ids":[[5],[6,7]]}`, `{"op":"quit"}`, `{"op":"check","ids":[[5]]}`)
	if len(got) != 2 {
		t.Fatalf("%d lines, want 2: nothing is to be said after quit", len(got))
	}
	if got[0]["ready"] != true || got[0]["version"] != "v" {
		t.Errorf("first line: %v", got[0])
	}
	for _, k := range []string{"import_ms", "load_ms", "first_ms", "load_rss_mb", "load_peak_mb"} {
		if _, ok := got[0][k].(float64); !ok {
			t.Errorf("first line has no number %s", k)
		}
	}
	row := func(first float64) any { return []any{first, 0., 0., 0., 0., 0., 0., 0.} }
	if want := []any{[]any{row(5)}, []any{row(6), row(7)}}; !reflect.DeepEqual(got[1]["out"], want) {
		t.Errorf("got %v, want %v", got[1]["out"], want)
	}
}

func TestRun(t *testing.T) {
	for _, c := range []struct {
		name, in string
		calls    []int
		times    int
	}{
		{"one call", `{"op":"run","ids":[[1],[2,3]],"warm":1,"min_iters":2,"max_iters":2,"budget_s":0}`, []int{2, 2, 2}, 2},
		{"each", `{"op":"run","ids":[[1],[2,3]],"each":true,"min_iters":1,"max_iters":9,"budget_s":0}`, []int{1, 1}, 1},
		{"budget", `{"op":"run","ids":[[1]],"min_iters":1,"max_iters":3,"budget_s":3600}`, []int{1, 1, 1}, 3},
	} {
		var calls []int
		got := talk(t, fake(&calls), c.in)
		times, _ := got[1]["times_ms"].([]any)
		if len(times) != c.times || !reflect.DeepEqual(calls[1:], c.calls) { // calls[0] is the first call of the start
			t.Errorf("%s: %d times, calls of %v sentences; want %d, %v", c.name, len(times), calls[1:], c.times, c.calls)
		}
		if got[1]["peak_gflops"] != 7. {
			t.Errorf("%s: peak %v, want 7", c.name, got[1]["peak_gflops"])
		}
	}
}

func TestErrors(t *testing.T) {
	got := talk(t, func() (peer, error) { return nil, errors.New("no model") }, `{"op":"check","ids":[[5]]}`)
	if len(got) != 1 || got[0]["error"] != "no model" {
		t.Errorf("load: got %v", got)
	}
	got = talk(t, fake(new([]int)), `{"op":"dance"}`, `{`, `{"op":"run","ids":[[-1]],"min_iters":1}`, `{"op":"check","ids":[[5]]}`)
	for i, want := range []string{`unknown op "dance"`, "JSON", "negative"} {
		if e, _ := got[i+1]["error"].(string); !strings.Contains(e, want) {
			t.Errorf("line %d: error %q, want one with %q", i+1, e, want)
		}
	}
	if got[4]["out"] == nil {
		t.Errorf("no answer after errors: %v", got[4])
	}
}
