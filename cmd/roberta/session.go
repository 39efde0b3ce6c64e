package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"runtime"

	"golang.org/x/term"

	"github.com/goroberta/goroberta/roberta"
)

// commonFlags are common to all commands.
type commonFlags struct {
	Threads   *int    `placeholder:"N" help:"Compute with N goroutines. Default: GOMAXPROCS. Results do not depend on it."`
	Precision *string `enum:"fp32,bf16,int8" placeholder:"P" help:"Compute in fp32, bf16 or int8. Default: fp32, or what the file was converted to. int8 takes a quarter of the memory and is faster, bf16 is where the processor has instructions for it; both change results a little: see compare."`
	Quiet     bool    `xor:"log" help:"Print no warnings and no progress."`
	Verbose   bool    `xor:"log" help:"Print remarks on the checkpoint too."`
}

// Validate is called by kong.
func (f *commonFlags) Validate() error {
	if f.Threads != nil && (*f.Threads < 1 || *f.Threads > 4096) {
		return usagef("--threads %d: want 1 to 4096", *f.Threads)
	}
	return nil
}

// A session is what every command runs with: the common flags, the standard streams,
// the results, the progress and the log.
type session struct {
	*commonFlags
	stdin    io.Reader
	stdout   io.Writer
	out      *output // result lines, to stdout unless a command moves them
	progress *progress
	log      *slog.Logger
}

func newSession(flags *commonFlags, stdin io.Reader, stdout, stderr io.Writer) *session {
	s := &session{commonFlags: flags, stdin: stdin, stdout: stdout, progress: &progress{stderr: stderr, flags: flags}}
	s.out = newOutput(stdout)
	if isTerminal(stdout) {
		s.out.before = s.progress.clear
	}
	s.log = slog.New(slog.NewTextHandler(s.progress, &slog.HandlerOptions{
		Level: s, // the flags are not parsed yet
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
	return s
}

// Level is how much is logged.
func (s *session) Level() slog.Level {
	switch {
	case s.Quiet:
		return slog.LevelError + 1
	case s.Verbose:
		return slog.LevelInfo
	}
	return slog.LevelWarn
}

// options are the options to open a model with.
func (s *session) options(ctx context.Context) []roberta.Option {
	opts := []roberta.Option{roberta.WithLogger(s.log), roberta.WithContext(ctx)}
	if s.Threads != nil {
		opts = append(opts, roberta.WithThreads(*s.Threads))
	}
	if s.Precision != nil {
		opts = append(opts, roberta.WithPrecision(s.precision()))
	}
	return opts
}

// precision is the one that the flag names.
func (s *session) precision() (p roberta.Precision) {
	if err := p.UnmarshalText([]byte(*s.Precision)); err != nil {
		panic(err) // kong has checked it
	}
	return p
}

// threads is the number of goroutines that a model computes with.
func (s *session) threads() int {
	if s.Threads != nil {
		return *s.Threads
	}
	return runtime.GOMAXPROCS(0)
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
