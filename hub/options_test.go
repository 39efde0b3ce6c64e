package hub

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestEnvironment holds where caches are and what else the environment says.
func TestEnvironment(t *testing.T) {
	newWorld(t)
	home, _ := os.UserHomeDir()
	at := func(names ...string) string { return filepath.Join(append([]string{home}, names...)...) }
	t.Setenv("ELSEWHERE", "/else")
	for _, test := range []struct {
		env            map[string]string
		cache, fairseq string
	}{
		{nil, at(".cache", "huggingface", "hub"), at(".cache", "torch", "pytorch_fairseq")},
		{map[string]string{"XDG_CACHE_HOME": "/x"}, "/x/huggingface/hub", "/x/torch/pytorch_fairseq"},
		{map[string]string{"XDG_CACHE_HOME": "/x", "HF_HOME": "/h", "TORCH_HOME": "/t"}, "/h/hub", "/t/pytorch_fairseq"},
		{map[string]string{"HF_HOME": "/h", "HUGGINGFACE_HUB_CACHE": "/old"}, "/old", at(".cache", "torch", "pytorch_fairseq")},
		{map[string]string{"HF_HOME": "/h", "HUGGINGFACE_HUB_CACHE": "/old", "HF_HUB_CACHE": "/new", "PYTORCH_FAIRSEQ_CACHE": "/f"}, "/new", "/f"},
		{map[string]string{"HF_HOME": "~/h", "TORCH_HOME": "$ELSEWHERE/t"}, at("h", "hub"), "/else/t/pytorch_fairseq"},
		{map[string]string{"HF_HUB_CACHE": "${ELSEWHERE}/$NOT_SET_ANYWHERE"}, "/else/${NOT_SET_ANYWHERE}", at(".cache", "torch", "pytorch_fairseq")},
	} {
		for _, v := range []string{"XDG_CACHE_HOME", "HF_HOME", "TORCH_HOME", "HUGGINGFACE_HUB_CACHE", "HF_HUB_CACHE", "PYTORCH_FAIRSEQ_CACHE"} {
			os.Setenv(v, test.env[v]) // newWorld puts them back
		}
		o, err := newOptions(nil)
		if err != nil || o.cache != filepath.FromSlash(test.cache) || o.fairseqCache != filepath.FromSlash(test.fairseq) {
			t.Errorf("%v: caches %s, %s, %v, want %s, %s", test.env, o.cache, o.fairseqCache, err, test.cache, test.fairseq)
		}
	}
	for _, test := range []struct {
		variable, value string
		is              func(*options) bool
	}{
		{"HF_HUB_OFFLINE", "1", func(o *options) bool { return o.offline }},
		{"HF_HUB_OFFLINE", "yes", func(o *options) bool { return o.offline }},
		{"HF_HUB_OFFLINE", "On", func(o *options) bool { return o.offline }},
		{"HF_HUB_OFFLINE", "TRUE", func(o *options) bool { return o.offline }},
		{"HF_HUB_OFFLINE", "0", func(o *options) bool { return !o.offline }},
		{"HF_HUB_OFFLINE", "2", func(o *options) bool { return !o.offline }},
		{"TRANSFORMERS_OFFLINE", "1", func(o *options) bool { return o.offline }},
		{"HF_ENDPOINT", "https://hf-mirror.com/", func(o *options) bool { return o.endpoint.String() == "https://hf-mirror.com" }},
		{"GOROBERTA_FAIRSEQ_ENDPOINT", "http://localhost:1/a/", func(o *options) bool { return o.fairseqEndpoint.String() == "http://localhost:1/a" }},
		{"HF_HUB_DOWNLOAD_TIMEOUT", "7", func(o *options) bool { return o.stall == 7*time.Second }},
		{"HF_HUB_DISABLE_SYMLINKS", "1", func(o *options) bool { return o.noLinks }},
	} {
		t.Run(test.variable+"="+test.value, func(t *testing.T) {
			newWorld(t)
			t.Setenv(test.variable, test.value)
			if o, err := newOptions(nil); err != nil || !test.is(o) {
				t.Errorf("%+v, %v", o, err)
			}
		})
	}
	for variable, value := range map[string]string{
		"HF_ENDPOINT": "huggingface.co", "GOROBERTA_FAIRSEQ_ENDPOINT": "ftp://x", "HF_HUB_DOWNLOAD_TIMEOUT": "soon",
	} {
		t.Setenv(variable, value)
		if _, err := newOptions(nil); err == nil || !strings.Contains(err.Error(), variable) {
			t.Errorf("%s=%s: error %v", variable, value, err)
		}
		os.Unsetenv(variable)
	}
	for _, opt := range []Option{WithCache(""), WithFairseqCache(""), WithEndpoint("x"), WithEndpoint("https://user:password@host"), WithEndpoint("https://h?q"), WithFairseqEndpoint("")} {
		if _, err := newOptions([]Option{opt}); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v", err)
		}
	}
}

// TestMirror keeps the path of an endpoint.
func TestMirror(t *testing.T) {
	u, err := parseEndpoint("", "http://localhost:8080/mirror%20of/hf/")
	if err != nil {
		t.Fatal(err)
	}
	m := &model{client: &client{endpoint: u}}
	if got, want := m.address("q=1", "api", "models", "a", "b", "revision", "refs/pr/1").String(), "http://localhost:8080/mirror%20of/hf/api/models/a/b/revision/refs%2Fpr%2F1?q=1"; got != want {
		t.Errorf("address = %s, want %s", got, want)
	}
	if got, want := m.address("", "a", "ü %2F#?.txt").String(), "http://localhost:8080/mirror%20of/hf/a/%C3%BC%20%252F%23%3F.txt"; got != want {
		t.Errorf("address = %s, want %s", got, want)
	}
}

// TestDependencies holds the modules that building this package takes to a short list.
// The test of that name in package roberta holds that nothing but this package needs
// net/http.
func TestDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".").Output()
	if err != nil {
		t.Skip("no go command to ask: ", err)
	}
	want := []string{
		"github.com/goroberta/goroberta", "github.com/goroberta/goroberta/hub", "github.com/dlclark/regexp2/v2", "github.com/klauspost/compress", "golang.org/x/sys",
		"golang.org/x/text", "github.com/clipperhouse/uax29/v2", // of tokenizers
	}
	for m := range strings.FieldsSeq(string(out)) {
		if !slices.Contains(want, m) {
			t.Errorf("hub needs module %s", m)
		}
	}
}
