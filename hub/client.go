package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// A client makes requests: it sends the token to its endpoint alone, follows
// redirects itself, and tries again what may pass.
type client struct {
	http     *http.Client
	endpoint *url.URL // the only place that is sent the token
	token    string
	pause    func(context.Context, time.Duration) error
	stall    time.Duration
}

// Tries.
const (
	// maxTries is how often in a row a request may fail without a byte of progress.
	maxTries = 6
	// firstPause doubles with each try, to at most maxPause.
	firstPause = 500 * time.Millisecond
	maxPause   = 8 * time.Second
	// maxRetryAfter is the longest wait that a server can ask for.
	maxRetryAfter = 5 * time.Minute
	maxRedirects  = 10
)

func newClient(o *options, endpoint *url.URL, token string) *client {
	transport := o.transport
	if transport == nil {
		transport = &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			ForceAttemptHTTP2:     true,
			MaxIdleConns:          16,
			IdleConnTimeout:       30 * time.Second,
			TLSHandshakeTimeout:   10 * time.Second,
			ResponseHeaderTimeout: o.stall,
		}
	}
	return &client{
		http: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		endpoint: endpoint, token: token, pause: o.pause, stall: o.stall,
	}
}

// close ends connections that wait for more requests.
func (c *client) close() { c.http.CloseIdleConnections() }

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func sameOrigin(a, b *url.URL) bool {
	port := func(u *url.URL) string {
		if p := u.Port(); p != "" {
			return p
		}
		return map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

// send makes a request. Redirects are followed to the endpoint's own origin and the
// one that began, and to all others if anywhere is set; else the redirect is the
// answer. An answer of 400 and above is an error.
func (c *client) send(ctx context.Context, method string, address *url.URL, header http.Header, anywhere bool) (*http.Response, error) {
	for u, n := address, 0; ; n++ {
		req, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
		if err != nil {
			return nil, &Error{Host: u.Host, Err: fmt.Errorf("%w: an address that is none", ErrProtocol)}
		}
		for k, v := range header {
			req.Header[k] = v
		}
		// The bytes as they are: sizes, ranges and hashes are of those.
		req.Header.Set("Accept-Encoding", "identity")
		req.Header.Set("User-Agent", "goroberta-hub; "+runtime.Version())
		if c.token != "" && sameOrigin(u, c.endpoint) {
			req.Header.Set("Authorization", "Bearer "+c.token)
		}
		resp, err := c.http.Do(req)
		if err != nil {
			if context.Cause(ctx) == errStalled {
				err = errStalled
			}
			return nil, networkError(u, err)
		}
		resp.Request = req // which a transport of the caller's may not have set
		if resp.StatusCode < 300 {
			return resp, nil
		}
		next := (*url.URL)(nil)
		if resp.StatusCode < 400 {
			if next, err = u.Parse(resp.Header.Get("Location")); err != nil || resp.Header.Get("Location") == "" {
				next = nil
			}
		}
		if next != nil && !anywhere && !sameOrigin(next, address) && !sameOrigin(next, c.endpoint) {
			return resp, nil
		}
		drop(resp)
		switch {
		case next == nil:
			return nil, statusError(u, resp)
		case n == maxRedirects:
			return nil, &Error{Host: u.Host, Status: resp.StatusCode, Err: fmt.Errorf("%w: %s redirects more than %d times", ErrProtocol, u.Host, maxRedirects)}
		case next.Scheme != "https" && (next.Scheme != "http" || u.Scheme != "http"):
			return nil, &Error{Host: u.Host, Status: resp.StatusCode, Err: fmt.Errorf("%w: %s redirects from %s to %s", ErrProtocol, u.Host, u.Scheme, quoted(next.Scheme))}
		}
		u = next
	}
}

// drop ends an answer whose body does not matter. A short one is read, so that the
// connection can be used again.
func drop(resp *http.Response) {
	io.CopyN(io.Discard, resp.Body, 4096)
	resp.Body.Close()
}

// networkError is an error without an answer. Addresses of a CDN are long and secret:
// the message has the host alone.
func networkError(u *url.URL, err error) *Error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	return &Error{Host: u.Host, Err: fmt.Errorf("%w to %s: %w", ErrNetwork, u.Host, err)}
}

// statusError is the error of an answer.
func statusError(u *url.URL, resp *http.Response) *Error {
	e := &Error{Host: u.Host, Status: resp.StatusCode, after: retryAfter(resp.Header.Get("Retry-After"), time.Now())}
	kind, hint := ErrProtocol, ""
	switch s := resp.StatusCode; {
	case s == http.StatusUnauthorized, s == http.StatusForbidden, s == http.StatusProxyAuthRequired:
		kind = ErrUnauthorized
	case s == http.StatusNotFound, s == http.StatusGone:
		kind = ErrNotFound
	case s == http.StatusTooManyRequests:
		kind = ErrRateLimited
		if e.after > 0 {
			hint = fmt.Sprintf(", it wants a pause of %s", e.after)
		}
	case s == http.StatusRequestTimeout, s >= 500:
		kind = ErrServer
	}
	said := ""
	if m := resp.Header.Get("X-Error-Message"); m != "" {
		said = ": " + quoted(m)
	}
	e.Err = fmt.Errorf("%w (%d from %s%s%s)", kind, resp.StatusCode, u.Host, hint, said)
	return e
}

// retryAfter reads a Retry-After: seconds or a date.
func retryAfter(v string, now time.Time) time.Duration {
	if n, err := strconv.ParseUint(v, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(0, t.Sub(now)).Round(time.Second)
	}
	return 0
}

// passing says whether an error may be gone at the next try.
func passing(err error) bool {
	return errors.Is(err, ErrNetwork) || errors.Is(err, ErrServer) || errors.Is(err, ErrRateLimited)
}

// backOff waits before a request is made again that has failed so many times in a row.
// It returns err if that is no use.
func (c *client) backOff(ctx context.Context, failures, tries int, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if !passing(err) || failures >= tries {
		return err
	}
	d := min(firstPause<<(failures-1), maxPause)
	d += rand.N(d / 4) // so that many clients do not come back together
	if e, ok := errors.AsType[*Error](err); ok && e.after > 0 {
		if e.after > maxRetryAfter {
			return err
		}
		d = e.after
	}
	return c.pause(ctx, d)
}

// request is send, tried up to so many times.
func (c *client) request(ctx context.Context, tries int, method string, u *url.URL, anywhere bool) (*http.Response, error) {
	for failures := 0; ; {
		resp, err := c.send(ctx, method, u, nil, anywhere)
		if err == nil {
			return resp, nil
		}
		failures++
		if err := c.backOff(ctx, failures, tries, err); err != nil {
			return nil, err
		}
	}
}

// fetch gets a short document, of at most limit bytes.
func (c *client) fetch(ctx context.Context, tries int, u *url.URL, limit int64) ([]byte, error) {
	for failures := 0; ; {
		data, err := c.fetchOnce(ctx, u, limit)
		if err == nil {
			return data, nil
		}
		failures++
		if err := c.backOff(ctx, failures, tries, err); err != nil {
			return nil, err
		}
	}
}

func (c *client) fetchOnce(ctx context.Context, u *url.URL, limit int64) ([]byte, error) {
	ctx, watch := c.watch(ctx)
	defer watch.stop()
	resp, err := c.send(ctx, http.MethodGet, u, nil, false)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		return nil, &Error{Host: u.Host, Status: resp.StatusCode, Err: fmt.Errorf("%w: %s redirects to another host", ErrProtocol, u.Host)}
	}
	data, err := io.ReadAll(io.LimitReader(watch.reader(resp.Body), limit+1))
	if err != nil {
		return nil, networkError(u, err)
	}
	if int64(len(data)) > limit {
		return nil, &Error{Host: u.Host, Err: fmt.Errorf("%w: more than %s from %s", ErrProtocol, size(limit), u.Host)}
	}
	return data, nil
}

// A watchdog ends a request during which nothing is received for too long.
type watchdog struct {
	timer  *time.Timer
	stall  time.Duration
	cancel context.CancelCauseFunc
	ctx    context.Context
}

var errStalled = errors.New("nothing was received for too long")

func (c *client) watch(ctx context.Context) (context.Context, *watchdog) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watchdog{stall: c.stall, cancel: cancel, ctx: ctx}
	w.timer = time.AfterFunc(c.stall, func() { cancel(errStalled) })
	return ctx, w
}

func (w *watchdog) stop() {
	w.timer.Stop()
	w.cancel(nil)
}

// reader is r, watched.
func (w *watchdog) reader(r io.Reader) io.Reader { return &watched{r, w} }

type watched struct {
	r io.Reader
	w *watchdog
}

func (r *watched) Read(p []byte) (int, error) {
	r.w.timer.Reset(r.w.stall)
	n, err := r.r.Read(p)
	if err != nil && err != io.EOF && context.Cause(r.w.ctx) == errStalled {
		err = errStalled
	}
	return n, err
}
