//go:build linux

// Package flinktest starts Apache Flink on this machine for tests: a JobManager and TaskManagers, each a
// process of its own, and Beam's job server, to which a program submits its pipeline.
//
//	program ── Beam's job API ──▶ job server ── REST ──▶ JobManager ──▶ TaskManager ── Fn API ──▶ worker
//	                                                              └──▶ TaskManager ── Fn API ──▶ worker
//
// A worker is a process that runs the Go functions of a pipeline. Each TaskManager starts its own. All of it is
// Java but the program and its workers. Where Java or the jars are missing, tests are skipped.
package flinktest

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// JarsVariable names the environment variable that holds the folder of the jars, as make flink sets it.
const JarsVariable = "GOROBERTA_FLINK_JARS"

// A Process is one of the Java processes of a cluster.
type Process struct {
	Name string
	Pid  int
	Log  string // the file that holds its output
	cmd  *exec.Cmd
	done chan struct{}
}

// A Cluster is a Flink cluster with Beam's job server.
type Cluster struct {
	Endpoint     string // of the job server, for --endpoint
	JobServer    *Process
	JobManager   *Process   // nil if the job server runs jobs in itself
	TaskManagers []*Process // likewise

	rest string // of the JobManager
	dir  string
	jars string
}

// Jars returns the folder with the runner's jars. It skips the test if make flink has not set it or there is no Java.
func Jars(tb testing.TB) string {
	tb.Helper()
	dir := os.Getenv(JarsVariable)
	if dir == "" {
		tb.Skipf("%s is not set: Flink is not tested; make flink does it", JarsVariable)
	}
	if _, err := exec.LookPath("java"); err != nil {
		tb.Skip("no java: Flink is not tested")
	}
	if found, _ := filepath.Glob(filepath.Join(dir, "beam-runners-flink-*.jar")); len(found) != 1 {
		tb.Fatalf("%s has %d of Beam's runners for Flink, want 1", dir, len(found))
	}
	return dir
}

// Local starts a job server that runs jobs in its own process.
func Local(tb testing.TB) *Cluster {
	tb.Helper()
	c := &Cluster{jars: Jars(tb), dir: tb.TempDir()}
	c.jobServer(tb, "[local]")
	return c
}

// Start starts a JobManager, as many TaskManagers as asked for, with a number of task slots each, and a job server, and
// waits until jobs can be submitted. The test's end stops them.
func Start(tb testing.TB, taskManagers, slots int) *Cluster {
	tb.Helper()
	c := &Cluster{jars: Jars(tb), dir: tb.TempDir()}
	ports := freePorts(tb, 2)
	c.rest = fmt.Sprintf("http://localhost:%d", ports[1])
	// Heartbeats are frequent, so that a TaskManager that was killed is missed after seconds, not after a minute. The
	// delay before a restart is longer than that, and slots are given back meanwhile, so that an attempt does not
	// meet what an earlier one left; docs/scale.md has the reason. Sizes of memory are given one by one because
	// Flink's scripts, which would derive them, are not in the jars. Checkpoints are on, but the runner takes none of
	// jobs with bounded input.
	conf := fmt.Sprintf(`jobmanager.rpc.address: localhost
jobmanager.rpc.port: %d
rest.address: localhost
rest.port: %d
jobmanager.memory.heap.size: 512m
taskmanager.host: localhost
taskmanager.cpu.cores: %[3]d
taskmanager.numberOfTaskSlots: %[3]d
taskmanager.memory.framework.heap.size: 128m
taskmanager.memory.framework.off-heap.size: 64m
taskmanager.memory.task.heap.size: 512m
taskmanager.memory.task.off-heap.size: 64m
taskmanager.memory.managed.size: 128m
taskmanager.memory.network.min: 64m
taskmanager.memory.network.max: 64m
taskmanager.memory.jvm-metaspace.size: 256m
taskmanager.memory.jvm-overhead.min: 64m
taskmanager.memory.jvm-overhead.max: 64m
cluster.evenly-spread-out-slots: true
slot.idle.timeout: 2000
heartbeat.interval: 1000
heartbeat.timeout: 15000
restart-strategy: fixed-delay
restart-strategy.fixed-delay.attempts: 10
restart-strategy.fixed-delay.delay: 8 s
execution.checkpointing.interval: 5 s
state.checkpoints.dir: file://%[4]s/checkpoints
io.tmp.dirs: %[4]s
`, ports[0], ports[1], slots, c.dir)
	if err := os.WriteFile(filepath.Join(c.dir, "flink-conf.yaml"), []byte(conf), 0o644); err != nil {
		tb.Fatal(err)
	}
	c.JobManager = c.java(tb, "jobmanager", "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint", "--configDir", c.dir)
	for i := range taskManagers {
		c.TaskManagers = append(c.TaskManagers, c.java(tb, fmt.Sprintf("taskmanager%d", i), "org.apache.flink.runtime.taskexecutor.TaskManagerRunner", "--configDir", c.dir))
	}
	c.jobServer(tb, fmt.Sprintf("localhost:%d", ports[1]), "--flink-conf-dir="+c.dir)
	c.Await(tb, "TaskManagers at the JobManager", func() bool {
		var o struct{ TaskManagers int }
		return c.get("/overview", &o) == nil && o.TaskManagers == taskManagers
	})
	return c
}

func (c *Cluster) jobServer(tb testing.TB, master string, args ...string) {
	tb.Helper()
	port := freePorts(tb, 1)[0]
	c.Endpoint = fmt.Sprintf("localhost:%d", port)
	c.JobServer = c.java(tb, "jobserver", "org.apache.beam.runners.flink.FlinkJobServerDriver", append([]string{
		"--flink-master=" + master, "--job-host=localhost", fmt.Sprintf("--job-port=%d", port),
		"--artifact-port=0", "--expansion-port=0", "--artifacts-dir=" + filepath.Join(c.dir, "artifacts"),
	}, args...)...)
	c.Await(tb, "the job server", func() bool {
		conn, err := net.Dial("tcp", c.Endpoint)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

// java starts a class. The modules that Flink and Beam open are those of Java 17.
func (c *Cluster) java(tb testing.TB, name, class string, args ...string) *Process {
	tb.Helper()
	opts := []string{"-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:MaxDirectMemorySize=512m", "-Djava.io.tmpdir=" + c.dir,
		"-Dorg.slf4j.simpleLogger.showDateTime=true", "--add-exports=java.base/sun.net.util=ALL-UNNAMED"}
	for _, p := range []string{"java.lang", "java.util", "java.nio", "java.net", "java.time", "sun.nio.ch", "java.util.concurrent", "java.util.concurrent.atomic"} {
		opts = append(opts, "--add-opens=java.base/"+p+"=ALL-UNNAMED")
	}
	opts = append(opts, "-cp", filepath.Join(c.jars, "*"), class)
	p := &Process{Name: name, Log: filepath.Join(c.dir, name+".log"), cmd: exec.Command("java", append(opts, args...)...), done: make(chan struct{})}
	out, err := os.Create(p.Log)
	if err != nil {
		tb.Fatal(err)
	}
	defer out.Close()
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.Dir = out, out, c.dir
	// A group of its own has the workers too, so that all of it can be stopped. The kernel stops a process whose test
	// was ended without a Cleanup, as by a timeout.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	p.Pid = p.cmd.Process.Pid
	go func() {
		p.cmd.Wait()
		close(p.done)
	}()
	tb.Cleanup(func() {
		syscall.Kill(-p.Pid, syscall.SIGKILL)
		<-p.done
		if tb.Failed() {
			tb.Logf("the last lines of %s:\n%s", name, tail(p.Log, 40))
		}
	})
	return p
}

// Kill ends a process as the kernel does when memory runs out: at once, with no farewell.
func (p *Process) Kill() {
	p.cmd.Process.Kill()
	<-p.done
}

// Workers returns the processes that p has started, the workers of a TaskManager.
func (p *Process) Workers() []int { return children(p.Pid) }

func children(pid int) []int {
	var pids []int
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, f := range tasks {
		b, _ := os.ReadFile(f)
		for _, s := range strings.Fields(string(b)) {
			if n, err := strconv.Atoi(s); err == nil {
				pids = append(pids, n)
			}
		}
	}
	return pids
}

// CPU returns the processor time that a process has used, and that of the processes that it has started and that have
// ended. Both are 0 if there is no such process.
func CPU(pid int) (own, ended time.Duration) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0
	}
	f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	if len(f) < 15 || f[0] == "Z" {
		return 0, 0
	}
	var d [4]time.Duration // user and system, user and system of those that have ended
	for i := range d {
		n, _ := strconv.Atoi(f[11+i])
		d[i] = time.Duration(n) * time.Second / 100 // USER_HZ is 100 on every architecture that Go knows
	}
	return d[0] + d[1], d[2] + d[3]
}

// A Job is what the JobManager tells of a job.
type Job struct {
	ID    string `json:"jid"`
	Name  string
	State string
}

// Jobs returns the jobs of the cluster.
func (c *Cluster) Jobs(tb testing.TB) []Job {
	tb.Helper()
	var o struct{ Jobs []Job }
	if err := c.get("/jobs/overview", &o); err != nil {
		tb.Fatal(err)
	}
	return o.Jobs
}

// Failures returns the exceptions after which Flink restarted a job, the newest first.
func (c *Cluster) Failures(tb testing.TB, job Job) []string {
	tb.Helper()
	var o struct {
		ExceptionHistory struct {
			Entries []struct{ Stacktrace string }
		}
	}
	if err := c.get("/jobs/"+job.ID+"/exceptions", &o); err != nil {
		tb.Fatal(err)
	}
	var failures []string
	for _, e := range o.ExceptionHistory.Entries {
		failures = append(failures, e.Stacktrace)
	}
	return failures
}

func (c *Cluster) get(path string, v any) error {
	resp, err := http.Get(c.rest + path)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("flinktest: %s: %s", path, resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(v)
}

// Await returns when ready does. It fails the test once a process of the cluster that should run has ended.
func (c *Cluster) Await(tb testing.TB, what string, ready func() bool) {
	tb.Helper()
	for !ready() {
		for _, p := range append([]*Process{c.JobManager, c.JobServer}, c.TaskManagers...) {
			if p == nil {
				continue
			}
			select {
			case <-p.done:
				if p.cmd.ProcessState.ExitCode() >= 0 { // not killed by the test
					tb.Fatalf("%s has ended (%v) while the test waited for %s", p.Name, p.cmd.ProcessState, what)
				}
			default:
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// freePorts returns ports that nobody listens on.
func freePorts(tb testing.TB, n int) []int {
	tb.Helper()
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", "localhost:0")
		if err != nil {
			tb.Fatal(err)
		}
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports
}

// tail returns the last lines of a file.
func tail(file string, n int) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
