//go:build linux

package flinktest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/goroberta/goroberta/models/pocket"
	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
)

// used returns the processor time of processes, and of all their workers, living or ended.
func used(processes []*Process) map[string]time.Duration {
	sum := map[string]time.Duration{}
	for _, p := range processes {
		own, ended := CPU(p.Pid)
		sum[p.Name] = own
		sum["workers"] += ended
		for _, w := range p.Workers() {
			own, ended := CPU(w)
			sum["workers"] += own + ended
		}
	}
	return sum
}

// cost is what a run of n texts takes.
type cost struct {
	wall, cpu time.Duration
}

func (c cost) minus(d cost) cost { return cost{c.wall - d.wall, c.cpu - d.cpu} }

// BenchmarkThroughput compares jobs on Prism and on Flink with two workers with the library alone, on the same texts of
// 122 tokens. Two sizes of each are run: the difference is what more texts cost, without what a job costs once.
//
//	wall-ratio  the library's time for more texts, divided by the runner's
//	cpu-ratio   the same with processor time of all processes: what is left on a machine that does other things too
//	start-s     what a job takes beyond its texts, in seconds
//
// GOROBERTA_FLINK_MODEL names another model than the pocket one, and GOROBERTA_FLINK_HEAD its head.
func BenchmarkThroughput(b *testing.B) {
	model, head := "pocket", "topic"
	if m := os.Getenv("GOROBERTA_FLINK_MODEL"); m != "" {
		model, head = m, os.Getenv("GOROBERTA_FLINK_HEAD")
	}
	small, large := 500, 2500
	if testing.Short() {
		small, large = 20, 60
	}
	files := []string{long(b, small), long(b, large)}
	p := program(b)
	measure := func(run func(file string) cost) (more, all cost) {
		first := run(files[0])
		all = run(files[1])
		return all.minus(first), all
	}
	alone, _ := measure(func(file string) cost { return library(b, model, head, file) })
	texts := float64(large - small)
	report := func(b *testing.B, more, all cost) {
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(texts/more.wall.Seconds(), "texts/s")
		b.ReportMetric(texts/alone.wall.Seconds(), "alone-texts/s")
		b.ReportMetric(alone.wall.Seconds()/more.wall.Seconds(), "wall-ratio")
		b.ReportMetric(alone.cpu.Seconds()/more.cpu.Seconds(), "cpu-ratio")
		b.ReportMetric((all.wall - time.Duration(float64(more.wall)*float64(large)/texts)).Seconds(), "start-s")
	}
	args := []string{"--model=" + model, "--head=" + head, fmt.Sprintf("--shard=%d", 35*large)} // 16 shards of the larger file
	b.Run("runner=prism", func(b *testing.B) {
		for b.Loop() {
			more, all := measure(func(file string) cost {
				t := time.Now()
				r := start(b, p, file, args...)
				r.wait(b)
				s := r.cmd.ProcessState
				return cost{time.Since(t), s.UserTime() + s.SystemTime()}
			})
			report(b, more, all)
		}
	})
	b.Run("runner=flink", func(b *testing.B) {
		c := Start(b, 2, 1)
		args := append(slices.Clone(args), c.flags(p, 2)...)
		args = append(args, fmt.Sprintf("--threads=%d", (runtime.GOMAXPROCS(0)+1)/2)) // the workers share the cores
		processes := append([]*Process{c.JobManager, c.JobServer}, c.TaskManagers...)
		start(b, p, long(b, 20), args...).wait(b) // classes are loaded
		for b.Loop() {
			parts := map[string]time.Duration{}
			more, all := measure(func(file string) cost {
				before := used(processes)
				t := time.Now()
				r := start(b, p, file, args...)
				r.wait(b)
				s := r.cmd.ProcessState
				sum := cost{time.Since(t), s.UserTime() + s.SystemTime()}
				for name, d := range used(processes) {
					d -= before[name]
					sum.cpu += d
					parts[name] = d - parts[name]
				}
				return sum
			})
			b.Logf("processor time for %v more texts: %v", texts, parts)
			report(b, more, all)
		}
	})
	b.Logf("the library alone: %v, of processors %v, for %v more texts", alone.wall, alone.cpu, texts)
}

// long writes n texts of 122 tokens.
func long(tb testing.TB, n int) string { return texts(tb, n, 120, 120) }

// library has the library answer the texts of a file, in this process.
func library(b *testing.B, model, head, file string) cost {
	b.Helper()
	open := func() (*roberta.Model, error) { return roberta.Open(model) }
	if model == "pocket" {
		open = func() (*roberta.Model, error) { return pocket.Open() }
	}
	t, before := time.Now(), own()
	m, err := open()
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	c, err := pipeline.NewClassifier(m, pipeline.WithHead(head))
	if err != nil {
		b.Fatal(err)
	}
	f, err := os.Open(filepath.Clean(file))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	var texts []string
	for s := bufio.NewScanner(f); s.Scan(); {
		var v struct{ Text string }
		if err := json.Unmarshal(s.Bytes(), &v); err != nil {
			b.Fatal(err)
		}
		texts = append(texts, v.Text)
	}
	for _, err := range c.ClassifySeq(b.Context(), pipeline.Texts(slices.Values(texts))) {
		if err != nil {
			b.Fatal(err)
		}
	}
	return cost{time.Since(t), own() - before}
}

func own() time.Duration {
	d, _ := CPU(os.Getpid())
	return d
}
