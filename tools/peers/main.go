// Command peers lets goroberta take part in bench_peers.py, bench_pipelines.py and
// quality.py. It is started by these scripts; README.md describes what they say to each other.
//
//	peers [-threads N] [-precision NAME] [-task NAME | -outputs] MODEL
//	peers -vocabulary DIR
package main

import (
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
	task := flag.String("task", "", "answer texts as this pipeline does, in place of tokens")
	var precision roberta.Precision
	flag.Func("precision", "arithmetic of the matrices: fp32, bf16 or int8", func(s string) error { return precision.UnmarshalText([]byte(s)) })
	all := flag.Bool("outputs", false, "answer with all that is computed, for quality.py")
	vocabulary := flag.String("vocabulary", "", "write GPT-2's vocab.json and merges.txt into this folder, and end")
	flag.Parse()
	if *vocabulary != "" {
		if err := writeVocabulary(*vocabulary); err != nil {
			fmt.Fprintln(os.Stderr, "peers:", err)
			os.Exit(1)
		}
		return
	}
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: peers [-threads N] [-precision NAME] [-task NAME | -outputs] MODEL")
		os.Exit(2)
	}
	s := server{
		load: func() (peer, error) {
			if *all {
				return openOutputs(flag.Arg(0), *threads, precision)
			}
			if *task != "" {
				return openTask(*task, flag.Arg(0), *threads, precision)
			}
			return openEncoder(flag.Arg(0), *threads, precision)
		},
		info: func() reply {
			return reply{"version": version, "go": runtime.Version(), "isa": simd.Active().String(), "peak_gflops": peak(precision, 200, time.Millisecond)}
		},
		peak: func() float64 { return peak(precision, 20, 0) },
	}
	if err := s.serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// peak is the median of n measurements of the highest rate of one core, in GFLOP/s or
// GOP/s, with a pause before each. The CPU's clock changes with its load, so the peak is
// measured at the start and after every shape.
func peak(precision roberta.Precision, n int, pause time.Duration) float64 {
	rates := make([]float64, n)
	for i := range rates {
		time.Sleep(pause)
		switch precision {
		case roberta.Float32:
			rates[i] = simd.Peak() / 1e9
		case roberta.Int8:
			rates[i] = simd.PeakInt8() / 1e9
		}
	}
	slices.Sort(rates)
	return rates[n/2]
}
