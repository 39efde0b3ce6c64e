//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
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

// heeded returns those signals that processes started here do not ignore: under nohup
// they ignore SIGHUP.
func heeded(signals ...syscall.Signal) []syscall.Signal {
	return slices.DeleteFunc(signals, func(sig syscall.Signal) bool { return signal.Ignored(sig) })
}

// TestInterrupt: an interrupt ends the command while it waits for input, after
// the results so far.
func TestInterrupt(t *testing.T) {
	for _, sig := range heeded(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP) {
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

// TestInterruptedFar: an interrupt says how far the command got, and the results so
// far are complete lines.
func TestInterruptedFar(t *testing.T) {
	input := filepath.Join(t.TempDir(), "requests")
	const lines = 20000
	if err := os.WriteFile(input, []byte(strings.Repeat("{\"text\":\"A man is eating.\"}\n", lines)), 0o666); err != nil {
		t.Fatal(err)
	}
	cmd, stderr := command(t, "predict", "--head", "mnli", "--input", input)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(out)
	if _, err := r.Peek(1); err != nil {
		t.Fatal(err)
	}
	cmd.Process.Signal(os.Interrupt)
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	n := bytes.Count(b, []byte("\n"))
	if n == lines || !bytes.HasSuffix(b, []byte("}\n")) {
		t.Errorf("%d lines, the last ends in %q", n, b[max(0, len(b)-20):])
	}
	checkExit(t, cmd.Wait(), exitSignal+int(syscall.SIGINT), stderr.String(), "roberta: interrupted after "+count(n)+" of 20,000 lines\n")
}

// TestPipesNobodyOpens: waiting for the other end of a pipe ends with the first
// interrupt.
func TestPipesNobodyOpens(t *testing.T) {
	model := filepath.Join("..", "..", "testdata", "goldens", "tiny", "model.pt")
	for _, tt := range []struct {
		want string
		args []string // before the name of the pipe
	}{
		{"after 0 lines", []string{"encode", "--input"}},
		{"before anything was written", []string{"synth", "--arch", "roberta.base"}},
		{"before PIPE was complete", []string{"convert", model}},
		{"before anything was written", []string{"features", "x", "-o"}},
	} {
		pipe := filepath.Join(t.TempDir(), "pipe") // one that no earlier command waits for
		if err := syscall.Mkfifo(pipe, 0o600); err != nil {
			t.Skip(err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		go cancel(signalError{syscall.SIGINT})
		var stderr strings.Builder
		code := run(ctx, append(tt.args, pipe), strings.NewReader(""), io.Discard, &stderr)
		want := "roberta: interrupted " + strings.ReplaceAll(tt.want, "PIPE", pipe) + "\n"
		if code != exitSignal+int(syscall.SIGINT) || stderr.String() != want {
			t.Errorf("%s: exit code %d, %q, want %q", tt.args[0], code, stderr.String(), want)
		}
	}
}

// TestPipeAsInput: a pipe by name is read as the lines come.
func TestPipeAsInput(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	go func() {
		if err := os.WriteFile(pipe, []byte("{\"text\":\"Hello world!\"}\n"), 0); err != nil {
			t.Error(err)
		}
	}()
	cmd, stderr := command(t, "encode", "--input", pipe)
	out, err := cmd.Output()
	if want := "{\"tokens\":[0,31414,232,328,2]}\n"; string(out) != want {
		t.Errorf("%q, want %q", out, want)
	}
	checkExit(t, err, exitOK, stderr.String(), "")
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

// TestFullDisk: what cannot be written is an error, help and the version too.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	for _, args := range [][]string{{"encode", "x"}, {"--version"}, {"help"}, {"help", "encode"}, {"encode", "--help"}, {"completion", "bash"}} {
		cmd, stderr := command(t, args...)
		cmd.Stdout = full
		checkExit(t, cmd.Run(), exitFailure, stderr.String(), "roberta: write /dev/stdout: no space left on device\n")
	}
}

// TestOutputWithoutName: an empty name, as of a shell variable that is not set, is
// refused before anything is computed.
func TestOutputWithoutName(t *testing.T) {
	for _, args := range [][]string{{"features", "-o", "", "x"}, {"convert", "pocket", ""}} {
		cmd, stderr := command(t, args...)
		checkExit(t, cmd.Run(), exitFailure, stderr.String(), "roberta: the output file has no name\n")
	}
}
