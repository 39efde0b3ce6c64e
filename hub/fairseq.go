package hub

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// fairseqArchives are fairseq's names of RoBERTa's family and the addresses that
// fairseq has for them: hub_models of model.py, model_xlmr.py, model_camembert.py and
// model_gottbert.py in fairseq/models/roberta. The cache knows an archive by this
// address, although it is fetched over https.
var fairseqArchives = map[string]string{
	"roberta.base":       "http://dl.fbaipublicfiles.com/fairseq/models/roberta.base.tar.gz",
	"roberta.large":      "http://dl.fbaipublicfiles.com/fairseq/models/roberta.large.tar.gz",
	"roberta.large.mnli": "http://dl.fbaipublicfiles.com/fairseq/models/roberta.large.mnli.tar.gz",
	"roberta.large.wsc":  "http://dl.fbaipublicfiles.com/fairseq/models/roberta.large.wsc.tar.gz",

	"xlmr.base":  "http://dl.fbaipublicfiles.com/fairseq/models/xlmr.base.tar.gz",
	"xlmr.large": "http://dl.fbaipublicfiles.com/fairseq/models/xlmr.large.tar.gz",
	"xlmr.xl":    "http://dl.fbaipublicfiles.com/fairseq/models/xlmr/xlmr.xl.tar.gz",
	"xlmr.xxl":   "http://dl.fbaipublicfiles.com/fairseq/models/xlmr/xlmr.xxl.tar.gz",

	"camembert":                    "http://dl.fbaipublicfiles.com/fairseq/models/camembert-base.tar.gz",
	"camembert.v0":                 "http://dl.fbaipublicfiles.com/fairseq/models/camembert-base.tar.gz",
	"camembert-base":               "http://dl.fbaipublicfiles.com/fairseq/models/camembert-base.tar.gz",
	"camembert-large":              "http://dl.fbaipublicfiles.com/fairseq/models/camembert-large.tar.gz",
	"camembert-base-ccnet":         "http://dl.fbaipublicfiles.com/fairseq/models/camembert-base-ccnet.tar.gz",
	"camembert-base-ccnet-4gb":     "http://dl.fbaipublicfiles.com/fairseq/models/camembert-base-ccnet-4gb.tar.gz",
	"camembert-base-wikipedia-4gb": "http://dl.fbaipublicfiles.com/fairseq/models/camembert-base-wikipedia-4gb.tar.gz",
	"camembert-base-oscar-4gb":     "http://dl.fbaipublicfiles.com/fairseq/models/camembert-base-oscar-4gb.tar.gz",

	"gottbert-base": "https://dl.gottbert.de/fairseq/models/gottbert-base.tar.gz",
}

// fairseqHost begins the addresses that an endpoint stands for.
const fairseqHost = "http://dl.fbaipublicfiles.com/fairseq/models"

// FairseqNames lists the names that follow "fairseq:", sorted.
func FairseqNames() []string { return slices.Sorted(maps.Keys(fairseqArchives)) }

// An archive is one of fairseq's that is being fetched.
type archive struct {
	*options
	*client
	name  string // as given
	known string // its address as fairseq has it
	meter *meter
}

// fromFairseq returns the folder of a model of fairseq's.
func fromFairseq(ctx context.Context, name string, o *options) (string, error) {
	short := strings.TrimPrefix(name, schemeFairseq)
	known, ok := fairseqArchives[short]
	if !ok {
		return "", fmt.Errorf("hub: %w: %s: fairseq has %s", ErrName, quoted(name), strings.Join(FairseqNames(), ", "))
	}
	if o.fairseqCache == "" {
		return "", &Error{Name: name, Err: errors.New("no home folder for the cache; set TORCH_HOME")}
	}
	a := &archive{options: o, name: name, known: known, meter: &meter{now: Progress{Name: name}, report: o.progress}}
	path, err := a.path(ctx)
	return path, about(ctx, name, "", err)
}

// path is the folder with the archive's files.
func (a *archive) path(ctx context.Context) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	dir, err := a.find()
	if dir != "" || err != nil {
		return dir, err
	}
	if a.offline {
		return "", fmt.Errorf("%w (%s): %s", ErrOffline, a.fairseqCache, a.known)
	}
	u, err := a.address()
	if err != nil {
		return "", err
	}
	a.client = newClient(a.options, u, "")
	defer a.client.close()
	f, tag, err := a.offer(ctx, u)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(a.fairseqCache, 0o777); err != nil {
		return "", err
	}
	base := a.base()
	if tag != "" {
		base += "." + hexSHA256(tag)
	}
	return a.get(ctx, f, tag, filepath.Join(a.fairseqCache, base), filepath.Join(a.fairseqCache, "."+base))
}

func hexSHA256(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// base begins the names of all that the cache has of an archive.
func (a *archive) base() string { return hexSHA256(a.known) }

// find looks for an unpacked archive, of any etag: the newest.
func (a *archive) find() (string, error) {
	entries, err := os.ReadDir(a.fairseqCache)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	best, bestTime := "", int64(0)
	for _, e := range entries {
		tag, ok := strings.CutPrefix(e.Name(), a.base())
		if !ok || tag != "" && (tag[0] != '.' || !sha256Pattern.MatchString(tag[1:])) {
			continue
		}
		dir := filepath.Join(a.fairseqCache, e.Name())
		if info, err := os.Stat(filepath.Join(dir, "model.pt")); err == nil && info.Mode().IsRegular() {
			if t := info.ModTime().UnixNano(); best == "" || t > bestTime {
				best, bestTime = dir, t
			}
		}
	}
	return best, err
}

// address is where the archive is fetched.
func (a *archive) address() (*url.URL, error) {
	if rest, ok := strings.CutPrefix(a.known, fairseqHost); ok {
		return a.fairseqEndpoint.Parse(strings.TrimRight(a.fairseqEndpoint.Path, "/") + rest)
	}
	return url.Parse(a.known)
}

// offer asks for the archive's size and etag; tag is the etag as it was sent.
func (a *archive) offer(ctx context.Context, u *url.URL) (f *offer, tag string, err error) {
	resp, err := a.request(ctx, maxTries, http.MethodHead, u, true)
	if err != nil {
		return nil, "", err
	}
	drop(resp)
	tag = resp.Header.Get("ETag")
	f = &offer{name: u.Path[strings.LastIndex(u.Path, "/")+1:], url: u, size: resp.ContentLength}
	if isStrong(tag) {
		f.ifRange = tag
	}
	return f, tag, nil
}

// get fetches the archive and unpacks it to dir. Names of what is not complete begin
// with hidden: fairseq takes everything that begins with the address's hash.
func (a *archive) get(ctx context.Context, f *offer, tag, dir, hidden string) (string, error) {
	unlock, locked, err := lock(ctx, hidden+".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	if found, err := a.find(); found != "" || err != nil { // another process was faster
		return found, err
	}
	partial, unpacked := hidden+".incomplete", hidden+".unpacking"
	if !locked {
		partial, unpacked = partial+"."+unique(), unpacked+"."+unique()
	}
	// The content has no hash. A part of an earlier process counts only if the server
	// can say that the rest belongs to it.
	resume := locked && f.ifRange != ""
	if f.size > 0 {
		have := int64(0)
		if resume {
			have = min(fileSize(partial), f.size)
		}
		a.meter.plan(f.size)
		// The unpacked files are at least as large, and both are there for a while.
		if err := enoughRoom(a.fairseqCache, f.size-have+f.size); err != nil {
			return "", err
		}
	}
	d := &download{client: a.client, offer: *f, progress: a.meter, disk: a.disk}
	if err := d.to(ctx, partial, resume); err != nil {
		if !resume {
			os.Remove(partial)
		}
		return "", about(ctx, a.name, f.name, err)
	}
	defer os.Remove(partial)
	if err := os.RemoveAll(unpacked); err != nil {
		return "", err
	}
	defer os.RemoveAll(unpacked)
	if err := unpack(ctx, partial, unpacked, a.disk); err != nil {
		return "", about(ctx, a.name, f.name, err)
	}
	if !isFile(filepath.Join(unpacked, "model.pt")) {
		return "", &Error{File: f.name, Err: fmt.Errorf("%w: an archive without model.pt", ErrNoWeights)}
	}
	var etag any
	if tag != "" {
		etag = tag
	}
	meta, err := json.Marshal(map[string]any{"url": a.known, "etag": etag})
	if err != nil {
		return "", err
	}
	if err := replaceFile(dir+".json", meta); err != nil {
		return "", err
	}
	if err := os.Rename(unpacked, dir); err != nil {
		if found, _ := a.find(); found != "" { // fairseq, which has no locks, was faster
			return found, nil
		}
		return "", err
	}
	return dir, nil
}
