//go:build linux

package flinktest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// model is small enough for hundreds of thousands of texts. It takes 38 tokens at most.
const model = "../../../testdata/goldens/tiny"

// program builds examples/beam and returns its path.
func program(tb testing.TB) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "program")
	cmd := exec.Command("go", "build", "-ldflags", "-s -w", "-o", path, ".")
	cmd.Dir = "../../../examples/beam"
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// words are common ones, so that texts are as long in tokens as they look.
var words = strings.Fields("the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which one you")

// texts writes n lines with texts of minWords to maxWords words. Every thousandth text is too long for the model.
func texts(tb testing.TB, n, minWords, maxWords int) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "texts.jsonl")
	var b bytes.Buffer
	r := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		k := minWords + r.IntN(maxWords-minWords+1)
		if i%1000 == 999 {
			k = 100
		}
		text := make([]string, k)
		for j := range text {
			text[j] = words[r.IntN(len(words))]
		}
		fmt.Fprintf(&b, "{\"id\":%d,\"text\":%q}\n", i, strings.Join(text, " "))
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		tb.Fatal(err)
	}
	return path
}

// A run is a run of the program.
type run struct {
	cmd  *exec.Cmd
	log  bytes.Buffer
	out  string // the folder of its files
	done chan struct{}
	err  error
}

// start runs the program. It writes into a folder of its own.
func start(tb testing.TB, program, input string, args ...string) *run {
	tb.Helper()
	path, err := filepath.Abs(model)
	if err != nil {
		tb.Fatal(err)
	}
	r := &run{out: filepath.Join(tb.TempDir(), "out"), done: make(chan struct{})}
	r.cmd = exec.Command(program, append([]string{"--input=" + input, "--output=" + r.out + "/", "--shard=100000", "--model=" + path, "--task=classify", "--head=topics"}, args...)...)
	r.cmd.Stdout, r.cmd.Stderr = &r.log, &r.log
	r.cmd.Env = append(os.Environ(), "TMPDIR="+tb.TempDir()) // the SDK leaves a file there
	if err := os.Mkdir(r.out, 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	go func() {
		r.err = r.cmd.Wait()
		close(r.done)
	}()
	tb.Cleanup(func() {
		r.cmd.Process.Kill()
		<-r.done
	})
	return r
}

func (r *run) ended() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// wait returns the files of the run, by name. The run must end without an error.
func (r *run) wait(tb testing.TB) map[string][]byte {
	tb.Helper()
	<-r.done
	if r.err != nil {
		tb.Fatalf("%v\n%s", r.err, &r.log)
	}
	files := map[string][]byte{}
	err := fs.WalkDir(os.DirFS(r.out), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files[path], err = os.ReadFile(filepath.Join(r.out, path))
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return files
}

// flags are those with which the program runs on c, in workers that TaskManagers start.
func (c *Cluster) flags(program string, parallelism int) []string {
	return []string{"--runner=universal", "--endpoint=" + c.Endpoint, "--environment_type=PROCESS",
		fmt.Sprintf(`--environment_config={"command":%q}`, program), fmt.Sprintf("--parallelism=%d", parallelism)}
}

// checkIDs holds that each of the n texts is in the files once.
func checkIDs(t *testing.T, files map[string][]byte, n int) {
	t.Helper()
	seen := make([]bool, n)
	lines := 0
	for name, b := range files {
		for line := range bytes.Lines(b) {
			var v struct{ ID *int }
			if err := json.Unmarshal(line, &v); err != nil || v.ID == nil || *v.ID < 0 || *v.ID >= n || seen[*v.ID] {
				t.Fatalf("%s has a line without an id of its own: %.200s (%v)", name, line, err)
			}
			seen[*v.ID] = true
			lines++
		}
	}
	if lines != n {
		t.Errorf("%d lines, want %d", lines, n)
	}
}

// checkSame holds that two runs wrote the same files.
func checkSame(t *testing.T, got, want map[string][]byte) {
	t.Helper()
	for name, b := range want {
		switch g, ok := got[name]; {
		case !ok:
			t.Errorf("no file %s", name)
		case !bytes.Equal(g, b):
			t.Errorf("%s has %d bytes that differ from the %d of Prism", name, len(g), len(b))
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("a file that Prism does not write: %s", name)
		}
	}
}

// TestLoopback: Flink within the job server, and the program itself as the worker.
func TestLoopback(t *testing.T) {
	c := Local(t)
	p, input := program(t), texts(t, 5000, 1, 6)
	want := start(t, p, input).wait(t)
	checkIDs(t, want, 5000)
	got := start(t, p, input, "--runner=universal", "--endpoint="+c.Endpoint, "--environment_type=LOOPBACK", "--parallelism=2").wait(t)
	checkSame(t, got, want)
}

// TestKilled: processes die in the middle of a job. First a TaskManager, with its worker as
// an orphan, then a worker of the other one, which by then does all the work.
func TestKilled(t *testing.T) {
	const n = 200000
	c := Start(t, 2, 2)
	p, input := program(t), texts(t, n, 1, 6)
	prism := start(t, p, input)
	want := prism.wait(t)
	checkIDs(t, want, n)

	// In the middle is when a worker has computed for a tenth of the time that the whole job takes, or more: both
	// have the same to do, less than a half of it each. If the machine stood still meanwhile, that is counted as
	// processor time too; three seconds are enough on any.
	tenth := min((prism.cmd.ProcessState.UserTime()+prism.cmd.ProcessState.SystemTime())/10, 3*time.Second)
	r := start(t, p, input, c.flags(p, 2)...)
	base := map[int]time.Duration{} // of the workers that the last restart found
	busy := func() (worker int, tm *Process) {
		t.Helper()
		c.Await(t, "a worker in the middle of its work", func() bool {
			if r.ended() {
				t.Fatalf("the job ended before a process was killed: %v\n%s", r.err, &r.log)
			}
			for _, tm = range c.TaskManagers {
				for _, worker = range tm.Workers() {
					if d, _ := CPU(worker); d-base[worker] > tenth {
						return true
					}
				}
			}
			return false
		})
		return worker, tm
	}
	failed := func(job Job, n int) {
		t.Helper()
		c.Await(t, "the job to fail", func() bool {
			if r.ended() {
				t.Fatalf("the job ended without a restart: %v\n%s", r.err, &r.log)
			}
			return len(c.Failures(t, job)) > n
		})
	}

	worker, tm := busy()
	job := c.Jobs(t)[0]
	t.Logf("after %v of computing: killing %s", tenth, tm.Name)
	tm.Kill()
	failed(job, 0)
	c.Await(t, "the orphan to end", func() bool { d, _ := CPU(worker); return d == 0 })
	for _, tm := range c.TaskManagers {
		for _, w := range tm.Workers() {
			base[w], _ = CPU(w)
		}
	}
	worker, tm = busy()
	n1 := len(c.Failures(t, job))
	t.Logf("killing worker %d of %s", worker, tm.Name)
	syscall.Kill(worker, syscall.SIGKILL)
	failed(job, n1)
	checkSame(t, r.wait(t), want)
	for _, e := range c.Failures(t, job) {
		t.Log("restarted after ", strings.SplitN(e, "\n", 2)[0])
	}
	for _, tm := range c.TaskManagers {
		if w := tm.Workers(); len(w) != 0 {
			t.Errorf("%s has workers after the job: %v", tm.Name, w)
		}
	}
}
