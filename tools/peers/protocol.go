package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// A peer is what is measured.
type peer interface {
	// first makes the call that the start is measured with.
	first() error
	// check answers with a few results, to compare them with those of others.
	check(q request) (reply, error)
	// pass makes the calls that q asks for, once.
	pass(q request) error
}

type request struct {
	Op       string  `json:"op"`
	IDs      [][]int `json:"ids"`   // for an encoder
	Each     bool    `json:"each"`  // a call for each of them
	Texts    []text  `json:"texts"` // for a task
	Want     string  `json:"want"`  // for outputs
	At       []int   `json:"at"`    // a token of each of IDs
	Warm     int     `json:"warm"`
	MinIters int     `json:"min_iters"`
	MaxIters int     `json:"max_iters"`
	BudgetS  float64 `json:"budget_s"`
}

type reply map[string]any

// server is one side of the conversation that README.md describes: a JSON object
// a line, in either direction.
type server struct {
	load func() (peer, error)
	info func() reply // is added to the first line
	peak func() float64
}

// serve loads the encoder, tells how long that took, and answers until in ends.
func (s server) serve(in io.Reader, out io.Writer) error {
	lines := json.NewEncoder(out)
	p, ready, err := s.start()
	if err != nil {
		return lines.Encode(reply{"error": err.Error()})
	}
	if err := lines.Encode(ready); err != nil {
		return err
	}
	scan := bufio.NewScanner(in)
	scan.Buffer(nil, 64<<20)
	for scan.Scan() {
		var q request
		err := json.Unmarshal(scan.Bytes(), &q)
		if err == nil && q.Op == "quit" {
			return nil
		}
		var r reply
		if err == nil {
			r, err = s.answer(p, q)
		}
		if err != nil {
			r = reply{"error": err.Error()}
		}
		if err := lines.Encode(r); err != nil {
			return err
		}
	}
	return scan.Err()
}

func (s server) start() (peer, reply, error) {
	begin := time.Now()
	p, err := s.load()
	if err != nil {
		return nil, nil, err
	}
	loaded := time.Now()
	if err := p.first(); err != nil {
		return nil, nil, err
	}
	first := time.Since(loaded)
	rss, peak := memory()
	r := reply{"ready": true, "import_ms": 0, "load_ms": ms(loaded.Sub(begin)), "first_ms": ms(first), "load_rss_mb": rss, "load_peak_mb": peak}
	for k, v := range s.info() {
		r[k] = v
	}
	return p, r, nil
}

func (s server) answer(x peer, q request) (r reply, err error) {
	defer func() {
		if p := recover(); p != nil { // the other shapes can still be measured
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	switch q.Op {
	case "check":
		return x.check(q)
	case "run":
		times, err := run(x, q)
		if err != nil {
			return nil, err
		}
		rss, peak := memory()
		return reply{"times_ms": times, "rss_mb": rss, "peak_rss_mb": peak, "peak_gflops": s.peak()}, nil
	}
	return nil, fmt.Errorf("unknown op %q", q.Op)
}

func run(p peer, q request) ([]float64, error) {
	for range q.Warm {
		if err := p.pass(q); err != nil {
			return nil, err
		}
	}
	times := []float64{}
	end := time.Now().Add(time.Duration(q.BudgetS * float64(time.Second)))
	for len(times) < q.MinIters || len(times) < q.MaxIters && time.Now().Before(end) {
		start := time.Now()
		if err := p.pass(q); err != nil {
			return nil, err
		}
		times = append(times, ms(time.Since(start)))
	}
	return times, nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// memory gives the resident memory of this process in MB, now and at its highest;
// 0 where there is no /proc.
func memory() (rss, peak float64) {
	b, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		n, _ := strconv.ParseFloat(f[1], 64)
		switch f[0] {
		case "VmRSS:":
			rss = n / 1024
		case "VmHWM:":
			peak = n / 1024
		}
	}
	return rss, peak
}
