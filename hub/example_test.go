package hub_test

import (
	"context"
	"crypto/sha1"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/goroberta/goroberta/hub"
	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// A server stands for Hugging Face's in these examples, so that they need no network:
// it has one repository, tiny/mnli.
type server map[string][]byte

func (s server) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	const commit = "0123456789abcdef0123456789abcdef01234567"
	switch {
	case !strings.Contains(r.URL.Path, "/tiny/mnli"):
		w.Header().Set("X-Error-Code", "RepoNotFound")
		w.WriteHeader(http.StatusUnauthorized)
	case strings.HasPrefix(r.URL.Path, "/api/models/"):
		var siblings []map[string]any
		for name, data := range s {
			siblings = append(siblings, map[string]any{"rfilename": name, "size": len(data), "blobId": hash(data)})
		}
		json.NewEncoder(w).Encode(map[string]any{"id": "tiny/mnli", "sha": commit, "siblings": siblings})
	default: // /tiny/mnli/resolve/<commit>/<name>
		data := s[path.Base(r.URL.Path)]
		w.Header().Set("X-Repo-Commit", commit)
		w.Header().Set("ETag", `"`+hash(data)+`"`)
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(data)))
	}
	return w.Result(), nil
}

// hash is git's of a file.
func hash(data []byte) string {
	return fmt.Sprintf("%x", sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(data), data)))
}

// newServer returns a server with a small model and a vocabulary.
func newServer() server {
	s := server{
		"vocab.json": []byte(`{"<s>":0,"<pad>":1,"</s>":2,"<unk>":3,"h":4,"i":5,"hi":6,"Ġ":7,"<mask>":8}`),
		"merges.txt": []byte("h i\n"),
	}
	for _, name := range []string{"config.json", "model.safetensors"} {
		data, err := os.ReadFile(filepath.Join("../testdata/goldens/hf/tiny-mnli", name))
		if err != nil {
			log.Fatal(err)
		}
		s[name] = data
	}
	return s
}

// options are the options with which the examples reach their server.
func options(cache string) []hub.Option {
	return []hub.Option{
		hub.WithTransport(newServer()), // a program leaves this out
		hub.WithEndpoint("https://hub.example"),
		hub.WithFairseqEndpoint("https://fairseq.example"),
		hub.WithCache(cache),
		hub.WithFairseqCache(filepath.Join(cache, "fairseq")),
		hub.WithToken(""),
		hub.WithOffline(false),
		hub.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, nil))),
	}
}

// A model by its name: fetched once, then opened from the cache.
func ExampleOpen() {
	cache, err := os.MkdirTemp("", "hub")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(cache)
	ctx := context.Background()
	last := hub.Progress{}
	opts := append(options(cache),
		hub.WithModel(roberta.WithThreads(1)),
		hub.WithProgress(func(p hub.Progress) { last = p }),
	)
	m, err := hub.Open(ctx, "hf:tiny/mnli", opts...)
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	fmt.Println(m.Config().Layers, "layers;", last.Done == last.Total)

	again, err := hub.Open(ctx, "hf:tiny/mnli", append(options(cache), hub.WithOffline(true))...)
	if err != nil {
		log.Fatal(err)
	}
	defer again.Close()
	fmt.Println(again.Config().Layers, "layers")
	// Output:
	// 3 layers; true
	// 3 layers
}

// A tokenizer without the weights of its model.
func ExampleOpenTokenizer() {
	cache, err := os.MkdirTemp("", "hub")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(cache)
	tok, info, err := hub.OpenTokenizer(context.Background(), "hf:tiny/mnli", options(cache)...)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.Kind, tokenizer.Encode(tok, "hi"))
	// Output: byte-level BPE [0 6 2]
}

// Path is for what reads the files itself.
func ExamplePath() {
	cache, err := os.MkdirTemp("", "hub")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(cache)
	dir, err := hub.Path(context.Background(), "hf:tiny/mnli", append(options(cache), hub.TokenizerOnly())...)
	if err != nil {
		log.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	for _, f := range files {
		fmt.Println(f.Name())
	}
	fmt.Println(err)
	// Output:
	// config.json
	// merges.txt
	// vocab.json
	// <nil>
}

func ExampleIsName() {
	fmt.Println(hub.IsName("hf:FacebookAI/roberta-large"), hub.IsName("./roberta.large"))
	fmt.Println(hub.FairseqNames()[:3])
	huggingFace, fairseq, err := hub.Caches() // folders, as the environment says
	fmt.Println(huggingFace != "", fairseq != "", err)
	// Output:
	// true false
	// [camembert camembert-base camembert-base-ccnet]
	// true true <nil>
}

// What to tell a user when a model cannot be had.
func ExampleError() {
	cache, err := os.MkdirTemp("", "hub")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(cache)
	for _, name := range []string{"roberta", "hf:tiny/other", "fairseq:roberta.base"} {
		opts := options(cache)
		if strings.HasPrefix(name, "fairseq:") {
			opts = append(opts, hub.WithOffline(true))
		}
		_, err := hub.Open(context.Background(), name, opts...)
		if e, ok := errors.AsType[*hub.Error](err); ok {
			fmt.Print(e.Name, ": ")
		}
		fmt.Println(advice(err))
	}
	// Output:
	// write hf:OWNER/NAME or fairseq:NAME
	// hf:tiny/other: a private or a wrong name; set HF_TOKEN
	// fairseq:roberta.base: not fetched yet, and offline
}

func advice(err error) string {
	switch {
	case errors.Is(err, hub.ErrName):
		return "write hf:OWNER/NAME or fairseq:NAME"
	case errors.Is(err, hub.ErrUnauthorized):
		return "a private or a wrong name; set HF_TOKEN"
	case errors.Is(err, hub.ErrNotFound):
		return "no such model or revision"
	case errors.Is(err, hub.ErrNoWeights):
		return "no weights that can be read"
	case errors.Is(err, hub.ErrOffline):
		return "not fetched yet, and offline"
	case errors.Is(err, hub.ErrRateLimited), errors.Is(err, hub.ErrServer), errors.Is(err, hub.ErrNetwork):
		return "try again later"
	case errors.Is(err, hub.ErrMismatch), errors.Is(err, hub.ErrProtocol):
		return "the server, or what is between, gives wrong files"
	case errors.Is(err, hub.ErrDiskFull):
		return "make room on the disk"
	}
	return err.Error()
}
