package hub

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestErrors holds what is said of a server that says no.
func TestErrors(t *testing.T) {
	isListing := func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/api/") }
	isConfig := func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/config.json") }
	for _, test := range []struct {
		what  string
		name  string
		opts  []Option
		fault func(rw http.ResponseWriter, r *http.Request) bool
		err   error
		says  []string
	}{
		{"no such repository", "hf:org/none", nil, nil, ErrNotFound, []string{"404 from 127.0.0.1", ": the repository"}},
		{"no such repository of that revision", "hf:org/none@v1", nil, nil, ErrNotFound, []string{": the repository"}},
		{"no such revision", tiny + "@v9", nil, nil, ErrNotFound, []string{"revision v9 of the repository", "Invalid rev id"}},
		{"no such commit", tiny + "@" + commitB, nil, nil, ErrNotFound, []string{"revision " + commitB}},
		{"no such file", tiny, nil, func(rw http.ResponseWriter, r *http.Request) bool {
			if isConfig(r) {
				hubError(rw, 404, "EntryNotFound", "Entry not found")
			}
			return isConfig(r)
		}, ErrNotFound, []string{"config.json", "404"}},
		{"private, no token", tiny, nil, func(rw http.ResponseWriter, r *http.Request) bool {
			hubError(rw, 401, "RepoNotFound", "Invalid username or password.")
			return true
		}, ErrUnauthorized, []string{"401 from 127.0.0.1", "no token was sent, set HF_TOKEN", "Invalid username"}},
		{"a wrong token", tiny, []Option{WithToken("hf_wrong")}, func(rw http.ResponseWriter, r *http.Request) bool {
			hubError(rw, 401, "", "Invalid credentials in Authorization header")
			return true
		}, ErrUnauthorized, []string{"the token (HF_TOKEN) is not accepted"}},
		{"gated", tiny, []Option{WithToken("hf_right")}, func(rw http.ResponseWriter, r *http.Request) bool {
			if isListing(r) {
				return false
			}
			hubError(rw, 403, "GatedRepo", "Access to model org/tiny is restricted")
			return true
		}, ErrUnauthorized, []string{"403", "terms are accepted at http://127.0.0.1", "/org/tiny", "is restricted"}},
		{"too many requests", tiny, nil, func(rw http.ResponseWriter, r *http.Request) bool {
			rw.Header().Set("Retry-After", "3600")
			rw.WriteHeader(429)
			return true
		}, ErrRateLimited, []string{"429", "1h0m0s"}},
		{"failing", tiny, nil, func(rw http.ResponseWriter, r *http.Request) bool { rw.WriteHeader(502); return true }, ErrServer, []string{"502"}},
		{"a page for all", tiny, nil, func(rw http.ResponseWriter, r *http.Request) bool {
			fmt.Fprint(rw, "<html>Sign in</html>")
			return true
		}, ErrProtocol, []string{"no description of a repository; see HF_ENDPOINT"}},
		{"an endless listing", tiny, nil, func(rw http.ResponseWriter, r *http.Request) bool {
			if isListing(r) {
				line := []byte(strings.Repeat(" ", 1<<20))
				for range 70 {
					rw.Write(line)
				}
			}
			return isListing(r)
		}, ErrProtocol, []string{"more than 67.1 MB"}},
		{"no etag", tiny, nil, func(rw http.ResponseWriter, r *http.Request) bool {
			if isConfig(r) {
				rw.Header().Set("Content-Length", "3")
			}
			return isConfig(r)
		}, ErrProtocol, []string{"config.json", "etag"}},
		{"an etag that leads elsewhere", tiny, nil, func(rw http.ResponseWriter, r *http.Request) bool {
			if isConfig(r) {
				rw.Header().Set("ETag", `"../../../../evil"`)
			}
			return isConfig(r)
		}, ErrProtocol, []string{"config.json", "../evil"}},
		{"a size below zero", tiny, nil, func(rw http.ResponseWriter, r *http.Request) bool {
			if isConfig(r) {
				rw.Header().Set("ETag", `"a"`)
				rw.Header().Set("X-Linked-Size", "-5")
			}
			return isConfig(r)
		}, ErrProtocol, []string{"config.json", "-5"}},
		{"another commit", tiny, nil, func(rw http.ResponseWriter, r *http.Request) bool {
			if isConfig(r) {
				rw.Header().Set("X-Repo-Commit", commitB)
			}
			return isConfig(r)
		}, ErrProtocol, []string{commitB}},
		{"another commit than asked for", tiny + "@" + commitB, nil, func(rw http.ResponseWriter, r *http.Request) bool {
			fmt.Fprintf(rw, `{"sha":%q,"siblings":[]}`, commitA)
			return true
		}, ErrProtocol, []string{"has commit " + commitA}},
		{"redirected for ever", tiny, nil, func(rw http.ResponseWriter, r *http.Request) bool {
			http.Redirect(rw, r, r.URL.Path, 307)
			return true
		}, ErrProtocol, []string{"redirects more than"}},
		{"redirected to another scheme", tiny, nil, func(rw http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "resolve") {
				rw.Header().Set("Location", "file:///etc/passwd")
				rw.WriteHeader(302)
				return true
			}
			return false
		}, ErrProtocol, []string{"redirects from http to file"}},
		{"redirected to nowhere", tiny, nil, func(rw http.ResponseWriter, r *http.Request) bool { rw.WriteHeader(302); return true }, ErrProtocol, []string{"302"}},
		{"a listing elsewhere", tiny, nil, func(rw http.ResponseWriter, r *http.Request) bool {
			if isListing(r) {
				rw.Header().Set("Location", "http://localhost.invalid/")
				rw.WriteHeader(302)
			}
			return isListing(r)
		}, ErrProtocol, []string{"redirects to another host"}},
		{"offline, nothing there", tiny, []Option{WithOffline(true)}, nil, ErrOffline, []string{"revision main"}},
		{"offline, fairseq", base, []Option{WithOffline(true)}, nil, ErrOffline, []string{baseURL}},
		{"fairseq: not there", base, nil, nil, ErrUnauthorized, []string{"403"}},
		{"fairseq: failing", base, nil, func(rw http.ResponseWriter, r *http.Request) bool { rw.WriteHeader(500); return true }, ErrServer, []string{"500"}},
	} {
		t.Run(test.what, func(t *testing.T) {
			w := newWorld(t)
			w.add("org/tiny", large())
			w.fault = func(rw http.ResponseWriter, r *http.Request, _ string) bool {
				return test.fault != nil && test.fault(rw, r)
			}
			_, err := w.path(test.name, test.opts...)
			if !errors.Is(err, test.err) {
				t.Fatalf("error %v, want %v", err, test.err)
			}
			for _, s := range append(test.says, "hub: "+test.name+": ") {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("error %q does not say %q", err, s)
				}
			}
			if len(err.Error()) > 600 || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "hf_") {
				t.Errorf("error %q is no short line, or has the token", err)
			}
		})
	}
}

// TestNoNetwork names the host, and does not try for long.
func TestNoNetwork(t *testing.T) {
	w := newWorld(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	for _, name := range []string{tiny, base} {
		_, err = w.path(name, WithEndpoint("http://"+address), WithFairseqEndpoint("http://"+address+"/x"))
		if e, ok := errors.AsType[*Error](err); !errors.Is(err, ErrNetwork) || !ok || e.Host != address || !strings.Contains(err.Error(), "no connection to "+address) {
			t.Errorf("%s: error %v, want %v to %s", name, err, ErrNetwork, address)
		}
	}
}

// TestToken sends the token to the endpoint alone.
func TestToken(t *testing.T) {
	for what, test := range map[string]struct {
		env  map[string]string
		file string // HF_HOME/token
		opts []Option
		want string
	}{
		"none":          {want: ""},
		"HF_TOKEN":      {env: map[string]string{"HF_TOKEN": " hf_one\r\n"}, file: "hf_two", want: "hf_one"},
		"file":          {file: "hf_two\n", want: "hf_two"},
		"the old name":  {env: map[string]string{"HUGGING_FACE_HUB_TOKEN": "hf_old"}, want: "hf_old"},
		"not wanted":    {env: map[string]string{"HF_TOKEN": "hf_one", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "yes"}, want: ""},
		"option":        {env: map[string]string{"HF_TOKEN": "hf_one"}, opts: []Option{WithToken("hf_three")}, want: "hf_three"},
		"option, empty": {env: map[string]string{"HF_TOKEN": "hf_one"}, opts: []Option{WithToken("")}, want: ""},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			w.token = test.want
			w.add("org/tiny", large())
			home := t.TempDir()
			t.Setenv("HF_HOME", home)
			if test.file != "" {
				write(t, filepath.Join(home, "token"), []byte(test.file))
			}
			for k, v := range test.env {
				t.Setenv(k, v)
			}
			w.mustPath(tiny, test.opts...)
			want := ""
			if test.want != "" {
				want = "Bearer " + test.want
			}
			for _, r := range w.took() {
				switch got := r.header.Get("Authorization"); {
				case r.server == "hub" && got != want:
					t.Errorf("%v is sent %q, want %q", r, got, want)
				case r.server == "cdn" && got != "":
					t.Errorf("%v is sent %q", r, got)
				}
			}
		})
	}
	w := newWorld(t)
	for _, token := range []string{"hf_a b", "hf_ä", strings.Repeat("x", 5000), "hf_\x00"} {
		if _, err := w.path(tiny, WithToken(token)); err == nil || strings.Contains(err.Error(), token) || len(w.took()) > 0 {
			t.Errorf("token %.10q: error %v", token, err)
		}
	}
	// fairseq's server gets none.
	w.archives["/fairseq/roberta.base.tar.gz"] = archiveOf(t, fairseqFiles())
	w.mustPath(base, WithToken("hf_x"))
	for _, r := range w.took() {
		if r.header.Get("Authorization") != "" {
			t.Errorf("%v is sent the token", r)
		}
	}
}

// TestRenamed follows redirects within the hub, with the token, as those of a
// repository that was renamed.
func TestRenamed(t *testing.T) {
	w := newWorld(t)
	w.token = "hf_x"
	w.add("org/new", large())
	w.fault = func(rw http.ResponseWriter, r *http.Request, _ string) bool {
		if strings.Contains(r.URL.Path, "org/tiny") {
			rw.Header().Set("Location", strings.Replace(r.URL.String(), "org/tiny", "org/new", 1))
			rw.WriteHeader(307)
			return true
		}
		return false
	}
	dir := w.mustPath(tiny, WithToken("hf_x"))
	if !strings.Contains(dir, "models--org--tiny") || !isFile(filepath.Join(dir, "model.safetensors")) {
		t.Errorf("Path = %s", dir)
	}
}

// TestTLS refuses a way from https to http.
func TestTLS(t *testing.T) {
	w := newWorld(t)
	w.add("org/tiny", large())
	secure := httptest.NewUnstartedServer(w.hub.Config.Handler)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	_, err := w.path(tiny, WithEndpoint(secure.URL), WithTransport(secure.Client().Transport))
	if !errors.Is(err, ErrProtocol) || !strings.Contains(err.Error(), "redirects from https to http") {
		t.Errorf("error %v, want %v", err, ErrProtocol)
	}
	// An unknown certificate is no connection.
	if _, err := w.path(tiny, WithEndpoint(secure.URL)); !errors.Is(err, ErrNetwork) || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("error %v, want %v because of the certificate", err, ErrNetwork)
	}
}

// TestHostileNames holds that nothing is written outside the cache, whatever names a
// server sends.
func TestHostileNames(t *testing.T) {
	index := func(shard string) []byte {
		b, _ := json.Marshal(map[string]any{"weight_map": map[string]string{"a": shard}})
		return b
	}
	for _, evil := range []string{
		"../evil", "../../../../evil", "/evil", "x/../../evil", `..\evil`, `C:\evil`, "C:evil", "a/b", "", ".", "..", "x\x00y", "a//b", "evil\n", strings.Repeat("x", 2000),
	} {
		w := newWorld(t)
		files := map[string]map[string][]byte{
			"listing": {"config.json": []byte("{}"), "model.safetensors": made(10), evil + ".model": []byte("evil"), evil: []byte("evil")},
			"index":   {"config.json": []byte("{}"), "model.safetensors.index.json": index(evil), evil: []byte("evil")},
			"modules": {"config.json": []byte("{}"), "model.safetensors": made(10), "modules.json": []byte(fmt.Sprintf(`[{"path":"","type":"x.Transformer"},{"path":%q,"type":"x.Dense"}]`, evil)), evil + "/config.json": []byte("evil"), evil + "/model.safetensors": []byte("evil")},
		}
		for where, f := range files {
			name := "org/" + where
			w.add(name, f)
			dir, err := w.path("hf:" + name)
			if err == nil {
				for _, n := range below(t, dir) {
					if strings.Contains(n, "evil") && !strings.Contains(n, "a/b") {
						t.Errorf("%q in the %s: the snapshot has %q", evil, where, n)
					}
				}
			} else if !errors.Is(err, ErrProtocol) && !errors.Is(err, ErrNotFound) || len(err.Error()) > 800 || strings.ContainsAny(err.Error(), "\n\x00") {
				t.Errorf("%q in the %s: error %q, want a short %v", evil, where, err, ErrProtocol)
			}
		}
		for _, n := range below(t, filepath.Dir(w.cache)) {
			if !strings.HasPrefix(n, "hub/") {
				t.Errorf("%q: %s was written", evil, n)
			}
		}
		if _, err := os.Stat("/evil"); err == nil {
			t.Fatal("/evil was written")
		}
	}
}

// TestBadCommit refuses a commit that is none, which would be a folder's name.
func TestBadCommit(t *testing.T) {
	for _, sha := range []string{"", "main", "../../x", strings.Repeat("g", 40), commitA + "0", strings.ToUpper(commitB)} {
		w := newWorld(t)
		w.fault = func(rw http.ResponseWriter, r *http.Request, _ string) bool {
			json.NewEncoder(rw).Encode(map[string]any{"sha": sha, "siblings": []any{map[string]any{"rfilename": "model.safetensors"}}})
			return true
		}
		if _, err := w.path(tiny); !errors.Is(err, ErrProtocol) {
			t.Errorf("commit %q: error %v, want %v", sha, err, ErrProtocol)
		}
	}
	// A ref in the cache that is none either.
	w := newWorld(t)
	write(t, filepath.Join(w.cache, "models--org--tiny", "refs", "main"), []byte("../../../x"))
	if _, err := w.path(tiny, WithOffline(true)); !errors.Is(err, ErrOffline) {
		t.Errorf("error %v, want %v", err, ErrOffline)
	}
}
