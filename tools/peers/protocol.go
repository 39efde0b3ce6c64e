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

// features are hidden states as a padded array: the row of token t of sentence s
// begins at (s*seq+t)*width.
type features struct {
	data       []float32
	seq, width int
}

type encoder func(ids [][]int) (features, error)

type request struct {
	Op       string  `json:"op"`
	IDs      [][]int `json:"ids"`
	Each     bool    `json:"each"`
	Warm     int     `json:"warm"`
	MinIters int     `json:"min_iters"`
	MaxIters int     `json:"max_iters"`
	BudgetS  float64 `json:"budget_s"`
}

type reply map[string]any

// server is one side of the conversation that README.md describes: a JSON object
// a line, in either direction.
type server struct {
	load func() (encoder, error)
	info func() reply // is added to the first line
	peak func() float64
}

// serve loads the encoder, tells how long that took, and answers until in ends.
func (s server) serve(in io.Reader, out io.Writer) error {
	lines := json.NewEncoder(out)
	encode, ready, err := s.start()
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
			r, err = s.answer(encode, q)
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

func (s server) start() (encoder, reply, error) {
	begin := time.Now()
	encode, err := s.load()
	if err != nil {
		return nil, nil, err
	}
	loaded := time.Now()
	if _, err := encode([][]int{{0, 10, 11, 12, 13, 14, 15, 2}}); err != nil {
		return nil, nil, err
	}
	first := time.Since(loaded)
	rss, peak := memory()
	r := reply{"ready": true, "import_ms": 0, "load_ms": ms(loaded.Sub(begin)), "first_ms": ms(first), "load_rss_mb": rss, "load_peak_mb": peak}
	for k, v := range s.info() {
		r[k] = v
	}
	return encode, r, nil
}

func (s server) answer(encode encoder, q request) (r reply, err error) {
	defer func() {
		if p := recover(); p != nil { // the other shapes can still be measured
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	switch q.Op {
	case "check":
		return check(encode, q.IDs)
	case "run":
		times, err := run(encode, q)
		if err != nil {
			return nil, err
		}
		rss, peak := memory()
		return reply{"times_ms": times, "rss_mb": rss, "peak_rss_mb": peak, "peak_gflops": s.peak()}, nil
	}
	return nil, fmt.Errorf("unknown op %q", q.Op)
}

// check gives the first 8 features of every token.
func check(encode encoder, ids [][]int) (reply, error) {
	f, err := encode(ids)
	if err != nil {
		return nil, err
	}
	out := make([][][]float32, len(ids))
	for s := range ids {
		for t := range ids[s] {
			row := f.data[(s*f.seq+t)*f.width:]
			out[s] = append(out[s], row[:min(8, f.width)])
		}
	}
	return reply{"out": out}, nil
}

func run(encode encoder, q request) ([]float64, error) {
	calls := [][][]int{q.IDs}
	if q.Each {
		calls = nil
		for _, sentence := range q.IDs {
			calls = append(calls, [][]int{sentence})
		}
	}
	once := func() error {
		for _, ids := range calls {
			if _, err := encode(ids); err != nil {
				return err
			}
		}
		return nil
	}
	for range q.Warm {
		if err := once(); err != nil {
			return nil, err
		}
	}
	times := []float64{}
	end := time.Now().Add(time.Duration(q.BudgetS * float64(time.Second)))
	for len(times) < q.MinIters || len(times) < q.MaxIters && time.Now().Before(end) {
		start := time.Now()
		if err := once(); err != nil {
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
