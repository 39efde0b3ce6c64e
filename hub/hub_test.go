package hub

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/goroberta/goroberta/roberta"
)

const tiny = "hf:org/tiny"

// TestOpen opens a model that the cache does not have, from the first request to the
// classes, and looks at all that is left in the cache.
func TestOpen(t *testing.T) {
	w := newWorld(t)
	files := tinyFiles(t)
	w.add("org/tiny", files)
	m, err := Open(t.Context(), tiny, w.options(WithModel(roberta.WithThreads(1)))...)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	direct, err := roberta.Open(filepath.Join("..", "testdata", "goldens", "hf", "tiny-mnli"))
	if err != nil {
		t.Fatal(err)
	}
	defer direct.Close()
	tokens := []int{0, 5, 6, 7, 2}
	head := m.Heads()[0].Name
	got, err := m.Predict(t.Context(), head, tokens)
	if err != nil {
		t.Fatal(err)
	}
	want, err := direct.Predict(t.Context(), head, tokens)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Row(0), want.Row(0)) {
		t.Errorf("Predict = %v, want %v", got.Row(0), want.Row(0))
	}

	var tree, links []string
	for _, name := range []string{"config.json", "model.safetensors", "tokenizer_config.json"} {
		etag := etagOf(name, files[name])
		tree = append(tree, "models--org--tiny/blobs/"+etag, "models--org--tiny/snapshots/"+commitA+"/"+name+" -> ../../blobs/"+etag)
		links = append(links, ".locks/models--org--tiny/"+etag+".lock")
	}
	equal(t, "the cache", below(t, w.cache), append(append(tree, links...), "CACHEDIR.TAG", "models--org--tiny/refs/main", "models--org--tiny/trees/"+commitA+".json"))
	if ref, _ := os.ReadFile(filepath.Join(w.cache, "models--org--tiny", "refs", "main")); string(ref) != commitA {
		t.Errorf("refs/main is %q, want %q", ref, commitA)
	}
	for _, r := range w.took() {
		if strings.Contains(r.path, ".bin") || strings.Contains(r.path, "onnx") || strings.Contains(r.path, ".h5") || strings.Contains(r.path, "README") {
			t.Errorf("%v was requested", r)
		}
	}
}

// TestRequests holds what is asked of the server when the cache has the model: of a
// branch which commit it is, of a commit nothing, and offline nothing.
func TestRequests(t *testing.T) {
	w := newWorld(t)
	w.add("org/tiny", tinyFiles(t))
	dir := w.mustPath(tiny)
	if n := len(w.took()); n != 8 {
		t.Errorf("%d requests for one listing and three files, of which one is redirected, want 8", n)
	}
	for _, test := range []struct {
		name string
		opts []Option
		want []string
	}{
		{tiny, nil, []string{"hub GET /api/models/org/tiny/revision/main"}},
		{tiny + "@" + commitA, nil, nil},
		{tiny, []Option{WithOffline(true)}, nil},
		{tiny + "@" + commitA, []Option{WithOffline(true)}, nil},
	} {
		got := w.mustPath(test.name, test.opts...)
		if got != dir {
			t.Errorf("Path(%s) = %s, want %s", test.name, got, dir)
		}
		var rs []string
		for _, r := range w.took() {
			rs = append(rs, r.String())
		}
		if !slices.Equal(rs, test.want) {
			t.Errorf("Path(%s) asks %q, want %q", test.name, rs, test.want)
		}
	}
}

// TestRevisions fetches a branch with a slash in its name, a tag, and a branch that
// moves: files that stayed the same are not fetched again.
func TestRevisions(t *testing.T) {
	w := newWorld(t)
	r := w.add("org/tiny", tinyFiles(t))
	changed := tinyFiles(t)
	changed["config.json"] = append(bytes.TrimSpace(changed["config.json"]), '\n', '\n')
	r.commits[commitB] = changed
	r.refs["refs/pr/4"], r.refs["v1.0"] = commitB, commitA
	for name, want := range map[string]string{"": commitA, "@v1.0": commitA, "@refs/pr/4": commitB, "@" + commitB: commitB} {
		if got := filepath.Base(w.mustPath(tiny + name)); got != want {
			t.Errorf("Path(%s%s) is commit %s, want %s", tiny, name, got, want)
		}
	}
	for ref, want := range map[string]string{"main": commitA, "v1.0": commitA, "refs/pr/4": commitB} {
		if got, err := os.ReadFile(filepath.Join(w.cache, "models--org--tiny", "refs", filepath.FromSlash(ref))); string(got) != want {
			t.Errorf("refs/%s is %q, want %s (%v)", ref, got, want, err)
		}
	}
	w.took()
	r.refs["main"] = commitB
	if got := filepath.Base(w.mustPath(tiny)); got != commitB {
		t.Errorf("main is still %s", got)
	}
	if n := len(w.took()); n != 1 {
		t.Errorf("%d requests, want one for the listing", n)
	}
	if got := filepath.Base(w.mustPath(tiny, WithOffline(true))); got != commitB {
		t.Errorf("offline main is %s, want %s", got, commitB)
	}
}

// TestPythonsCache finds what huggingface_hub has put into the cache, of several
// versions, without a tree of the commit and with one.
func TestPythonsCache(t *testing.T) {
	files := tinyFiles(t)
	files["tokenizer.json"] = []byte("{}")
	lay := func(w *world, names ...string) {
		root := filepath.Join(w.cache, "models--org--tiny")
		for _, name := range names {
			etag := etagOf(name, files[name])
			write(t, filepath.Join(root, "blobs", etag), files[name])
			link := filepath.Join(root, "snapshots", commitA, name)
			if err := os.MkdirAll(filepath.Dir(link), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink("../../blobs/"+etag, link); err != nil {
				t.Skip("no symbolic links here: ", err)
			}
		}
		write(t, filepath.Join(root, "refs", "main"), []byte(commitA))
		write(t, filepath.Join(root, ".no_exist", commitA, "added_tokens.json"), nil)
	}
	for _, test := range []struct {
		what  string
		names []string
		tree  bool
		opts  []Option
		lacks string // "" if it is complete
		logs  string
	}{
		{"complete", []string{"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}, true, nil, "", ""},
		{"no tree, and no tokenizer", []string{"config.json", "model.safetensors"}, false, nil, "", "no tokenizer"},
		{"the older form of the weights", []string{"config.json", "pytorch_model.bin", "tokenizer.json", "tokenizer_config.json"}, true, nil, "", ""},
		{"no weights", []string{"config.json", "tokenizer.json", "tokenizer_config.json"}, true, nil, "model.safetensors", ""},
		{"no weights, no tree", []string{"config.json"}, false, nil, "model.safetensors", ""},
		{"no settings", []string{"model.safetensors", "tokenizer_config.json"}, true, nil, "config.json", ""},
		{"only a tokenizer is wanted", []string{"config.json", "tokenizer.json", "tokenizer_config.json"}, true, []Option{TokenizerOnly()}, "", ""},
		{"only a tokenizer is wanted, no tree", []string{"config.json"}, false, []Option{TokenizerOnly()}, "a tokenizer", ""},
		{"nothing", nil, false, nil, "commit " + commitA, ""},
	} {
		t.Run(test.what, func(t *testing.T) {
			w := newWorld(t)
			w.hub.Close() // nobody is asked
			lay(w, test.names...)
			if test.tree {
				// As huggingface_hub writes it.
				var b strings.Builder
				b.WriteString("{\n \"format_version\": 1,\n \"files\": {")
				sep := "\n"
				for name, data := range files {
					fmt.Fprintf(&b, "%s  %q: {\n   \"size\": %d,\n   \"blob_id\": %q", sep, name, len(data), gitHashOf(data))
					if isLarge(name) {
						fmt.Fprintf(&b, ",\n   \"lfs_sha256\": %q,\n   \"lfs_size\": %d,\n   \"xet_hash\": %q", sha256Of(data), len(data), sha256Of([]byte(name)))
					}
					b.WriteString("\n  }")
					sep = ",\n"
				}
				b.WriteString("\n }\n}")
				write(t, filepath.Join(w.cache, "models--org--tiny", "trees", commitA+".json"), []byte(b.String()))
			}
			var log bytes.Buffer
			dir, err := w.path(tiny, append(test.opts, WithOffline(true), logTo(&log))...)
			if test.lacks != "" {
				if !errors.Is(err, ErrOffline) || !strings.Contains(err.Error(), test.lacks) {
					t.Errorf("error %v, want %v that names %s", err, ErrOffline, test.lacks)
				}
				return
			}
			if want := filepath.Join(w.cache, "models--org--tiny", "snapshots", commitA); dir != want || err != nil {
				t.Errorf("Path = %q, %v, want %q", dir, err, want)
			}
			if got := log.String(); (test.logs == "") != (got == "") || !strings.Contains(got, test.logs) {
				t.Errorf("log %q, want %q", got, test.logs)
			}
		})
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestNoAnswer uses what the cache has if the server gives no answer, and says so.
func TestNoAnswer(t *testing.T) {
	w := newWorld(t)
	w.add("org/tiny", tinyFiles(t))
	dir := w.mustPath(tiny)
	w.took()
	for status, works := range map[int]bool{0: true, 500: true, 503: true, 429: true, 401: true, 403: true, 404: false} {
		w.fault = func(rw http.ResponseWriter, r *http.Request, _ string) bool {
			if status == 0 {
				panic(http.ErrAbortHandler)
			}
			rw.WriteHeader(status)
			return true
		}
		var log bytes.Buffer
		got, err := w.path(tiny, logTo(&log))
		switch {
		case !works && !errors.Is(err, ErrNotFound):
			t.Errorf("status %d: error %v, want %v", status, err, ErrNotFound)
		case works && (got != dir || err != nil || !strings.Contains(log.String(), "the copy in the cache is used")):
			t.Errorf("status %d: %q, %v, log %q; want the copy in the cache, and a warning", status, got, err, log.String())
		}
		if n := len(w.took()); works && n > 2 { // net/http itself repeats a GET on a connection that was used before
			t.Errorf("status %d: %d requests, want one", status, n)
		}
	}
}

// TestConcurrent opens one model many times at once: each file is fetched once.
func TestConcurrent(t *testing.T) {
	w := newWorld(t)
	w.add("org/tiny", tinyFiles(t))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			m, err := Open(t.Context(), tiny, w.options()...)
			if err != nil {
				t.Error(err)
				return
			}
			m.Close()
		})
	}
	wg.Wait()
	got := map[string]int{}
	for _, r := range w.took() {
		if r.method == http.MethodGet && (r.server == "cdn" || strings.Contains(r.path, "/resolve/")) {
			got[r.String()]++
		}
	}
	for r, n := range got {
		if n != 1 {
			t.Errorf("%s: %d times", r, n)
		}
	}
	if len(got) != 4 {
		t.Errorf("requests of content: %v, want two small files, one redirect and one large file", got)
	}
}

// TestTokenizerOnly fetches no weights where the tokenizer does not need them.
func TestTokenizerOnly(t *testing.T) {
	w := newWorld(t)
	files := tinyFiles(t)
	delete(files, "tokenizer_config.json")
	files["vocab.json"], files["merges.txt"] = []byte(`{"<s>":0,"<pad>":1,"</s>":2,"<unk>":3,"a":4,"b":5,"ab":6,"<mask>":7}`), []byte("#version: 0.2\na b\n")
	w.add("org/tiny", files)
	tok, info, err := OpenTokenizer(t.Context(), tiny, w.options()...)
	if err != nil {
		t.Fatal(err)
	}
	if got := tok.Append(nil, "ab"); !slices.Equal(got, []int{6}) || tok.Len() != 8 || info.File == "" {
		t.Errorf("a tokenizer of %d tokens from %q, ab is %v", tok.Len(), info.File, got)
	}
	dir := w.mustPath(tiny, TokenizerOnly())
	var got []string
	for _, name := range below(t, dir) {
		name, _, _ := strings.Cut(name, " ")
		got = append(got, name)
	}
	equal(t, "the snapshot", got, []string{"config.json", "merges.txt", "vocab.json"})
	for _, r := range w.took() {
		if r.server == "cdn" {
			t.Errorf("%v was requested", r)
		}
	}
	if _, err := Open(t.Context(), tiny, w.options(TokenizerOnly())...); err == nil {
		t.Error("Open with TokenizerOnly succeeds")
	}
	// The weights come when they are asked for.
	w.mustPath(tiny)
	if !isFile(filepath.Join(dir, "model.safetensors")) {
		t.Error("the weights did not come")
	}
}

// TestNoLinks puts files themselves into the snapshot where links are not wanted, as
// huggingface_hub does.
func TestNoLinks(t *testing.T) {
	w := newWorld(t)
	t.Setenv("HF_HUB_DISABLE_SYMLINKS", "1")
	r := w.add("org/tiny", tinyFiles(t))
	dir := w.mustPath(tiny)
	equal(t, "the snapshot", below(t, dir), []string{"config.json", "model.safetensors", "tokenizer_config.json"})
	if left := below(t, filepath.Join(w.cache, "models--org--tiny", "blobs")); len(left) > 0 {
		t.Errorf("blobs %q are there twice", left)
	}
	// A blob that others may use is copied.
	r.commits[commitB], r.refs["v2"] = tinyFiles(t), commitB
	config := tinyFiles(t)["config.json"]
	blob := filepath.Join(w.cache, "models--org--tiny", "blobs", gitHashOf(config))
	write(t, blob, config)
	dir = w.mustPath(tiny + "@v2")
	if got, err := os.ReadFile(filepath.Join(dir, "config.json")); !bytes.Equal(got, config) || !isFile(blob) {
		t.Errorf("config.json has %d bytes, %v; its blob must stay", len(got), err)
	}
}

// TestBareListing works with a server that says nothing of files but their names.
func TestBareListing(t *testing.T) {
	w := newWorld(t)
	w.bare = true
	w.add("org/tiny", tinyFiles(t))
	w.mustPath(tiny)
	if isFile(filepath.Join(w.cache, "models--org--tiny", "trees", commitA+".json")) {
		t.Error("a tree without sizes was kept, which huggingface_hub cannot read")
	}
	w.mustPath(tiny, WithOffline(true))
}

// TestReadOnly opens a complete cache that cannot be written to.
func TestReadOnly(t *testing.T) {
	w := newWorld(t)
	r := w.add("org/tiny", tinyFiles(t))
	dir := w.mustPath(tiny)
	r.refs["other"] = commitA
	// A superuser may write everywhere, but not put a file in the place of a folder.
	write(t, filepath.Join(w.cache, "models--org--tiny", "refs", "other", "x"), nil)
	if got, err := w.path(tiny + "@other"); got != dir || err != nil {
		t.Errorf("Path = %q, %v, want %q", got, err, dir)
	}
}

// TestProgress adds up to the sizes of the files.
func TestProgress(t *testing.T) {
	w := newWorld(t)
	files := tinyFiles(t)
	w.add("org/tiny", files)
	want := int64(len(files["config.json"]) + len(files["model.safetensors"]) + len(files["tokenizer_config.json"]))
	var last Progress
	report := WithProgress(func(p Progress) {
		if p.Done < 0 || p.Done > p.Total || p.Name != tiny || p.File == "" {
			t.Errorf("progress %+v", p)
		}
		last = p
	})
	w.mustPath(tiny, report)
	if last.Done != want || last.Total != want {
		t.Errorf("the last progress is %+v, want %d bytes", last, want)
	}
	last = Progress{}
	w.mustPath(tiny, report)
	if last != (Progress{}) {
		t.Errorf("progress %+v of files that are there", last)
	}
	t.Setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
	w.cache = t.TempDir()
	w.mustPath(tiny, report)
	if last != (Progress{}) {
		t.Errorf("progress %+v, which HF_HUB_DISABLE_PROGRESS_BARS forbids", last)
	}
}

// TestNames holds what names of models are.
func TestNames(t *testing.T) {
	for name, want := range map[string]repository{
		"hf:roberta-base":             {"roberta-base", "main"},
		"hf:FacebookAI/roberta-large": {"FacebookAI/roberta-large", "main"},
		"hf:a/b.c_d-e@refs/pr/1":      {"a/b.c_d-e", "refs/pr/1"},
		"hf:a/b@v1@2":                 {"a/b", "v1@2"},
	} {
		if got, err := parseRepository(name); got != want || err != nil {
			t.Errorf("parseRepository(%q) = %v, %v, want %v", name, got, err, want)
		}
	}
	w := newWorld(t)
	for _, name := range []string{
		"", "roberta-base", "hf:", "hf:a/b/c", "hf:../x", "hf:a/..", "hf:a--b/c", "hf:-a/b", "hf:a/b.git", "hf:/a/b", "hf:a\\b", "hf:a/b@", "hf:a/b@../../x", "hf:a/b@/x", "hf:a/b@x//y",
		"hf:a/b@x y", "hf:a/b@x\\y", "hf:a/b@x\ny", "hf://models/a/b", "hf:" + strings.Repeat("a", 97), "hf:a/b@" + strings.Repeat("a", 2000), "hf:ä/b",
		"fairseq:", "fairseq:roberta.huge", "fairseq:../x", "HF:a/b",
	} {
		_, err := w.path(name)
		if !errors.Is(err, ErrName) || len(err.Error()) > 600 || strings.Contains(err.Error(), "\n") {
			t.Errorf("Path(%.40q) gives error %v, want %v in a short line", name, err, ErrName)
		}
	}
	if rs := w.took(); len(rs) > 0 {
		t.Errorf("requests %v for names that are none", rs)
	}
	if !IsName("hf:x") || !IsName("fairseq:x") || IsName("./hf:x") || IsName("pocket") {
		t.Error("IsName is wrong")
	}
}

// TestContext ends with its context, at once and while a server is silent.
func TestContext(t *testing.T) {
	w := newWorld(t)
	w.add("org/tiny", tinyFiles(t))
	ctx, cancel := context.WithCancel(t.Context())
	w.fault = func(rw http.ResponseWriter, r *http.Request, from string) bool {
		if from == "cdn" {
			rw.Header().Set("Content-Length", "694220")
			rw.Write([]byte("abc"))
			http.NewResponseController(rw).Flush()
			cancel()
			<-r.Context().Done()
			return true
		}
		return false
	}
	if _, err := Path(ctx, tiny, w.options()...); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	if _, err := Path(ctx, tiny, w.options()...); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	if _, err := Path(ctx, "fairseq:roberta.base", w.options()...); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	w.fault = nil
	w.mustPath(tiny) // what was fetched is no hindrance
}
