package hub

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// large is the repository of TestDownload: settings, and weights of some size.
func large() map[string][]byte {
	return map[string][]byte{"config.json": []byte("{}\n"), "model.safetensors": made(300_000)}
}

// serveFrom answers a GET with content, from a place on, that is cut after n bytes.
func serveFrom(rw http.ResponseWriter, r *http.Request, content []byte, cut int) {
	from := 0
	if v, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes="); ok {
		from, _ = strconv.Atoi(strings.TrimSuffix(v, "-"))
		rw.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(content)-1, len(content)))
	}
	rw.Header().Set("Content-Length", fmt.Sprint(len(content)-from))
	if from > 0 {
		rw.WriteHeader(http.StatusPartialContent)
	}
	rw.Write(content[from:min(len(content), from+cut)])
	http.NewResponseController(rw).Flush()
	if from+cut < len(content) {
		panic(http.ErrAbortHandler)
	}
}

// TestDownload fetches weights over a CDN with faults.
func TestDownload(t *testing.T) {
	content := large()["model.safetensors"]
	other := bytes.Clone(content)
	other[200_000] ^= 1
	var n atomic.Int64 // requests to the CDN in this test; connections that are cut overlap
	for _, test := range []struct {
		what    string
		partial []byte // what an earlier process left
		cdn     func(rw http.ResponseWriter, r *http.Request)
		err     error // nil: it works
		says    string
		ranges  []string // of the requests to the CDN
		left    bool     // the partial file stays after the error
	}{
		{what: "cut three times", cdn: func(rw http.ResponseWriter, r *http.Request) { serveFrom(rw, r, content, 100_000) },
			ranges: []string{"", "bytes=100000-", "bytes=200000-"}},
		{what: "resumed", partial: content[:250_000], cdn: func(rw http.ResponseWriter, r *http.Request) { serveFrom(rw, r, content, 1<<20) },
			ranges: []string{"bytes=250000-"}},
		{what: "all is there already", partial: content, cdn: func(rw http.ResponseWriter, r *http.Request) { http.Error(rw, "?", 500) }},
		{what: "more than all is there", partial: append(bytes.Clone(content), 1), cdn: func(rw http.ResponseWriter, r *http.Request) { serveFrom(rw, r, content, 1<<20) },
			ranges: []string{""}},
		{what: "what is there is wrong", partial: other[:250_000], cdn: func(rw http.ResponseWriter, r *http.Request) { serveFrom(rw, r, content, 1<<20) },
			ranges: []string{"bytes=250000-", ""}},
		{what: "ranges are ignored", partial: content[:250_000], cdn: func(rw http.ResponseWriter, r *http.Request) {
			r.Header.Del("Range")
			serveFrom(rw, r, content, 1<<20)
		}, ranges: []string{"bytes=250000-"}},
		{what: "ranges are ignored, and it is cut", cdn: func(rw http.ResponseWriter, r *http.Request) {
			r.Header.Del("Range")
			serveFrom(rw, r, content, 100_000)
		}, err: ErrNetwork, says: "cut after 100000 bytes", left: true,
			ranges: []string{"", "bytes=100000-", "bytes=100000-", "bytes=100000-", "bytes=100000-", "bytes=100000-"}},
		{what: "ranges are ignored, and it is cut later and later", cdn: func(rw http.ResponseWriter, r *http.Request) {
			r.Header.Del("Range")
			serveFrom(rw, r, content, 1000*int(n.Load()))
		}, err: ErrNetwork, says: "the rest alone cannot be had", left: true},
		{what: "another range than asked for", partial: content[:250_000], cdn: func(rw http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") != "" {
				r.Header.Set("Range", "bytes=5-")
			}
			serveFrom(rw, r, content, 1<<20)
		}, ranges: []string{"bytes=250000-", ""}},
		{what: "416", partial: content[:250_000], cdn: func(rw http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") != "" {
				rw.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
				return
			}
			serveFrom(rw, r, content, 1<<20)
		}, ranges: []string{"bytes=250000-", ""}},
		{what: "no length", cdn: func(rw http.ResponseWriter, r *http.Request) {
			rw.Write(content[:1000])
			http.NewResponseController(rw).Flush() // chunked from here on
			rw.Write(content[1000:])
		}, ranges: []string{""}},
		{what: "503 twice", cdn: func(rw http.ResponseWriter, r *http.Request) {
			if n.Load() < 3 {
				http.Error(rw, "later", http.StatusServiceUnavailable)
				return
			}
			serveFrom(rw, r, content, 1<<20)
		}, ranges: []string{"", "", ""}},
		{what: "500 for ever", cdn: func(rw http.ResponseWriter, r *http.Request) { http.Error(rw, "no", 500) }, err: ErrServer, says: "500", left: true,
			ranges: []string{"", "", "", "", "", ""}},
		{what: "nothing for ever", cdn: func(rw http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }, err: ErrNetwork, says: "no connection to 127.0.0.1", left: true},
		{what: "wrong content", cdn: func(rw http.ResponseWriter, r *http.Request) { serveFrom(rw, r, other, 1<<20) }, err: ErrMismatch, says: "its hash is " + sha256Of(other),
			ranges: []string{""}},
		{what: "too short", cdn: func(rw http.ResponseWriter, r *http.Request) { serveFrom(rw, r, content[:200_000], 1<<20) }, err: ErrMismatch, says: "200000 bytes",
			ranges: []string{""}},
		{what: "too long, with no length", cdn: func(rw http.ResponseWriter, r *http.Request) {
			for range 3 {
				rw.Write(content)
				http.NewResponseController(rw).Flush()
			}
		}, err: ErrMismatch, says: "of a file of 300000", ranges: []string{""}},
		{what: "a range of another file", partial: content[:250_000], cdn: func(rw http.ResponseWriter, r *http.Request) {
			serveFrom(rw, r, append(bytes.Clone(content), content...), 1<<20)
		}, err: ErrMismatch, says: "600000 bytes", ranges: []string{"bytes=250000-", ""}},
		{what: "a page", cdn: func(rw http.ResponseWriter, r *http.Request) { fmt.Fprint(rw, "<html>Sign in to the network</html>") }, err: ErrMismatch, says: "35 bytes",
			ranges: []string{""}},
		{what: "compressed", cdn: func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Content-Encoding", "gzip")
			serveFrom(rw, r, content, 1<<20)
		}, err: ErrProtocol, says: "encoded as gzip", left: true, ranges: []string{""}},
		{what: "403", cdn: func(rw http.ResponseWriter, r *http.Request) { http.Error(rw, "expired", http.StatusForbidden) }, err: ErrUnauthorized, says: "403 from 127.0.0.1", left: true,
			ranges: []string{""}},
	} {
		t.Run(test.what, func(t *testing.T) {
			w := newWorld(t)
			w.add("org/tiny", large())
			n.Store(0)
			w.fault = func(rw http.ResponseWriter, r *http.Request, from string) bool {
				if from == "cdn" {
					n.Add(1)
					test.cdn(rw, r)
				}
				return from == "cdn"
			}
			partial := filepath.Join(w.cache, "models--org--tiny", "blobs", sha256Of(content)+".incomplete")
			if test.partial != nil {
				write(t, partial, test.partial)
			}
			var last Progress
			dir, err := w.path(tiny, WithProgress(func(p Progress) { last = p }))
			if !errors.Is(err, test.err) {
				t.Fatalf("error %v, want %v", err, test.err)
			}
			var ranges []string
			for _, r := range w.took() {
				if r.server == "cdn" {
					ranges = append(ranges, r.header.Get("Range"))
				}
			}
			if test.ranges != nil && !slices.Equal(ranges, test.ranges) {
				t.Errorf("ranges %q were asked for, want %q", ranges, test.ranges)
			}
			_, statErr := os.Stat(partial)
			if left := statErr == nil; left != test.left {
				t.Errorf("%s is left: %v, want %v", partial, left, test.left)
			}
			if err == nil {
				if got, err := os.ReadFile(filepath.Join(dir, "model.safetensors")); !bytes.Equal(got, content) {
					t.Errorf("%d bytes, %v, and not the right ones", len(got), err)
				}
				if want := int64(len(content) + 3); last.Done != want && last.Total != 0 {
					t.Errorf("progress ends at %+v, want %d", last, want)
				}
				return
			}
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Name != tiny || e.File != "model.safetensors" || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q, want one line on %s and model.safetensors that says %q", err, tiny, test.says)
			}
			if isFile(filepath.Join(w.cache, "models--org--tiny", "snapshots", commitA, "model.safetensors")) || isFile(filepath.Join(w.cache, "models--org--tiny", "refs", "main")) {
				t.Error("the snapshot counts as complete")
			}
		})
	}
}

// TestWrongSmallFile checks git's hash of small files.
func TestWrongSmallFile(t *testing.T) {
	w := newWorld(t)
	w.add("org/tiny", large())
	w.fault = func(rw http.ResponseWriter, r *http.Request, from string) bool {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/config.json") {
			rw.Write([]byte("[]\n")) // as long as it should be
			return true
		}
		return false
	}
	if _, err := w.path(tiny); !errors.Is(err, ErrMismatch) || !strings.Contains(err.Error(), "config.json") {
		t.Errorf("error %v, want %v of config.json", err, ErrMismatch)
	}
}

// TestPauses holds how long is waited between tries.
func TestPauses(t *testing.T) {
	w := newWorld(t)
	w.add("org/tiny", large())
	var waits []time.Duration
	status, after := 500, ""
	record := func(o *options) error {
		o.pause = func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil }
		return nil
	}
	w.fault = func(rw http.ResponseWriter, r *http.Request, from string) bool {
		if after != "" {
			rw.Header().Set("Retry-After", after)
		}
		rw.WriteHeader(status)
		return true
	}
	if _, err := w.path(tiny, record); !errors.Is(err, ErrServer) {
		t.Errorf("error %v, want %v", err, ErrServer)
	}
	if len(waits) != maxTries-1 {
		t.Errorf("%d waits, want %d", len(waits), maxTries-1)
	}
	for i, d := range waits {
		if low := min(firstPause<<i, maxPause); d < low || d > low+low/4 {
			t.Errorf("wait %d is %v, want %v and at most a quarter", i, d, low)
		}
	}
	waits, status, after = nil, 429, "7"
	if _, err := w.path(tiny, record); !errors.Is(err, ErrRateLimited) || !strings.Contains(err.Error(), "7s") {
		t.Errorf("error %v, want %v that says 7s", err, ErrRateLimited)
	}
	if slices.ContainsFunc(waits, func(d time.Duration) bool { return d != 7*time.Second }) || len(waits) != maxTries-1 {
		t.Errorf("waits %v, want 7s each", waits)
	}
	waits, after = nil, "86400"
	if _, err := w.path(tiny, record); !errors.Is(err, ErrRateLimited) || len(waits) > 0 {
		t.Errorf("error %v after waits %v, want %v at once: nobody waits a day", err, waits, ErrRateLimited)
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for v, want := range map[string]time.Duration{
		"": 0, "x": 0, "-1": 0, "0": 0, "12": 12 * time.Second, "Fri, 02 Jan 2026 03:05:05 GMT": time.Minute, "Fri, 02 Jan 2026 03:03:05 GMT": 0, "99999999999999999999": 0,
	} {
		if got := retryAfter(v, now); got != want {
			t.Errorf("retryAfter(%q) = %v, want %v", v, got, want)
		}
	}
}

// TestStall ends a connection on which nothing comes any more, and resumes.
func TestStall(t *testing.T) {
	w := newWorld(t)
	w.add("org/tiny", large())
	content := large()["model.safetensors"]
	var n atomic.Int64
	w.fault = func(rw http.ResponseWriter, r *http.Request, from string) bool {
		if from != "cdn" {
			return false
		}
		if n.Add(1) > 1 {
			serveFrom(rw, r, content, 1<<20)
			return true
		}
		rw.Header().Set("Content-Length", fmt.Sprint(len(content)))
		rw.Write(content[:1234])
		http.NewResponseController(rw).Flush()
		<-r.Context().Done() // until the client has had enough
		return true
	}
	dir := w.mustPath(tiny, func(o *options) error { o.stall = 50 * time.Millisecond; return nil })
	if got, _ := os.ReadFile(filepath.Join(dir, "model.safetensors")); !bytes.Equal(got, content) {
		t.Error("not the right bytes")
	}
	if n := n.Load(); n < 2 {
		t.Errorf("%d requests, want 2", n)
	}
}

// A fullDisk takes some bytes and then no more.
type fullDisk struct {
	w    io.Writer
	left int
}

func (f *fullDisk) Write(p []byte) (int, error) {
	if len(p) > f.left {
		n, _ := f.w.Write(p[:f.left])
		f.left -= n
		return n, &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
	}
	f.left -= len(p)
	return f.w.Write(p)
}

// TestDiskFull says how much is needed, and leaves the disk as it was.
func TestDiskFull(t *testing.T) {
	full := func(o *options) error {
		o.disk = func(f *os.File) io.Writer { return &fullDisk{f, 100_000} }
		return nil
	}
	w := newWorld(t)
	w.add("org/tiny", large())
	_, err := w.path(tiny, full)
	if !errors.Is(err, ErrDiskFull) || !strings.Contains(err.Error(), "model.safetensors: disk full after 100.0 kB of 300.0 kB") {
		t.Errorf("error %v, want %v that says how much", err, ErrDiskFull)
	}
	if left := below(t, filepath.Join(w.cache, "models--org--tiny", "blobs")); slices.ContainsFunc(left, func(n string) bool { return strings.Contains(n, "incomplete") }) {
		t.Errorf("left is %q", left)
	}
	w.mustPath(tiny) // with room again

	w = newWorld(t)
	w.archives["/fairseq/roberta.base.tar.gz"] = archiveOf(t, fairseqFiles())
	if _, err := w.path("fairseq:roberta.base", full); !errors.Is(err, ErrDiskFull) || !strings.Contains(err.Error(), "roberta.base.tar.gz") {
		t.Errorf("error %v, want %v", err, ErrDiskFull)
	}
	if left := below(t, w.fairseq); slices.ContainsFunc(left, func(n string) bool { return !strings.HasSuffix(n, ".lock") }) {
		t.Errorf("left is %q", left)
	}
}

// TestNoRoom refuses what the disk has no room for before the first byte comes. The
// size is the server's claim: nothing of it is allocated.
func TestNoRoom(t *testing.T) {
	if _, ok := freeSpace(t.TempDir()); !ok {
		t.Skip("free space is not known here")
	}
	for _, claim := range []string{"4611686018427387904", "9223372036854775807"} {
		w := newWorld(t)
		files := large()
		files["a.model"] = []byte("x")
		w.add("org/tiny", files)
		w.fault = func(rw http.ResponseWriter, r *http.Request, from string) bool {
			if r.Method == http.MethodHead && isLarge(r.URL.Path) {
				rw.Header().Set("X-Linked-Size", claim)
				rw.Header().Set("X-Linked-Etag", `"`+sha256Of([]byte(r.URL.Path))+`"`)
				rw.Header().Set("Location", w.cdn.URL+"/blobs/x")
				rw.WriteHeader(http.StatusFound)
				return true
			}
			return false
		}
		_, err := w.path(tiny)
		if !errors.Is(err, ErrDiskFull) && !errors.Is(err, ErrProtocol) {
			t.Errorf("size %s: error %v, want %v", claim, err, ErrDiskFull)
		}
		for _, r := range w.took() {
			if r.server == "cdn" {
				t.Errorf("%v was requested", r)
			}
		}
	}
}
