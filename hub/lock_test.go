package hub

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestMain plays the second process of TestSecondProcess if it is asked to.
func TestMain(m *testing.M) {
	if path := os.Getenv("GOROBERTA_TEST_LOCK"); path != "" {
		unlock, ok, err := lock(context.Background(), path)
		if !ok || err != nil {
			fmt.Println("no lock:", err)
			os.Exit(1)
		}
		fmt.Println("locked")
		io.Copy(io.Discard, os.Stdin)
		fmt.Println("unlocked")
		unlock()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestSecondProcess waits while another process holds the lock of a file.
func TestSecondProcess(t *testing.T) {
	w := newWorld(t)
	files := large()
	w.add("org/tiny", files)
	exe, err := os.Executable()
	if err != nil {
		t.Skip("this program cannot be run again: ", err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "GOROBERTA_TEST_LOCK="+newStorage(w.cache, "org/tiny", false).lockFile(sha256Of(files["model.safetensors"])))
	testLockHolder(t, w, cmd)
}

// testLockHolder holds that nothing of the weights is fetched while cmd holds their
// lock, until its input ends.
func testLockHolder(t *testing.T, w *world, cmd *exec.Cmd) {
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Skip("no second process: ", err)
	}
	defer cmd.Wait()
	defer in.Close()
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "locked" {
		t.Fatalf("the second process says %q", lines.Text())
	}
	isWeights := func(r request) bool { return r.server == "cdn" }
	countWeights := func() (n int) {
		for _, r := range w.took() {
			if isWeights(r) {
				n++
			}
		}
		return n
	}

	// Waiting ends with the context.
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := Path(ctx, tiny, w.options()...); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want %v", err, context.DeadlineExceeded)
	}
	done := make(chan error, 1)
	go func() {
		_, err := Path(t.Context(), tiny, w.options()...)
		done <- err
	}()
	select {
	case err := <-done:
		t.Errorf("Path did not wait: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	if n := countWeights(); n > 0 {
		t.Errorf("%d requests for the weights", n)
	}
	in.Close()
	if !lines.Scan() || lines.Text() != "unlocked" {
		t.Errorf("the second process says %q", lines.Text())
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if n := countWeights(); n != 1 {
		t.Errorf("%d requests for the weights, want 1", n)
	}
}

// TestLock lets one goroutine in at a time, also if the file is removed meanwhile, as
// some programs do when they are done with it.
func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "locks", "x.lock")
	if _, ok, _ := lock(t.Context(), path); !ok {
		t.Skip("files cannot be locked here")
	}
	path += "2"
	var wg sync.WaitGroup
	var in atomic.Int32
	for i := range 8 {
		wg.Go(func() {
			for range 10 {
				unlock, ok, err := lock(t.Context(), path)
				if err != nil || !ok {
					t.Error(ok, err)
					return
				}
				if n := in.Add(1); n != 1 {
					t.Errorf("%d are in", n)
				}
				time.Sleep(time.Millisecond)
				if i == 0 {
					os.Remove(path)
				}
				in.Add(-1)
				unlock()
			}
		})
	}
	wg.Wait()
}
