package hub

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
)

// Errors that callers test for with errors.Is. All but ErrName come in an *Error.
var (
	// ErrName is returned for what is no name of a model, and for a name that
	// fairseq does not have.
	ErrName = errors.New("no name of a model")

	// ErrUnauthorized is returned for what needs a token (HF_TOKEN), or one with
	// more rights. Without a token Hugging Face gives it for a repository that does
	// not exist too.
	ErrUnauthorized = errors.New("no access")

	// ErrNotFound is returned for a repository, revision or file that is not there.
	ErrNotFound = errors.New("not found")

	// ErrRateLimited is returned if the server wants fewer requests, and waiting as
	// it asked did not help or would have taken too long.
	ErrRateLimited = errors.New("too many requests")

	// ErrServer is returned for a failure of the server that lasted.
	ErrServer = errors.New("the server failed")

	// ErrNetwork is returned if there is no connection, or if it is cut again and
	// again. The Host of the Error says to whom.
	ErrNetwork = errors.New("no connection")

	// ErrOffline is returned if nothing may be fetched and the cache lacks something.
	ErrOffline = errors.New("offline, and not in the cache")

	// ErrMismatch is returned for a file whose size or hash is not what the server
	// announced. What was fetched of it has been removed.
	ErrMismatch = errors.New("not what the server announced")

	// ErrProtocol is returned for answers that no hub gives, and for names of files
	// that lead out of their folder.
	ErrProtocol = errors.New("a wrong answer")

	// ErrNoWeights is returned for a repository without weights in a form that
	// goroberta reads. Nothing large has been fetched.
	ErrNoWeights = errors.New("no weights in a readable form")

	// ErrDiskFull is returned if the disk has, or had, too little room.
	ErrDiskFull = errors.New("disk full")
)

// An Error says what went wrong with which model.
type Error struct {
	Name   string // the model, as given
	File   string // the file of the repository or archive, "" if it is about none
	Host   string // the server, "" if none was asked
	Status int    // its HTTP status, 0 if there was no answer
	Err    error  // wraps one of the variables of this package, an error of the context or of the operating system

	after time.Duration // what the server wants to be waited, 0 if it does not say
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("hub: ")
	b.WriteString(quoted(e.Name))
	if e.File != "" {
		b.WriteString(": " + quoted(e.File))
	}
	b.WriteString(": " + e.Err.Error())
	return b.String()
}

// Unwrap is for errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Err }

// about fills in what an error is about, as far as it does not say so itself. An
// error of the context is that alone, whatever failed because of it.
func about(ctx context.Context, name, file string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	e, ok := err.(*Error)
	if !ok {
		e = &Error{Err: err}
	}
	if e.Name == "" {
		e.Name = name
	}
	if e.File == "" {
		e.File = file
	}
	return e
}

// maxQuote is how many bytes of a name or message an error repeats.
const maxQuote = 200

// quoted is a text of others in one line, cut where it is long.
func quoted(s string) string {
	var b strings.Builder
	for _, r := range s {
		if b.Len() > maxQuote {
			b.WriteString("…")
			break
		}
		if !unicode.IsPrint(r) {
			r = '?'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// size writes a number of bytes for people.
func size(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d bytes", n)
	case n < 1e6:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1e9:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.2f GB", float64(n)/1e9)
}
