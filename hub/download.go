package hub

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// An offer is a file that a server has.
type offer struct {
	name string   // for messages
	url  *url.URL // where it is; may redirect
	etag string   // what identifies the content; for a hub without quotes
	size int64    // in bytes, -1 if unknown

	// ifRange is the etag of the very answers at url, "" if not known. With it the
	// server sends the rest only of the same content.
	ifRange string
}

var (
	sha256Pattern = regexp.MustCompile(`^[0-9a-f]{64}$`)
	sha1Pattern   = regexp.MustCompile(`^[0-9a-f]{40}$`)
)

// newHash is what an etag is the hash of: sha256 of the content of a large file, git's
// hash of a small one, which begins with its size. It is nil for other etags.
func (f *offer) newHash() hash.Hash {
	switch {
	case sha256Pattern.MatchString(f.etag):
		return sha256.New()
	case sha1Pattern.MatchString(f.etag) && f.size >= 0:
		h := sha1.New()
		fmt.Fprintf(h, "blob %d\x00", f.size)
		return h
	}
	return nil
}

// A download is one file on its way to the disk.
type download struct {
	*client
	offer
	progress *meter
	disk     func(*os.File) io.Writer // the way to the disk, which tests make fail

	file     *os.File
	out      io.Writer
	hash     hash.Hash
	have     int64 // bytes in file
	counted  int64 // of them, told to progress
	resumed  bool  // file was there before
	restarts int
}

// to fetches the file to path, which it continues if it is there and resume is set. An
// error of kind ErrMismatch or ErrDiskFull removes it; after others it stays, for the
// next time.
func (d *download) to(ctx context.Context, path string, resume bool) (err error) {
	flags := os.O_RDWR | os.O_CREATE
	if !resume {
		flags |= os.O_TRUNC
	}
	d.file, err = os.OpenFile(path, flags, 0o666)
	if err != nil {
		return d.diskError(err)
	}
	defer func() {
		if closeErr := d.file.Close(); err == nil && closeErr != nil {
			err = d.diskError(closeErr)
		}
		if errors.Is(err, ErrMismatch) || errors.Is(err, ErrDiskFull) {
			os.Remove(path)
		}
		if err != nil {
			d.count(-d.counted)
		}
	}()
	d.out = d.disk(d.file)
	if err := d.takeUp(); err != nil {
		return err
	}
	for {
		err := d.complete(ctx)
		if err == nil {
			err = d.check()
		}
		switch {
		case err == nil:
			return d.diskError(d.file.Sync())
		case errors.Is(err, ErrMismatch) && d.resumed:
			// The part from before may be at fault.
			if err := d.restart(); err != nil {
				return err
			}
		default:
			return err
		}
	}
}

// takeUp reads what the file has already.
func (d *download) takeUp() error {
	info, err := d.file.Stat()
	if err != nil {
		return d.diskError(err)
	}
	d.hash = d.newHash()
	if info.Size() == 0 {
		return nil
	}
	if d.size >= 0 && info.Size() > d.size {
		return d.restart()
	}
	d.resumed = true
	if d.hash != nil {
		if _, err := io.Copy(d.hash, d.file); err != nil {
			return d.diskError(err)
		}
	}
	if d.have, err = d.file.Seek(0, io.SeekEnd); err != nil {
		return d.diskError(err)
	}
	d.count(d.have)
	return nil
}

// restart forgets what the file has. A server that cuts the connection and sends no
// ranges, or wrong ones, would never come to an end.
func (d *download) restart() error {
	if d.restarts++; d.restarts > maxTries {
		return &Error{File: d.name, Host: d.url.Host, Err: fmt.Errorf("%w to %s: it was cut %d times, and the rest alone cannot be had", ErrNetwork, d.url.Host, maxTries)}
	}
	d.count(-d.counted)
	d.have, d.resumed, d.hash = 0, false, d.newHash()
	if err := d.file.Truncate(0); err != nil {
		return d.diskError(err)
	}
	_, err := d.file.Seek(0, io.SeekStart)
	return d.diskError(err)
}

func (d *download) count(n int64) {
	d.counted += n
	d.progress.add(d.name, n)
}

// complete fetches what the file lacks, in as many requests as it takes.
func (d *download) complete(ctx context.Context) error {
	for failures := 0; d.size < 0 || d.have < d.size; {
		before := d.have
		done, err := d.part(ctx)
		switch {
		case err != nil:
			if d.have > before {
				failures = 0
			}
			failures++
			if err := d.backOff(ctx, failures, maxTries, err); err != nil {
				return err
			}
		case done:
			return nil
		}
	}
	return nil
}

// part makes one request for the rest of the file. done says that there is no more.
func (d *download) part(ctx context.Context) (done bool, err error) {
	ctx, watch := d.watch(ctx)
	defer watch.stop()
	header := http.Header{}
	if d.have > 0 {
		header.Set("Range", fmt.Sprintf("bytes=%d-", d.have))
		if d.ifRange != "" {
			header.Set("If-Range", d.ifRange)
		}
	}
	resp, err := d.send(ctx, http.MethodGet, d.url, header, true)
	if e, ok := errors.AsType[*Error](err); ok && e.Status == http.StatusRequestedRangeNotSatisfiable && d.have > 0 {
		return false, d.restart()
	}
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	host := resp.Request.URL.Host
	if e := resp.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") && d.size >= 0 {
		return false, &Error{Host: host, Err: fmt.Errorf("%w: %s sends the file encoded as %s, which it was asked not to", ErrProtocol, host, quoted(e))}
	}
	switch resp.StatusCode {
	case http.StatusPartialContent:
		from, total, ok := contentRange(resp.Header.Get("Content-Range"))
		if (!ok || from != d.have) && d.have > 0 {
			return false, d.restart()
		}
		if !ok || from != 0 && d.have == 0 {
			return false, &Error{Host: host, Err: fmt.Errorf("%w: %s sends range %q of a file that was asked for whole", ErrProtocol, host, quoted(resp.Header.Get("Content-Range")))}
		}
		if total >= 0 && d.size >= 0 && total != d.size {
			return false, d.wrongSize(host, total)
		}
	case http.StatusOK:
		if d.have > 0 { // the server gives no ranges, or has another file now
			if err := d.restart(); err != nil {
				return false, err
			}
		}
		if n := resp.ContentLength; n >= 0 && d.size >= 0 && n != d.size {
			return false, d.wrongSize(host, n)
		}
		if d.ifRange = resp.Header.Get("ETag"); !isStrong(d.ifRange) {
			d.ifRange = ""
		}
	default:
		return false, &Error{Host: host, Status: resp.StatusCode, Err: fmt.Errorf("%w: status %d from %s", ErrProtocol, resp.StatusCode, host)}
	}
	if err := d.copy(watch.reader(resp.Body), host); err != nil {
		return false, err
	}
	if d.size >= 0 && d.have < d.size {
		return false, networkError(resp.Request.URL, fmt.Errorf("%w after %d of %d bytes", io.ErrUnexpectedEOF, d.have, d.size))
	}
	return true, nil
}

// isStrong says whether an etag stands for the bytes of an answer.
func isStrong(etag string) bool { return strings.HasPrefix(etag, `"`) }

// copyBuffer is how many bytes are read at a time.
const copyBuffer = 256 << 10

// copy writes what r has behind the rest.
func (d *download) copy(r io.Reader, host string) error {
	buf := make([]byte, copyBuffer)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			if d.size >= 0 && d.have+int64(n) > d.size {
				return d.wrongSize(host, d.have+int64(n))
			}
			if w, err := d.out.Write(buf[:n]); err != nil {
				d.have += int64(w)
				return d.diskError(err)
			}
			if d.hash != nil {
				d.hash.Write(buf[:n])
			}
			d.have += int64(n)
			d.count(int64(n))
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return networkError(&url.URL{Host: host}, fmt.Errorf("cut after %d bytes: %w", d.have, err))
		}
	}
}

func (d *download) wrongSize(host string, got int64) error {
	return &Error{File: d.name, Host: host, Err: fmt.Errorf("%w: %s sends %d bytes, or more, of a file of %d", ErrMismatch, host, got, d.size)}
}

// check compares the complete file with what was announced.
func (d *download) check() error {
	if d.size >= 0 && d.have != d.size {
		return d.wrongSize(d.url.Host, d.have)
	}
	if d.hash == nil {
		return nil
	}
	if got := hex.EncodeToString(d.hash.Sum(nil)); got != d.etag {
		return &Error{File: d.name, Host: d.url.Host, Err: fmt.Errorf("%w: its hash is %s, not %s", ErrMismatch, got, d.etag)}
	}
	return nil
}

// diskError is an error of writing the file.
func (d *download) diskError(err error) error {
	if err == nil || !isDiskFull(err) {
		return err
	}
	return &Error{File: d.name, Err: fmt.Errorf("%w after %s of %s; the part was removed: %w", ErrDiskFull, size(d.have), size(max(d.size, d.have)), err)}
}

// contentRange reads "bytes FIRST-LAST/TOTAL"; total is -1 for "*".
func contentRange(v string) (from, total int64, ok bool) {
	v, ok = strings.CutPrefix(v, "bytes ")
	span, all, ok2 := strings.Cut(v, "/")
	first, _, ok3 := strings.Cut(span, "-")
	from, err := strconv.ParseInt(first, 10, 64)
	if !ok || !ok2 || !ok3 || err != nil || from < 0 {
		return 0, 0, false
	}
	if all == "*" {
		return from, -1, true
	}
	total, err = strconv.ParseInt(all, 10, 64)
	return from, total, err == nil && total >= 0
}
