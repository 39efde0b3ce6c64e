//go:build linux

package flinktest

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/goroberta/goroberta/models/pocket"
	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
)

// CPUs returns the processor time that a process and those that it has started, living or ended, have used.
func CPUs(pid int) time.Duration {
	own, ended := CPU(pid)
	d := own + ended
	for _, c := range children(pid) {
		d += CPUs(c)
	}
	return d
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
		small, large = 50, 150
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
	args := []string{"--model=" + model, "--head=" + head, "--shard=16384"} // so small that both workers have something to do
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
		processes := append([]*Process{c.JobManager, c.JobServer}, c.TaskManagers...)
		start(b, p, long(b, 20), append(args, c.flags(p, 2)...)...).wait(b) // classes are loaded
		for b.Loop() {
			parts := map[string]cost{}
			more, all := measure(func(file string) cost {
				before := map[string]time.Duration{}
				for _, p := range processes {
					before[p.Name] = CPUs(p.Pid)
				}
				t := time.Now()
				r := start(b, p, file, append(args, c.flags(p, 2)...)...)
				r.wait(b)
				s := r.cmd.ProcessState
				sum := cost{time.Since(t), s.UserTime() + s.SystemTime()}
				for _, p := range processes {
					d := CPUs(p.Pid) - before[p.Name]
					sum.cpu += d
					parts[p.Name] = cost{cpu: d - parts[p.Name].cpu}
				}
				return sum
			})
			for name, c := range parts {
				b.Logf("%s and its workers: %v for %v more texts", name, c.cpu, texts)
			}
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
