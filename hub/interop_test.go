package hub

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// python runs a program with huggingface_hub against the world's servers. The test is
// skipped if GOROBERTA_PYTHON names no interpreter that has the library.
func (w *world) python(t *testing.T, program string, env ...string) string {
	t.Helper()
	name := os.Getenv("GOROBERTA_PYTHON")
	if name == "" {
		t.Skip("GOROBERTA_PYTHON names no Python with huggingface_hub")
	}
	cmd := exec.Command(name, "-c", program)
	cmd.Env = append(os.Environ(), "HF_ENDPOINT="+w.hub.URL, "HF_HUB_CACHE="+w.cache, "HF_HUB_DISABLE_TELEMETRY=1", "HF_HUB_DISABLE_XET=1", "HF_HUB_OFFLINE=0", "HF_TOKEN=")
	cmd.Env = append(cmd.Env, env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	return strings.TrimSpace(out.String())
}

// TestPythonFindsOurs has huggingface_hub find, without a request, what this package
// fetched, and count it as one revision of one repository.
func TestPythonFindsOurs(t *testing.T) {
	w := newWorld(t)
	files := tinyFiles(t)
	w.add("org/tiny", files)
	dir := w.mustPath(tiny)
	out := w.python(t, `
import json, huggingface_hub as h
names = ["config.json", "model.safetensors", "tokenizer_config.json"]
info = h.scan_cache_dir()
print(json.dumps({
  "files": [h.hf_hub_download("org/tiny", n) for n in names],
  "pinned": h.hf_hub_download("org/tiny", "config.json", revision="`+commitA+`"),
  "snapshot": h.snapshot_download("org/tiny", allow_patterns=names),
  "tree": sorted((f.path, f.size, f.blob_id) for f in h.get_cached_repo_tree("org/tiny")),
  "repos": [[r.repo_id, r.nb_files, r.size_on_disk, [[v.commit_hash, sorted(v.refs)] for v in r.revisions]] for r in info.repos],
  "warnings": [str(x) for x in info.warnings],
}))`, "HF_HUB_OFFLINE=1")
	var got struct {
		Files            []string
		Pinned, Snapshot string
		Tree             [][]any
		Repos            [][]any
		Warnings         []string
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err, out)
	}
	for i, name := range []string{"config.json", "model.safetensors", "tokenizer_config.json"} {
		if want := filepath.Join(dir, name); got.Files[i] != want {
			t.Errorf("hf_hub_download gives %s, want %s", got.Files[i], want)
		}
	}
	if got.Snapshot != dir || got.Pinned != filepath.Join(dir, "config.json") {
		t.Errorf("snapshot_download gives %s, a pinned file is %s, want %s", got.Snapshot, got.Pinned, dir)
	}
	if len(got.Tree) != len(files) || len(got.Warnings) > 0 || len(got.Repos) != 1 || got.Repos[0][0] != "org/tiny" || got.Repos[0][1] != 3.0 {
		t.Errorf("huggingface_hub sees %s", out)
	}
}

// TestOursFindsPythons finds, without a request, what huggingface_hub fetched: a whole
// snapshot, single files, a branch, and a tree.
func TestOursFindsPythons(t *testing.T) {
	w := newWorld(t)
	r := w.add("org/tiny", tinyFiles(t))
	r.refs["refs/pr/1"] = commitA
	snapshot := w.python(t, `
import huggingface_hub as h
print(h.snapshot_download("org/tiny", revision="refs/pr/1", ignore_patterns=["*.bin", "*.h5", "*.msgpack", "onnx/*"]))`)
	w.took()
	for _, name := range []string{tiny + "@refs/pr/1", tiny + "@" + commitA} {
		if dir := w.mustPath(name, WithOffline(true)); dir != snapshot {
			t.Errorf("Path(%s) = %s, want %s", name, dir, snapshot)
		}
	}
	w.mustPath(tiny + "@" + commitA) // with its tree in the cache nobody is asked
	if rs := w.took(); len(rs) > 0 {
		t.Errorf("requests %v", rs)
	}

	w.cache = t.TempDir()
	w.python(t, `
import huggingface_hub as h
for n in ["config.json", "pytorch_model.bin", "tokenizer_config.json"]: h.hf_hub_download("org/tiny", n)`)
	w.took()
	w.mustPath(tiny, WithOffline(true))
	dir := w.mustPath(tiny)
	for _, r := range w.took() {
		if r.server == "cdn" {
			t.Errorf("%v, although the cache has weights", r)
		}
	}
	if !isFile(filepath.Join(dir, "pytorch_model.bin")) || isFile(filepath.Join(dir, "model.safetensors")) {
		t.Error("the weights were fetched in another form")
	}
}

// TestPythonsLock waits for a lock that huggingface_hub holds.
func TestPythonsLock(t *testing.T) {
	w := newWorld(t)
	files := large()
	w.add("org/tiny", files)
	name := os.Getenv("GOROBERTA_PYTHON")
	if name == "" {
		t.Skip("GOROBERTA_PYTHON names no Python with huggingface_hub")
	}
	path := newStorage(w.cache, "org/tiny", false).lockFile(sha256Of(files["model.safetensors"]))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	testLockHolder(t, w, exec.Command(name, "-c", `
import sys
from huggingface_hub.utils import WeakFileLock
with WeakFileLock(sys.argv[1]):
    print("locked", flush=True)
    sys.stdin.read()
    print("unlocked", flush=True)`, path))
}
