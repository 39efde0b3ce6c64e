package hub

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const base = "fairseq:roberta.base"

// fairseqFiles are what an archive of fairseq's has, in its one folder.
func fairseqFiles() []tar.Header {
	return []tar.Header{
		{Name: "roberta.base", Typeflag: tar.TypeDir, Mode: 0o755},
		{Name: "roberta.base/dict.txt", Size: 5000},
		{Name: "roberta.base/model.pt", Size: 400_000},
		{Name: "roberta.base/NOTE", Size: 3},
	}
}

// archiveOf is a .tar.gz of files of made content.
func archiveOf(t testing.TB, files []tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, h := range files {
		if h.Typeflag == 0 {
			h.Typeflag, h.Mode = tar.TypeReg, 0o644
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(made(int(h.Size))); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func hashName(s string) string { h := sha256.Sum256([]byte(s)); return hex.EncodeToString(h[:]) }

// baseURL is the address of roberta.base that fairseq has.
const baseURL = "http://dl.fbaipublicfiles.com/fairseq/models/roberta.base.tar.gz"

// TestFairseq opens a model of fairseq's by its name and looks at what is left in the
// cache: what fairseq itself would have left.
func TestFairseq(t *testing.T) {
	w := newWorld(t)
	archive, err := os.ReadFile(filepath.Join("..", "testdata", "goldens", "tiny", "roberta.tiny.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	w.archives["/fairseq/roberta.base.tar.gz"] = archive
	m, err := Open(t.Context(), base, w.options()...)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if got := m.Config().Layers; got == 0 {
		t.Errorf("a model of %d layers", got)
	}
	etag := `"` + sha256Of(archive)[:32] + `-7"`
	dir := hashName(baseURL) + "." + hashName(etag)
	equal(t, "the cache", below(t, w.fairseq), []string{dir + "/model.pt", dir + "/dict.txt", dir + "/NOTE", dir + ".json", "." + dir + ".lock"})
	if meta, _ := os.ReadFile(filepath.Join(w.fairseq, dir+".json")); !strings.Contains(string(meta), `"url":"`+baseURL+`"`) || !strings.Contains(string(meta), `"etag":"\"`) {
		t.Errorf("%s.json is %s", dir, meta)
	}
	w.took()
	for _, opt := range []Option{WithOffline(false), WithOffline(true), TokenizerOnly()} {
		if got := w.mustPath(base, opt); got != filepath.Join(w.fairseq, dir) {
			t.Errorf("Path = %s, want %s", got, dir)
		}
	}
	if rs := w.took(); len(rs) > 0 {
		t.Errorf("%v for what is in the cache", rs)
	}
}

// TestFairseqNames resolves every name of fairseq's, xlmr.xl from its folder and a
// name that another one is too.
func TestFairseqNames(t *testing.T) {
	w := newWorld(t)
	for _, name := range FairseqNames() {
		if name == "gottbert-base" {
			continue // at another server
		}
		file := map[string]string{"camembert": "camembert-base", "camembert.v0": "camembert-base", "xlmr.xl": "xlmr/xlmr.xl", "xlmr.xxl": "xlmr/xlmr.xxl"}[name]
		if file == "" {
			file = name
		}
		w.archives["/fairseq/"+file+".tar.gz"] = archiveOf(t, fairseqFiles())
		w.mustPath("fairseq:" + name)
	}
	for _, name := range []string{"roberta.base", "roberta.large", "roberta.large.mnli", "roberta.large.wsc", "xlmr.base", "xlmr.large", "camembert"} {
		if !slices.Contains(FairseqNames(), name) {
			t.Errorf("no %s", name)
		}
	}
	a := archive{known: fairseqArchives["gottbert-base"], options: &options{}}
	if u, err := a.address(); err != nil || u.String() != "https://dl.gottbert.de/fairseq/models/gottbert-base.tar.gz" {
		t.Errorf("gottbert-base is at %v, %v", u, err)
	}
	if u, err := parseEndpoint("", fairseqEndpoint); err != nil {
		t.Error(err)
	} else if u, _ = (&archive{known: baseURL, options: &options{settings: settings{fairseqEndpoint: u}}}).address(); u.String() != strings.Replace(baseURL, "http:", "https:", 1) {
		t.Errorf("roberta.base is at %v", u)
	}
}

// TestFairseqsCache finds what fairseq has put into its cache, and nothing that it has
// not finished.
func TestFairseqsCache(t *testing.T) {
	for what, test := range map[string]struct {
		name  string // of the folder
		found bool
	}{
		"with an etag":      {hashName(baseURL) + "." + hashName(`"abc"`), true},
		"without an etag":   {hashName(baseURL), true},
		"of another model":  {hashName(baseURL+"x") + "." + hashName(`"abc"`), false},
		"no etag's hash":    {hashName(baseURL) + ".old", false},
		"not yet a folder":  {"", false},
		"not yet completed": {"." + hashName(baseURL) + "." + hashName(`"abc"`) + ".unpacking", false},
	} {
		w := newWorld(t)
		w.cdn.Close()
		if test.name == "" {
			write(t, filepath.Join(w.fairseq, hashName(baseURL)+"."+hashName(`"abc"`)), []byte("a part of the archive"))
		} else {
			write(t, filepath.Join(w.fairseq, test.name, "model.pt"), []byte("x"))
			write(t, filepath.Join(w.fairseq, test.name+".json"), []byte("{}"))
		}
		dir, err := w.path(base, WithOffline(true))
		if test.found && dir != filepath.Join(w.fairseq, test.name) || !test.found && !errors.Is(err, ErrOffline) {
			t.Errorf("%s: %q, %v", what, dir, err)
		}
	}
}

// TestFairseqResume continues a part of an earlier process only if the server says that
// it is of the same archive.
func TestFairseqResume(t *testing.T) {
	data := archiveOf(t, fairseqFiles())
	etag := `"` + sha256Of(data)[:32] + `-7"`
	for what, test := range map[string]struct {
		part   []byte
		etag   string // of the server now, "" for none
		ranges []string
		err    error
	}{
		"resumed":           {data[:1000], etag, []string{"bytes=1000-"}, nil},
		"a wrong part":      {bytes.Repeat([]byte("x"), 1000), etag, []string{"bytes=1000-"}, ErrMismatch},
		"a weak etag":       {data[:1000], "W/" + etag, []string{""}, nil},
		"no etag":           {data[:1000], "", []string{""}, nil},
		"changed meanwhile": {data[:1000], "changed", []string{"bytes=1000-"}, nil},
	} {
		w := newWorld(t)
		w.archives["/fairseq/roberta.base.tar.gz"] = data
		w.fault = func(rw http.ResponseWriter, r *http.Request, from string) bool {
			switch {
			case test.etag == "changed":
				if r.Method == http.MethodGet { // between the HEAD and the GET
					rw.Header().Set("ETag", `"new"`)
					r.Header.Del("Range")
					serveFrom(rw, r, data, 1<<20)
					return true
				}
				return false
			case test.etag == etag:
				return false
			case test.etag != "":
				rw.Header().Set("ETag", test.etag)
			}
			serveFrom(rw, r, data, 1<<20)
			return true
		}
		name := hashName(baseURL)
		if test.etag != "" {
			name += "." + hashName(strings.ReplaceAll(test.etag, "changed", etag))
		}
		partial := filepath.Join(w.fairseq, "."+name+".incomplete")
		write(t, partial, test.part)
		_, err := w.path(base)
		if !errors.Is(err, test.err) {
			t.Errorf("%s: error %v, want %v", what, err, test.err)
		}
		if _, err := os.Stat(partial); err == nil {
			t.Errorf("%s: the part is still there", what)
		}
		var ranges []string
		for _, r := range w.took() {
			if r.method == http.MethodGet {
				ranges = append(ranges, r.header.Get("Range"))
				if want := test.etag; r.header.Get("Range") != "" && want != "changed" && r.header.Get("If-Range") != want {
					t.Errorf("%s: If-Range %q, want %q", what, r.header.Get("If-Range"), want)
				}
			}
		}
		if !slices.Equal(ranges, test.ranges) {
			t.Errorf("%s: ranges %q, want %q", what, ranges, test.ranges)
		}
		if test.err != nil {
			w.mustPath(base) // the next time it begins anew
		}
	}
}

// TestBadArchives refuses archives with which something is wrong, and leaves nothing of
// them.
func TestBadArchives(t *testing.T) {
	good := archiveOf(t, fairseqFiles())
	model := tar.Header{Name: "m/model.pt", Size: 10}
	for what, test := range map[string]struct {
		archive []byte
		err     error
		says    string
	}{
		"cut":                 {good[:len(good)/2], ErrMismatch, "damaged archive"},
		"one bit":             {flip(good, len(good)/2), ErrMismatch, "damaged archive"},
		"gzip's checksum":     {flip(good, len(good)-6), ErrMismatch, "damaged archive"},
		"no archive":          {[]byte("<html>"), ErrMismatch, "damaged archive"},
		"empty":               {nil, ErrMismatch, "damaged archive"},
		"no model":            {archiveOf(t, []tar.Header{{Name: "m/dict.txt", Size: 10}}), ErrNoWeights, "without model.pt"},
		"upwards":             {archiveOf(t, []tar.Header{model, {Name: "../evil", Size: 10}}), ErrProtocol, "outside itself"},
		"upwards from within": {archiveOf(t, []tar.Header{model, {Name: "m/../../evil", Size: 10}}), ErrProtocol, "outside itself"},
		"absolute":            {archiveOf(t, []tar.Header{model, {Name: "/tmp/evil", Size: 10}}), ErrProtocol, "outside itself"},
		"backslash":           {archiveOf(t, []tar.Header{model, {Name: `m\..\..\evil`, Size: 10}}), ErrProtocol, "outside itself"},
		"a link":              {archiveOf(t, []tar.Header{model, {Name: "m/dict.txt", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}}), ErrProtocol, "a link or device"},
		"a hard link":         {archiveOf(t, []tar.Header{model, {Name: "m/dict.txt", Typeflag: tar.TypeLink, Linkname: "../../x"}}), ErrProtocol, "a link or device"},
		"a device":            {archiveOf(t, []tar.Header{model, {Name: "m/dict.txt", Typeflag: tar.TypeChar}}), ErrProtocol, "a link or device"},
		"twice":               {archiveOf(t, []tar.Header{model, model}), nil, "exist"},
	} {
		w := newWorld(t)
		w.archives["/fairseq/roberta.base.tar.gz"] = test.archive
		_, err := w.path(base)
		if err == nil || test.err != nil && !errors.Is(err, test.err) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: error %v, want %v that says %q", what, err, test.err, test.says)
		}
		for _, name := range below(t, filepath.Dir(w.fairseq)) {
			if !strings.HasSuffix(name, ".lock") {
				t.Errorf("%s: %s is left", what, name)
			}
		}
	}
}

func flip(b []byte, i int) []byte {
	b = bytes.Clone(b)
	b[i] ^= 4
	return b
}

// TestBomb ends unpacking what grows out of all proportion.
func TestBomb(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	const n = 64 << 20
	if err := w.WriteHeader(&tar.Header{Name: "m/model.pt", Size: n, Typeflag: tar.TypeReg}); err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	for range n / len(zeros) {
		w.Write(zeros)
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	world := newWorld(t)
	world.archives["/fairseq/roberta.base.tar.gz"] = b.Bytes()
	if _, err := world.path(base); !errors.Is(err, ErrProtocol) || !strings.Contains(err.Error(), "far more") {
		t.Errorf("error %v, want %v", err, ErrProtocol)
	}
}

// TestLayouts unpacks archives without the one folder, and with a file of the folder's
// own name.
func TestLayouts(t *testing.T) {
	for what, files := range map[string][]tar.Header{
		"a folder":      {{Name: "m/model.pt", Size: 1}, {Name: "m/dict.txt", Size: 1}},
		"./":            {{Name: "./", Typeflag: tar.TypeDir}, {Name: "./model.pt", Size: 1}, {Name: "./dict.txt", Size: 1}},
		"no folder":     {{Name: "model.pt", Size: 1}, {Name: "dict.txt", Size: 1}},
		"its own name":  {{Name: "dict.txt/model.pt", Size: 1}, {Name: "dict.txt/dict.txt", Size: 1}},
		"./ and folder": {{Name: "./m/model.pt", Size: 1}, {Name: "./m/dict.txt", Size: 1}},
	} {
		w := newWorld(t)
		w.archives["/fairseq/roberta.base.tar.gz"] = archiveOf(t, files)
		dir, err := w.path(base)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		equal(t, what, below(t, dir), []string{"dict.txt", "model.pt"})
	}
}
