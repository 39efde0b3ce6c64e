package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// waitForOutput waits until a process has a file open in dir that has bytes in it,
// and that is none of the files there, or until the process has ended.
func waitForOutput(cmd *exec.Cmd, dir string) {
	for {
		fds, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", cmd.Process.Pid))
		if err != nil || len(fds) == 0 {
			return
		}
		for _, fd := range fds {
			name, _ := os.Readlink(fd)
			info, err := os.Stat(fd)
			if strings.HasPrefix(name, dir+"/") && filepath.Base(name) != "requests" && err == nil && info.Size() > 0 {
				return
			}
		}
		time.Sleep(time.Millisecond)
	}
}

// TestNothingLeft: a command that is ended while it writes leaves the old file and
// nothing else, whatever the signal.
func TestNothingLeft(t *testing.T) {
	for _, sig := range heeded(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGKILL, syscall.SIGQUIT) {
		dir := t.TempDir()
		out := filepath.Join(dir, "out.safetensors")
		var stderr *strings.Builder
		var err error
		for err == nil { // on a busy machine the command may be done before the signal comes
			if err := os.WriteFile(out, []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
			var cmd *exec.Cmd
			cmd, stderr = command(t, "synth", "--arch", "roberta.base", out)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			waitForOutput(cmd, dir)
			cmd.Process.Signal(sig)
			err = cmd.Wait()
		}
		if sig != syscall.SIGKILL && sig != syscall.SIGQUIT {
			checkExit(t, err, exitSignal+int(sig), stderr.String(), "roberta: interrupted before "+out+" was complete\n")
		}
		if b, err := os.ReadFile(out); err != nil || !bytes.Equal(b, []byte("old")) {
			t.Errorf("%v: the old file has %d bytes, %v", sig, len(b), err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
			t.Errorf("%v: in the folder: %v, %v", sig, left, err)
		}
	}
}

// TestNothingSpooled: tensors that wait for the end on disk leave nothing either.
func TestNothingSpooled(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		dir := t.TempDir()
		requests, out := filepath.Join(dir, "requests"), filepath.Join(dir, "out.safetensors")
		if err := os.WriteFile(requests, []byte(strings.Repeat("{\"text\":\"A man is eating.\"}\n", 5000)), 0o666); err != nil {
			t.Fatal(err)
		}
		// Its results do not fit in the memory for them.
		cmd, stderr := command(t, "features", "--lm-logits", "--input", requests, "-o", out)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		waitForOutput(cmd, dir)
		cmd.Process.Signal(sig)
		cmd.Wait()
		if want := " of 5,000 lines; nothing is written to " + out + "\n"; sig != syscall.SIGKILL && !strings.HasSuffix(stderr.String(), want) {
			t.Errorf("stderr %q, want %q at its end", stderr, want)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
			t.Errorf("%v: in the folder: %v, %v", sig, left, err)
		}
	}
}

// terminal is a terminal of which the test is the other side.
func terminal(t *testing.T) (outside, inside *os.File) {
	t.Helper()
	outside, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { outside.Close() })
	if err := unix.IoctlSetPointerInt(int(outside.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Skip(err)
	}
	n, err := unix.IoctlGetInt(int(outside.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Skip(err)
	}
	inside, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { inside.Close() })
	return outside, inside
}

// labelled is a file of texts with labels.
func labelled(t *testing.T, n int) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "labelled")
	lines := "{\"text\":\"Snow in the north.\",\"label\":\"weather\"}\n{\"text\":\"The soup was cold.\",\"label\":\"food\"}\n"
	if err := os.WriteFile(name, []byte(strings.Repeat(lines, n/2)), 0o666); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestProgress: a terminal shows how far a command is, and nothing of it stays;
// with --quiet it shows nothing.
func TestProgress(t *testing.T) {
	requests := filepath.Join(t.TempDir(), "requests")
	if err := os.WriteFile(requests, []byte(strings.Repeat("{\"text\":\"Hello world!\"}\n", 1000)), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, quiet := range []bool{false, true} {
		outside, inside := terminal(t)
		args := []string{"encode", "--input", requests}
		if quiet {
			args = append(args, "--quiet")
		}
		cmd, _ := command(t, args...)
		cmd.Stderr = inside
		lines := make(chan string, 1)
		go func() { // a terminal that nobody reads is full after a while
			line, _ := bufio.NewReader(outside).ReadString('\n')
			lines <- line
		}()
		if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(inside, "end\n")
		shown := <-lines
		if quiet && shown != "end\r\n" {
			t.Errorf("with --quiet: %q", shown)
		}
		if !quiet && (!strings.Contains(shown, " lines, ") || !strings.Contains(shown, " %") || !strings.HasSuffix(shown, "\r\x1b[Kend\r\n")) {
			t.Errorf("shown: %q", shown)
		}
	}

	// So does a fit, which has no lines.
	outside, inside := terminal(t)
	cmd, _ := command(t, "fit", "--head", "topic", "--input", labelled(t, 300), filepath.Join(t.TempDir(), "out.safetensors"))
	cmd.Stderr = inside
	lines := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(outside).ReadString('\n')
		lines <- line
	}()
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(inside, "end\n")
	if shown := <-lines; !strings.Contains(shown, " of 300 examples") || !strings.HasSuffix(shown, "\r\x1b[Kend\r\n") {
		t.Errorf("shown: %q", shown)
	}

	// Tensors are not for a terminal.
	_, inside = terminal(t)
	cmd, stderr := command(t, "features", "-o", "-", "x")
	cmd.Stdout = inside
	err := cmd.Run()
	checkExit(t, err, exitFailure, stderr.String(), "roberta: standard output is a terminal: send it to a file or a program\n")
}
