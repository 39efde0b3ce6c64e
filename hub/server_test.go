package hub

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A world plays Hugging Face's hub, the CDN that it redirects to, and fairseq's server,
// on loopback.
type world struct {
	t        *testing.T
	hub, cdn *httptest.Server
	cache    string // Hugging Face's
	fairseq  string // fairseq's
	token    string // that the hub wants, "" if none

	mu       sync.Mutex
	repos    map[string]*repo
	archives map[string][]byte // by their path
	fault    func(w http.ResponseWriter, r *http.Request, from string) bool
	requests []request
	bare     bool // the listing gives names alone
}

// A repo is a repository of the hub.
type repo struct {
	refs    map[string]string            // revision → commit
	commits map[string]map[string][]byte // commit → files
}

// A request is one that a server got.
type request struct {
	server, method, path string
	header               http.Header
}

func (r request) String() string { return r.server + " " + r.method + " " + r.path }

const (
	commitA = "0123456789abcdef0123456789abcdef01234567"
	commitB = "fedcba9876543210fedcba9876543210fedcba98"
)

func newWorld(t *testing.T) *world {
	t.Helper()
	for _, v := range []string{
		"HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_ENDPOINT",
		"HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_IMPLICIT_TOKEN", "HF_HUB_DISABLE_SYMLINKS", "HF_HUB_DISABLE_PROGRESS_BARS",
		"HF_HUB_DOWNLOAD_TIMEOUT", "PYTORCH_FAIRSEQ_CACHE", "TORCH_HOME", "GOROBERTA_FAIRSEQ_ENDPOINT",
	} {
		t.Setenv(v, "") // which puts it back in the end
		os.Unsetenv(v)
	}
	t.Setenv("HOME", t.TempDir()) // nothing of the user's is touched
	w := &world{t: t, cache: filepath.Join(t.TempDir(), "hub"), fairseq: filepath.Join(t.TempDir(), "fairseq"), repos: map[string]*repo{}, archives: map[string][]byte{}}
	w.hub = httptest.NewServer(w.handler("hub", w.serveHub))
	w.cdn = httptest.NewServer(w.handler("cdn", w.serveCDN))
	t.Cleanup(func() { w.hub.Close(); w.cdn.Close() })
	return w
}

// add makes a repository of one commit, main.
func (w *world) add(id string, files map[string][]byte) *repo {
	r := &repo{map[string]string{"main": commitA}, map[string]map[string][]byte{commitA: files}}
	w.repos[id] = r
	return r
}

// options are those of a user of this world. Waits take no time.
func (w *world) options(opts ...Option) []Option {
	return append([]Option{WithEndpoint(w.hub.URL), WithFairseqEndpoint(w.cdn.URL + "/fairseq"), WithCache(w.cache), WithFairseqCache(w.fairseq), noPause}, opts...)
}

func noPause(o *options) error {
	o.pause = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	return nil
}

func (w *world) path(name string, opts ...Option) (string, error) {
	w.t.Helper()
	return Path(w.t.Context(), name, w.options(opts...)...)
}

func (w *world) mustPath(name string, opts ...Option) string {
	w.t.Helper()
	dir, err := w.path(name, opts...)
	if err != nil {
		w.t.Fatal(err)
	}
	return dir
}

// took returns the requests since it was last called.
func (w *world) took() []request {
	w.mu.Lock()
	defer w.mu.Unlock()
	rs := w.requests
	w.requests = nil
	return rs
}

func (w *world) handler(server string, serve http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.requests = append(w.requests, request{server, r.Method, r.URL.Path, r.Header.Clone()})
		fault := w.fault
		w.mu.Unlock()
		if fault != nil && fault(rw, r, server) {
			return
		}
		serve(rw, r)
	})
}

// isLarge says whether the hub keeps a file apart from git.
func isLarge(name string) bool {
	return slices.Contains([]string{".safetensors", ".bin", ".pt", ".model", ".h5"}, path.Ext(name))
}

func sha256Of(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }
func gitHashOf(b []byte) string {
	h := sha1.New()
	fmt.Fprintf(h, "blob %d\x00%s", len(b), b)
	return hex.EncodeToString(h.Sum(nil))
}

// etagOf is the name of a file's blob.
func etagOf(name string, b []byte) string {
	if isLarge(name) {
		return sha256Of(b)
	}
	return gitHashOf(b)
}

// hubError is how the hub says no.
func hubError(rw http.ResponseWriter, status int, code, message string) {
	rw.Header().Set("X-Error-Code", code)
	rw.Header().Set("X-Error-Message", message)
	rw.WriteHeader(status)
	fmt.Fprintf(rw, `{"error":%q}`, message)
}

func (w *world) serveHub(rw http.ResponseWriter, r *http.Request) {
	if w.token != "" && r.Header.Get("Authorization") != "Bearer "+w.token {
		hubError(rw, http.StatusUnauthorized, "RepoNotFound", "Invalid username or password.")
		return
	}
	rest, isAPI := strings.CutPrefix(r.URL.EscapedPath(), "/api/models/")
	rest = strings.TrimPrefix(rest, "/")
	var found *repo
	for id, have := range w.repos {
		if after, ok := strings.CutPrefix(rest, id); ok && (after == "" || after[0] == '/') {
			found, rest = have, strings.TrimPrefix(after, "/")
			break
		}
	}
	if found == nil {
		hubError(rw, http.StatusNotFound, "RepoNotFound", "Repository not found")
		return
	}
	verb, rest, _ := strings.Cut(rest, "/")
	revision, name, _ := strings.Cut(rest, "/")
	revision, _ = url.PathUnescape(revision)
	name, _ = url.PathUnescape(name)
	if verb == "" {
		revision = "main"
	}
	commit, ok := found.refs[revision]
	if _, isCommit := found.commits[revision]; isCommit {
		commit, ok = revision, true
	}
	if !ok {
		hubError(rw, http.StatusNotFound, "RevisionNotFound", "Invalid rev id: "+revision)
		return
	}
	files := found.commits[commit]
	switch {
	case isAPI && verb == "tree":
		rw.Header().Set("Content-Type", "application/json")
		var list []map[string]any
		for _, n := range slices.Sorted(maps.Keys(files)) {
			e := map[string]any{"type": "file", "path": n, "size": len(files[n]), "oid": gitHashOf(files[n])}
			if isLarge(n) {
				e["lfs"] = map[string]any{"oid": sha256Of(files[n]), "size": len(files[n]), "pointerSize": 134}
			}
			list = append(list, e)
		}
		json.NewEncoder(rw).Encode(list)
	case isAPI:
		rw.Header().Set("Content-Type", "application/json")
		siblings := []map[string]any{}
		for _, n := range slices.Sorted(maps.Keys(files)) {
			e := map[string]any{"rfilename": n}
			if r.URL.Query().Get("blobs") != "" && !w.bare {
				e["size"], e["blobId"] = len(files[n]), gitHashOf(files[n])
				if isLarge(n) {
					e["lfs"] = map[string]any{"sha256": sha256Of(files[n]), "size": len(files[n]), "pointerSize": 134}
				}
			}
			siblings = append(siblings, e)
		}
		json.NewEncoder(rw).Encode(map[string]any{"_id": "1", "id": "x", "modelId": "x", "private": false, "sha": commit, "siblings": siblings, "downloads": 0, "tags": []string{}})
	case verb == "resolve":
		rw.Header().Set("X-Repo-Commit", commit)
		data, ok := files[name]
		if !ok {
			hubError(rw, http.StatusNotFound, "EntryNotFound", "Entry not found")
			return
		}
		if isLarge(name) {
			rw.Header().Set("X-Linked-Size", fmt.Sprint(len(data)))
			rw.Header().Set("X-Linked-Etag", `"`+sha256Of(data)+`"`)
			rw.Header().Set("Location", w.cdn.URL+"/blobs/"+sha256Of(data)+"?signature=secret")
			rw.WriteHeader(http.StatusFound)
			io.WriteString(rw, "Found")
			return
		}
		rw.Header().Set("ETag", `"`+gitHashOf(data)+`"`)
		http.ServeContent(rw, r, "", time.Time{}, bytes.NewReader(data))
	default:
		http.NotFound(rw, r)
	}
}

func (w *world) serveCDN(rw http.ResponseWriter, r *http.Request) {
	if data, ok := w.archives[r.URL.Path]; ok {
		rw.Header().Set("ETag", `"`+sha256Of(data)[:32]+`-7"`)
		http.ServeContent(rw, r, "", time.Time{}, bytes.NewReader(data))
		return
	}
	hash, isBlob := strings.CutPrefix(r.URL.Path, "/blobs/")
	for _, repo := range w.repos {
		for _, files := range repo.commits {
			for _, data := range files {
				if isBlob && sha256Of(data) == hash {
					rw.Header().Set("ETag", `"cdn-`+hash[:8]+`"`) // not the hub's etag
					http.ServeContent(rw, r, "", time.Time{}, bytes.NewReader(data))
					return
				}
			}
		}
	}
	http.Error(rw, "<Error><Code>AccessDenied</Code></Error>", http.StatusForbidden)
}

// tinyFiles are a small model as a repository has it, among things that nobody needs.
func tinyFiles(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{
		".gitattributes": []byte("*.bin filter=lfs\n"), "README.md": []byte("# A model\n"),
		"pytorch_model.bin": []byte("the same again"), "tf_model.h5": []byte("TensorFlow"), "flax_model.msgpack": []byte("Flax"), "onnx/model.onnx": []byte("ONNX"),
		"tokenizer_config.json": []byte(`{}`),
	}
	for _, name := range []string{"config.json", "model.safetensors"} {
		data, err := os.ReadFile(filepath.Join("..", "testdata", "goldens", "hf", "tiny-mnli", name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = data
	}
	return files
}

// made is content that compresses badly and is the same each time.
func made(n int) []byte {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}

// below lists what is in a folder: files, and links with where they lead.
func below(t *testing.T, root string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		if to, err := os.Readlink(path); err == nil {
			name += " -> " + filepath.ToSlash(to)
		}
		list = append(list, name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

func equal(t *testing.T, what string, got, want []string) {
	t.Helper()
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n  %s\nwant\n  %s", what, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// logTo keeps what is logged.
func logTo(b *bytes.Buffer) Option { return WithLogger(slog.New(slog.NewTextHandler(b, nil))) }
