// Command serve answers HTTP requests with a model: POST a text to /sentiment and get its
// labels as JSON. Each request has a deadline.
//
//	go run ./examples/serve                           # three requests to itself
//	go run ./examples/serve -address 127.0.0.1:8080   # until it is interrupted
//	curl --data "What a lovely day" 127.0.0.1:8080/sentiment
//
// One pipeline serves all requests at once, on any number of goroutines.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/goroberta/goroberta/models/pocket"
	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
)

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(w io.Writer, args []string) error {
	flags := flag.NewFlagSet("serve", flag.ExitOnError)
	path := flags.String("m", "", "checkpoint `PATH` (default: the pocket model)")
	address := flags.String("address", "", "listen on this `HOST:PORT`")
	if err := flags.Parse(args); err != nil {
		return err
	}
	// Text of strangers must not spell out special tokens.
	open := func() (*roberta.Model, error) { return pocket.Open(roberta.WithPlainText()) }
	if *path != "" {
		open = func() (*roberta.Model, error) { return roberta.Open(*path, roberta.WithPlainText()) }
	}
	m, err := open()
	if err != nil {
		return err
	}
	defer m.Close()
	c, err := pipeline.NewClassifier(m, pipeline.WithHead("sentiment"))
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("POST /sentiment", handler(c, 2*time.Second))
	if *address == "" {
		return demonstrate(w, mux)
	}
	server := &http.Server{Addr: *address, Handler: mux, ReadTimeout: 5 * time.Second}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	go func() {
		<-ctx.Done()
		server.Shutdown(context.Background()) // waits for requests that run
	}()
	log.Print("listening on ", *address)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// maxText is how many bytes of a request are read.
const maxText = 1 << 16

// handler answers a text with its labels. A request whose time is over, or whose client
// has gone, costs at most one more layer of the model.
func handler(c *pipeline.Classifier, limit time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), limit)
		defer cancel()
		text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxText))
		if err != nil {
			http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
			return
		}
		labels, err := c.Classify(ctx, string(text))
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			http.Error(w, "out of time", http.StatusServiceUnavailable)
		case errors.Is(err, roberta.ErrTooLong):
			http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		case err != nil:
			http.Error(w, err.Error(), http.StatusInternalServerError)
		default:
			w.Header().Set("Content-Type", "application/json")
			json.NewEncoder(w).Encode(labels)
		}
	})
}

// demonstrate sends requests to a server on loopback.
func demonstrate(w io.Writer, h http.Handler) error {
	server := httptest.NewServer(h)
	defer server.Close()
	for _, text := range []string{"What a wonderful evening we had!", "The food was cold and the waiter was rude.", strings.Repeat("very ", 500) + "long"} {
		answer, err := http.Post(server.URL+"/sentiment", "text/plain", strings.NewReader(text))
		if err != nil {
			return err
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%.45s\n\t%s %s\n", text, answer.Status, strings.TrimSpace(string(body)))
	}
	return nil
}
