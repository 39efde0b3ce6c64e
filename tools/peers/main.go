// Command peers lets goroberta take part in bench_peers.py. It is started by that
// script; README.md describes what the two say to each other.
//
//	peers [-threads N] MODEL
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/goroberta/goroberta/internal/simd"
	"github.com/goroberta/goroberta/roberta"
)

var version = "unknown" // run.sh sets it to the commit

func main() {
	threads := flag.Int("threads", 1, "threads that compute")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: peers [-threads N] MODEL")
		os.Exit(2)
	}
	s := server{
		load: func() (encoder, error) { return open(flag.Arg(0), *threads) },
		info: func() reply {
			return reply{"version": version, "go": runtime.Version(), "isa": simd.Active().String(), "peak_gflops": peak(200, time.Millisecond)}
		},
		peak: func() float64 { return peak(20, 0) },
	}
	if err := s.serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func open(path string, threads int) (encoder, error) {
	m, err := roberta.Open(path, roberta.WithThreads(threads))
	if err != nil {
		return nil, err
	}
	return func(ids [][]int) (features, error) {
		f, err := m.ExtractFeatures(context.Background(), ids...)
		if err != nil {
			return features{}, err
		}
		return features{data: f.Float32s(), seq: f.Shape()[1], width: f.Shape()[2]}, nil
	}, nil
}

// peak is the median of n measurements of the highest rate of one core, in GFLOP/s,
// with a pause before each. The CPU's clock changes with its load, so the peak is
// measured at the start and after every shape.
func peak(n int, pause time.Duration) float64 {
	rates := make([]float64, n)
	for i := range rates {
		time.Sleep(pause)
		rates[i] = simd.Peak() / 1e9
	}
	slices.Sort(rates)
	return rates[n/2]
}
