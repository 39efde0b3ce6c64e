package main

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goroberta/goroberta/hub"
)

// A hubServer plays Hugging Face and fairseq's server with the files of a folder.
type hubServer struct {
	*httptest.Server
	mu   sync.Mutex
	got  []string // paths that were requested
	fail int      // the status of every answer, 0 for none
}

const hubCommit = "0123456789abcdef0123456789abcdef01234567"

// newHubServer serves files of the repository org/tiny, and an archive as fairseq's
// roberta.base. The environment points to it, and to empty caches.
func newHubServer(t *testing.T, files map[string][]byte, archive string) *hubServer {
	t.Helper()
	s := &hubServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.got = append(s.got, r.URL.Path)
		fail := s.fail
		s.mu.Unlock()
		if fail != 0 {
			w.WriteHeader(fail)
			return
		}
		name, isFile := strings.CutPrefix(r.URL.Path, "/org/tiny/resolve/"+hubCommit+"/")
		switch data, ok := files[name]; {
		case isFile && ok:
			h := sha1.New()
			fmt.Fprintf(h, "blob %d\x00%s", len(data), data)
			w.Header().Set("ETag", `"`+hex.EncodeToString(h.Sum(nil))+`"`)
			w.Header().Set("X-Repo-Commit", hubCommit)
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
		case r.URL.Path == "/api/models/org/tiny/revision/main":
			siblings := []map[string]any{}
			for name, data := range files {
				siblings = append(siblings, map[string]any{"rfilename": name, "size": len(data), "blobId": "x"})
			}
			json.NewEncoder(w).Encode(map[string]any{"sha": hubCommit, "siblings": siblings})
		case r.URL.Path == "/fairseq/roberta.base.tar.gz":
			http.ServeFile(w, r, archive)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	for name, value := range map[string]string{
		"HF_ENDPOINT": s.URL, "GOROBERTA_FAIRSEQ_ENDPOINT": s.URL + "/fairseq", "HF_HUB_CACHE": t.TempDir(), "PYTORCH_FAIRSEQ_CACHE": t.TempDir(),
		"HF_TOKEN": "", "HF_HOME": t.TempDir(), "HF_HUB_OFFLINE": "", "TRANSFORMERS_OFFLINE": "",
	} {
		t.Setenv(name, value)
	}
	return s
}

// took returns the paths that were requested since it was last called.
func (s *hubServer) took() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	got := s.got
	s.got = nil
	return got
}

func runHub(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// TestHub gives the command models by name wherever it takes one.
func TestHub(t *testing.T) {
	goldens, err := filepath.Abs(filepath.Join("..", "..", "testdata", "goldens"))
	if err != nil {
		t.Fatal(err)
	}
	dir, archive := filepath.Join(goldens, "hf", "tiny-mnli"), filepath.Join(goldens, "tiny", "roberta.tiny.tar.gz")
	files := map[string][]byte{
		"vocab.json": []byte(`{"<s>":0,"<pad>":1,"</s>":2,"<unk>":3,"a":4,"b":5,"ab":6,"<mask>":7}`), "merges.txt": []byte("#version: 0.2\na b\n"),
	}
	for _, name := range []string{"config.json", "model.safetensors"} {
		if files[name], err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	s := newHubServer(t, files, archive)

	// The tokenizer comes without the weights.
	code, out, errs := runHub(t, "encode", "-m", "hf:org/tiny", "ab")
	if code != 0 || out != "{\"tokens\":[0,6,2]}\n" || errs != "" {
		t.Errorf("encode: %d, %q, %q", code, out, errs)
	}
	for _, path := range s.took() {
		if strings.Contains(path, "safetensors") {
			t.Errorf("encode requests %s", path)
		}
	}

	input := filepath.Join(t.TempDir(), "in.jsonl")
	if err := os.WriteFile(input, []byte(`{"tokens":[0,6,5,2]}`+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	tensors := filepath.Join(t.TempDir(), "out.safetensors")
	for _, model := range []struct{ name, path string }{{"hf:org/tiny", dir}, {"hf:org/tiny@" + hubCommit, dir}, {"fairseq:roberta.base", archive}} {
		commands := [][]string{{"features", "-m", "", "-o", "-", "--input", input}, {"inspect", ""}}
		if model.path == dir {
			commands = append(commands, []string{"predict", "-m", "", "--head", "sentence_classification_head", "--input", input})
		}
		for _, args := range commands {
			at := slices.Index(args, "")
			results := map[string]string{}
			for _, m := range []string{model.name, model.path} {
				args[at] = m
				code, out, errs := runHub(t, args...)
				if code != 0 {
					t.Errorf("%v: %d, %s", args, code, errs)
				}
				if args[0] == "inspect" { // names of files and the form differ
					var v struct {
						Config, Heads, Tensors json.RawMessage
					}
					if err := json.Unmarshal([]byte(out), &v); err != nil {
						t.Error(err)
					}
					out = string(v.Config) + string(v.Heads) + string(v.Tensors)
				}
				results[m] = out
			}
			if results[model.name] != results[model.path] || results[model.name] == "" {
				t.Errorf("%s of %s differs from that of %s", args[0], model.name, model.path)
			}
		}
	}
	if code, _, errs := runHub(t, "convert", "hf:org/tiny", tensors); code != 0 {
		t.Errorf("convert: %d, %q", code, errs)
	}
	_, want, _ := runHub(t, "features", "-m", dir, "-o", "-", "--input", input)
	if code, out, errs := runHub(t, "features", "-m", tensors, "-o", "-", "--input", input); code != 0 || out != want {
		t.Errorf("features of what was converted: %d, %q, or others", code, errs)
	}
	s.took()

	// A model in the cache is not overwritten.
	cached := filepath.Join(os.Getenv("HF_HUB_CACHE"), "models--org--tiny", "snapshots", hubCommit, "model.safetensors")
	if code, _, errs := runHub(t, "convert", "hf:org/tiny", cached); code != 1 || !strings.Contains(errs, "the checkpoint itself") && !strings.Contains(errs, "same file") && !strings.Contains(errs, "read") {
		t.Errorf("convert over the model it reads: %d, %q", code, errs)
	}

	// One line for each error.
	t.Setenv("HF_HUB_OFFLINE", "1")
	if code, out, _ := runHub(t, "encode", "-m", "hf:org/tiny", "ab"); code != 0 || out != "{\"tokens\":[0,6,2]}\n" {
		t.Errorf("offline: %d, %q", code, out)
	}
	for name, want := range map[string]string{"hf:org/none": "offline, and not in the cache", "fairseq:roberta.large": "offline, and not in the cache"} {
		if code, _, errs := runHub(t, "inspect", name); code != 1 || !strings.Contains(errs, want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("offline inspect %s: %d, %q", name, code, errs)
		}
	}
	if got := s.took(); len(got) > 1 { // the listing of convert
		t.Errorf("offline %v were requested", got)
	}
	t.Setenv("HF_HUB_OFFLINE", "0")
	for _, test := range []struct {
		name   string
		status int
		want   string
	}{
		{"hf:org/none", 0, "hf:org/none: not found (404 from 127.0.0.1"},
		{"hf:org/other", 401, "no token was sent, set HF_TOKEN"},
		{"hf:../..", 0, "want hf:NAME or hf:OWNER/NAME"},
		{"fairseq:bert", 0, "fairseq has camembert, "},
		{"fairseq:roberta.large", 0, "not found (404 from 127.0.0.1"},
	} {
		s.fail = test.status
		if code, _, errs := runHub(t, "predict", "-m", test.name, "--head", "mnli", "x"); code != 1 || !strings.Contains(errs, test.want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%s: %d, %q, want %q", test.name, code, errs, test.want)
		}
	}
	// The server fails, and the cache has it: a warning, unless --quiet.
	s.fail = 503
	if code, out, errs := runHub(t, "encode", "-m", "hf:org/tiny", "ab"); code != 0 || out != "{\"tokens\":[0,6,2]}\n" || !strings.Contains(errs, "the copy in the cache is used") {
		t.Errorf("without the server: %d, %q, %q", code, out, errs)
	}
	if code, _, errs := runHub(t, "encode", "--quiet", "-m", "hf:org/tiny", "ab"); code != 0 || errs != "" {
		t.Errorf("without the server, quiet: %d, %q", code, errs)
	}
}

// TestDownloadBar holds what a terminal shows.
func TestDownloadBar(t *testing.T) {
	start := time.Unix(0, 0)
	b := downloadBar{start: start}
	for _, test := range []struct {
		p    hub.Progress
		at   time.Duration
		want string
	}{
		{hub.Progress{Name: "hf:a/b", Done: 100e6, Total: 1400e6}, 0, "hf:a/b [=                   ]  7 % of 1,400 MB"},
		{hub.Progress{Name: "hf:a/b", Done: 700e6, Total: 1400e6}, 10 * time.Second, "hf:a/b [==========          ] 50 % of 1,400 MB, 60.0 MB/s"},
		{hub.Progress{Name: "hf:a/b", Done: 1500e6, Total: 1400e6}, 20 * time.Second, "hf:a/b [====================] 100 % of 1,400 MB, 70.0 MB/s"},
		{hub.Progress{Name: "hf:a/b", Done: 50e6}, 20 * time.Second, "hf:a/b 50 MB, 0.0 MB/s"},
	} {
		if got := b.text(test.p, start.Add(test.at)); got != test.want {
			t.Errorf("%+v: %q, want %q", test.p, got, test.want)
		}
	}
}
