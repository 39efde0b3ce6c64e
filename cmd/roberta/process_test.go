//go:build unix

package main

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// command is the command as a process of its own: this test program, which
// testscript turns into the command by its name.
func command(t *testing.T, args ...string) (*exec.Cmd, *strings.Builder) {
	t.Helper()
	exe, err := exec.LookPath("roberta") // TestMain puts it in front
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	return cmd, &stderr
}

// checkExit checks how a process ended.
func checkExit(t *testing.T, err error, code int, stderr, want string) {
	t.Helper()
	got := 0
	if err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			t.Fatal(err)
		}
		got = exit.ExitCode()
	}
	if got != code || stderr != want {
		t.Errorf("exit code %d, stderr %q, want %d, %q", got, stderr, code, want)
	}
}

// TestInterrupt: an interrupt ends the command while it waits for input, after
// the results so far.
func TestInterrupt(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		cmd, stderr := command(t, "encode", "--input", "-", "--keep-going")
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		io.WriteString(in, "{\"text\":\"Hello world!\"}\n")
		line, err := bufio.NewReader(out).ReadString('\n')
		if want := "{\"tokens\":[0,31414,232,328,2]}\n"; line != want || err != nil {
			t.Errorf("%v: %q, %v, want %q", sig, line, err, want)
		}
		cmd.Process.Signal(sig)
		checkExit(t, cmd.Wait(), exitSignal+int(sig), stderr.String(), "roberta: interrupted after 1 line\n")
	}
}

// TestClosedPipe: a reader that has enough is no reason for a message, a stack
// trace or a signal.
func TestClosedPipe(t *testing.T) {
	cmd, stderr := command(t, "encode", "--input", "-")
	cmd.Stdin = strings.NewReader(strings.Repeat("{\"text\":\"Hello world!\"}\n", 1e5))
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if _, err := bufio.NewReaderSize(r, 16).ReadByte(); err != nil {
		t.Error(err)
	}
	r.Close()
	checkExit(t, cmd.Wait(), exitFailure, stderr.String(), "")
}

// TestFullDisk: results that cannot be written are an error.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	cmd, stderr := command(t, "encode", "x")
	cmd.Stdout = full
	checkExit(t, cmd.Run(), exitFailure, stderr.String(), "roberta: write /dev/stdout: no space left on device\n")
}
