package hub

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A model is one that is being fetched from Hugging Face.
type model struct {
	*options
	*client
	*storage
	repository
	name  string // as given
	meter *meter
}

// fromHF returns the snapshot of a repository, complete as far as it is needed.
func fromHF(ctx context.Context, name string, o *options) (string, error) {
	r, err := parseRepository(name)
	if err != nil {
		return "", err
	}
	if o.cache == "" {
		return "", &Error{Name: name, Err: errors.New("no home folder for the cache; set HF_HOME")}
	}
	m := &model{
		options: o, storage: newStorage(o.cache, r.id, o.noLinks), repository: r, name: name,
		meter: &meter{now: Progress{Name: name}, report: o.progress},
	}
	if o.offline {
		return m.cached(ctx, r.commit(m.storage))
	}
	token, err := o.token()
	if err != nil {
		return "", err
	}
	m.client = newClient(o, o.endpoint, token)
	defer m.client.close()
	return m.path(ctx)
}

// commit is the revision's commit as far as the cache knows it, or "".
func (r repository) commit(s *storage) string {
	if commitPattern.MatchString(r.revision) {
		return r.revision
	}
	return s.ref(r.revision)
}

// path is fromHF with a server.
func (m *model) path(ctx context.Context) (string, error) {
	pinned := commitPattern.MatchString(m.revision)
	known := m.repository.commit(m.storage)
	if pinned {
		if names := m.tree(known); names != nil {
			if missing, err := m.missing(known, names); err == nil && missing == nil {
				return m.snapshot(known), nil
			}
		}
	}
	// With a copy in the cache the server gets one try.
	spare, _ := m.cached(ctx, known)
	tries := maxTries
	if spare != "" {
		tries = 1
	}
	l, err := m.list(ctx, tries)
	if err != nil {
		if spare != "" && ctx.Err() == nil && !errors.Is(err, ErrNotFound) {
			m.log.Warn("the copy in the cache is used, which may be old", "model", m.name, "commit", known, "reason", about(ctx, m.name, "", err))
			return spare, nil
		}
		return "", about(ctx, m.name, "", err)
	}
	if pinned && l.commit != m.revision {
		return "", &Error{Name: m.name, Host: m.endpoint.Host, Err: fmt.Errorf("%w: %s has commit %s for it", ErrProtocol, m.endpoint.Host, l.commit)}
	}
	if err := m.complete(ctx, l); err != nil {
		return "", about(ctx, m.name, "", err)
	}
	return m.snapshot(l.commit), nil
}

// complete fetches what the snapshot of a listing lacks.
func (m *model) complete(ctx context.Context, l *listing) error {
	sel := m.selection(l.commit, l.names)
	for {
		files, err := sel.files()
		if err != nil {
			return err
		}
		missing := m.lacking(l.commit, files)
		for _, name := range missing {
			if !l.names[name] {
				return &Error{File: name, Host: m.endpoint.Host, Err: fmt.Errorf("%w: the index of the shards names a file that the repository lacks", ErrNotFound)}
			}
		}
		if len(missing) > 0 {
			if err := m.fetchAll(ctx, l.commit, missing); err != nil {
				return err
			}
		}
		if !sel.unknown {
			break
		}
	}
	// What follows only makes the next time faster. A cache may be complete and
	// write-protected.
	if l.tree != nil && m.tree(l.commit) == nil {
		m.remark(m.setTree(l.commit, l.tree))
	}
	m.remark(m.setRef(m.revision, l.commit))
	return nil
}

func (m *model) remark(err error) {
	if err != nil {
		m.log.Info("the cache cannot be written to", "model", m.name, "reason", err)
	}
}

func (m *model) selection(commit string, names map[string]bool) *selection {
	return &selection{
		names: names, tokenizerOnly: m.tokenizerOnly,
		have: func(name string) bool { return m.has(commit, name) },
		read: func(name string) ([]byte, error) { return m.read(commit, name) },
	}
}

// lacking are those of the files that are not in the snapshot.
func (m *model) lacking(commit string, files []string) []string {
	return slices.DeleteFunc(slices.Clone(files), func(name string) bool { return m.has(commit, name) })
}

// missing are the files that a commit's snapshot lacks, of a repository with these
// files, as far as can be said without fetching any.
func (m *model) missing(commit string, names map[string]bool) ([]string, error) {
	sel := m.selection(commit, names)
	files, err := sel.files()
	if err != nil {
		return nil, err
	}
	missing := m.lacking(commit, files)
	if len(missing) == 0 {
		return nil, nil
	}
	return missing, nil
}

// cached is the snapshot of a commit if the cache has all that is needed of it. Where
// the cache does not know which files the repository has, those that are there have to
// make a model.
func (m *model) cached(ctx context.Context, commit string) (string, error) {
	offline := func(format string, args ...any) error {
		return &Error{Name: m.name, Err: fmt.Errorf("%w (%s): %s", ErrOffline, m.storage.root, fmt.Sprintf(format, args...))}
	}
	if err := ctx.Err(); err != nil {
		return "", about(ctx, m.name, "", err)
	}
	if commit == "" {
		return "", offline("revision %s", quoted(m.revision))
	}
	names := m.tree(commit)
	isKnown := names != nil
	if !isKnown {
		var err error
		if names, err = m.names(commit); err != nil {
			return "", about(ctx, m.name, "", err)
		}
		if len(names) == 0 {
			return "", offline("commit %s", commit)
		}
	}
	missing, err := m.missing(commit, names)
	if errors.Is(err, ErrNoWeights) && !isKnown {
		missing, err = []string{fetchOrder[0]}, nil
		if m.tokenizerOnly {
			missing[0] = "a tokenizer"
		}
	}
	if err != nil {
		return "", about(ctx, m.name, "", err)
	}
	if missing != nil {
		return "", offline("%s", enumerate(missing))
	}
	if !isKnown && !slices.ContainsFunc(slices.Collect(maps.Keys(names)), func(name string) bool { return isTokenizerFile(path.Base(name)) }) {
		m.log.Warn("the cache has no tokenizer of the model, and does not say whether there is one", "model", m.name, "commit", commit)
	}
	return m.snapshot(commit), nil
}

// enumerate writes names, the first of many.
func enumerate(names []string) string {
	const most = 5
	var b strings.Builder
	for i, name := range names {
		switch {
		case i == most:
			fmt.Fprintf(&b, " and %d more", len(names)-most)
			return b.String()
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(quoted(name))
	}
	return b.String()
}

// address is an address at the endpoint; the parts are escaped.
func (m *model) address(query string, parts ...string) *url.URL {
	u := *m.endpoint
	u.RawQuery = query
	escaped := make([]string, len(parts))
	for i, p := range parts {
		escaped[i] = url.PathEscape(p)
	}
	raw := strings.TrimRight(m.endpoint.EscapedPath(), "/") + "/" + strings.Join(escaped, "/")
	if path, err := url.PathUnescape(raw); err == nil {
		u.Path, u.RawPath = path, raw
	}
	return &u
}

// list asks which commit the revision is and which files it has.
func (m *model) list(ctx context.Context, tries int) (*listing, error) {
	repo := append([]string{"api", "models"}, strings.Split(m.id, "/")...)
	data, err := m.fetch(ctx, tries, m.address("blobs=true", append(slices.Clone(repo), "revision", m.revision)...), maxListing)
	if e, ok := errors.AsType[*Error](err); ok && (e.Status == http.StatusNotFound || e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden) {
		return nil, m.refused(ctx, e, repo)
	}
	if err != nil {
		return nil, err
	}
	l, err := parseListing(data)
	if err != nil {
		return nil, &Error{Host: m.endpoint.Host, Err: fmt.Errorf("%w (%s)", err, m.endpoint.Host)}
	}
	return l, nil
}

// refused says more about an answer of 401, 403 or 404.
func (m *model) refused(ctx context.Context, e *Error, repo []string) error {
	e.Err = m.hint(e)
	if e.Status != http.StatusNotFound {
		return e
	}
	what := "the repository"
	if m.revision != defaultRevision {
		// Is it the revision alone?
		if resp, err := m.request(ctx, 1, http.MethodGet, m.address("", repo...), false); err == nil {
			drop(resp)
			what = fmt.Sprintf("revision %s of the repository", quoted(m.revision))
		}
	}
	e.Err = fmt.Errorf("%w: %s", e.Err, what)
	return e
}

// hint adds to an error of access what helps.
func (m *model) hint(e *Error) error {
	if e.Status != http.StatusUnauthorized && e.Status != http.StatusForbidden {
		return e.Err
	}
	switch {
	case e.Host != m.endpoint.Host:
		return e.Err
	case m.token == "":
		return fmt.Errorf("%w: it is private, gated or not there; no token was sent, set HF_TOKEN", e.Err)
	case e.Status == http.StatusForbidden:
		return fmt.Errorf("%w: the token (HF_TOKEN) may not; a gated model's terms are accepted at %s/%s", e.Err, m.endpoint, m.id)
	}
	return fmt.Errorf("%w: the token (HF_TOKEN) is not accepted, or the repository is not there", e.Err)
}

// parallel is how many files are fetched at a time.
const parallel = 4

// fetchAll fetches files of a commit.
func (m *model) fetchAll(ctx context.Context, commit string, names []string) error {
	offers := make([]*offer, len(names))
	err := each(ctx, len(names), func(ctx context.Context, i int) (err error) {
		offers[i], err = m.offer(ctx, commit, names[i])
		return about(ctx, m.name, names[i], err)
	})
	if err != nil {
		return err
	}
	for _, dir := range []string{m.storage.path("blobs"), m.snapshot(commit)} {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return err
		}
	}
	m.tag()
	if err := m.room(offers); err != nil {
		return err
	}
	return each(ctx, len(offers), func(ctx context.Context, i int) error {
		return about(ctx, m.name, offers[i].name, m.get(ctx, commit, offers[i]))
	})
}

// each calls f for 0 to n−1, some at a time. The first error ends the others.
func each(ctx context.Context, n int, f func(context.Context, int) error) error {
	outer := ctx
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		first error
	)
	turns := make(chan struct{}, parallel)
	for i := range n {
		turns <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() {
			defer func() { <-turns }()
			if err := f(ctx, i); err != nil {
				mu.Lock()
				defer mu.Unlock()
				if first == nil {
					first = err
				}
				cancel()
			}
		})
	}
	wg.Wait()
	if first == nil {
		first = outer.Err()
	}
	return first
}

// offer asks the server for a file's size and hash. For a large file it answers with a
// redirect to where the content is, and says of what.
func (m *model) offer(ctx context.Context, commit, name string) (*offer, error) {
	parts := slices.Concat(strings.Split(m.id, "/"), []string{"resolve", commit}, strings.Split(name, "/"))
	u := m.address("", parts...)
	resp, err := m.request(ctx, maxTries, http.MethodHead, u, false)
	if e, ok := errors.AsType[*Error](err); ok {
		e.Err = m.hint(e)
		return nil, e
	}
	if err != nil {
		return nil, err
	}
	drop(resp)
	wrong := func(format string, args ...any) error {
		return &Error{Host: u.Host, Status: resp.StatusCode, Err: fmt.Errorf("%w of %s: %s", ErrProtocol, u.Host, fmt.Sprintf(format, args...))}
	}
	h := resp.Header
	if c := h.Get("X-Repo-Commit"); c != "" && c != commit {
		return nil, wrong("commit %s, not %s", quoted(c), commit)
	}
	etag := h.Get("X-Linked-Etag")
	if etag == "" {
		etag = h.Get("ETag")
	}
	f := &offer{name: name, url: u, etag: normalizeEtag(etag), size: -1}
	if !etagPattern.MatchString(f.etag) {
		return nil, wrong("etag %q, which names no content; see HF_ENDPOINT", quoted(etag))
	}
	length := h.Get("X-Linked-Size")
	if length == "" && resp.StatusCode < 300 {
		length = h.Get("Content-Length")
	}
	if length != "" {
		n, err := strconv.ParseInt(length, 10, 64)
		if err != nil || n < 0 {
			return nil, wrong("size %q", quoted(length))
		}
		f.size = n
	}
	return f, nil
}

// hasBlob says whether the cache has an offer's content.
func (m *model) hasBlob(f *offer) bool {
	info, err := os.Stat(m.blob(f.etag))
	return err == nil && info.Mode().IsRegular() && (f.size < 0 || info.Size() == f.size)
}

// room checks that the disk has room for the offers, before the first byte comes.
func (m *model) room(offers []*offer) error {
	need, seen := int64(0), map[string]bool{}
	for _, f := range offers {
		if f.size <= 0 || seen[f.etag] || m.hasBlob(f) {
			continue
		}
		seen[f.etag] = true
		m.meter.plan(f.size)
		need += f.size - min(f.size, fileSize(m.partial(f)))
		if need < 0 {
			return &Error{File: f.name, Host: m.endpoint.Host, Err: fmt.Errorf("%w: a size that no file has", ErrProtocol)}
		}
	}
	return enoughRoom(m.storage.root, need)
}

func enoughRoom(dir string, need int64) error {
	if free, ok := freeSpace(dir); ok && free < need {
		return &Error{Err: fmt.Errorf("%w: %s more are needed in %s, which has room for %s", ErrDiskFull, size(need), dir, size(free))}
	}
	return nil
}

func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// partial is where a file is while it is fetched. Older versions of huggingface_hub
// resume it too.
func (m *model) partial(f *offer) string { return m.blob(f.etag) + ".incomplete" }

// get fetches one file unless its blob is there, and makes it part of the snapshot.
func (m *model) get(ctx context.Context, commit string, f *offer) error {
	unlock, locked, err := lock(ctx, m.lockFile(f.etag))
	if err != nil {
		return err
	}
	defer unlock()
	if m.has(commit, f.name) { // another process was faster
		return nil
	}
	if m.hasBlob(f) {
		return m.link(commit, f.name, f.etag, false)
	}
	partial := m.partial(f)
	if !locked {
		partial = m.blob(f.etag) + "." + unique() + ".incomplete"
	}
	d := &download{client: m.client, offer: *f, progress: m.meter, disk: m.disk}
	if err := d.to(ctx, partial, locked); err != nil {
		if e, ok := errors.AsType[*Error](err); ok {
			e.Err = m.hint(e)
		}
		if !locked {
			os.Remove(partial)
		}
		return err
	}
	if err := os.Rename(partial, m.blob(f.etag)); err != nil {
		return err
	}
	return m.link(commit, f.name, f.etag, true)
}

// unique is a part of a name that no other process uses.
func unique() string { return fmt.Sprintf("%08x", rand.Uint32()) }
