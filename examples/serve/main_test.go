package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/goroberta/goroberta/examples/internal/golden"
	"github.com/goroberta/goroberta/models/pocket"
	"github.com/goroberta/goroberta/pipeline"
)

func TestRun(t *testing.T) { golden.Check(t, run, want) }

// TestDeadline answers a request whose time is over with 503.
func TestDeadline(t *testing.T) {
	m, err := pocket.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	c, err := pipeline.NewClassifier(m, pipeline.WithHead("sentiment"))
	if err != nil {
		t.Fatal(err)
	}
	for limit, want := range map[time.Duration]int{time.Nanosecond: http.StatusServiceUnavailable, time.Hour: http.StatusOK} {
		w := httptest.NewRecorder()
		handler(c, limit).ServeHTTP(w, httptest.NewRequest("POST", "/sentiment", strings.NewReader("good")))
		if w.Code != want {
			t.Errorf("with %v the status is %d, want %d", limit, w.Code, want)
		}
	}
}

const want = `What a wonderful evening we had!
	200 OK [{"label":"positive","score":0.8900355},{"label":"negative","score":0.109964475}]
The food was cold and the waiter was rude.
	200 OK [{"label":"negative","score":0.98748225},{"label":"positive","score":0.012517731}]
very very very very very very very very very 
	413 Request Entity Too Large roberta: sequence 0: 503 tokens exceed the maximum length of 256
`
