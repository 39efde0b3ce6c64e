package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// Exit codes.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
	exitInterrupted = 130 // 128 + SIGINT, as shells count
)

// grammar is the command line.
type grammar struct {
	Version versionFlag `help:"Show the version and exit."`
	logFlags

	Encode   encodeCmd   `cmd:"" help:"Turn text into token ids."`
	Decode   decodeCmd   `cmd:"" help:"Turn token ids into text."`
	Features featuresCmd `cmd:"" help:"Compute hidden states and write them to a safetensors file."`
	Predict  predictCmd  `cmd:"" help:"Classify texts with one of the model's heads."`
	FillMask fillMaskCmd `cmd:"" name:"fill-mask" help:"Find the likeliest tokens for the <mask> in a text."`
	Align    alignCmd    `cmd:"" help:"Compute features of words instead of tokens."`
	Pronoun  pronounCmd  `cmd:"" help:"Say what a [pronoun] refers to."`
	Convert  convertCmd  `cmd:"" help:"Write any readable checkpoint as one safetensors file."`
	Inspect  inspectCmd  `cmd:"" help:"Show what a checkpoint holds."`
	Synth    synthCmd    `cmd:"" help:"Write a checkpoint of made-up weights, for tests and measurements."`
	Bench    benchCmd    `cmd:"" help:"Measure the speed of the encoder."`
}

func main() {
	// A reader that went away is a write error like others, not a signal.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second one ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run runs the command line and returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var cli grammar
	parser, err := kong.New(&cli,
		kong.Name("roberta"),
		kong.Description("Runs RoBERTa models: fairseq's checkpoints, their conversions, and Hugging Face's. "+
			"Results are JSON, one object a line."),
		kong.Writers(stdout, stderr),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.BindTo(stdin, (*io.Reader)(nil)),
	)
	if err != nil {
		return report(stderr, err)
	}
	command, err := parser.Parse(args)
	if err != nil {
		return report(stderr, usageError{err})
	}
	out := newOutput(stdout)
	err = command.Run(out, cli.logger(stderr))
	if flushErr := out.flush(); err == nil {
		err = flushErr
	}
	return report(stderr, err)
}

// A usageError is a wrong command line.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// report writes an error as one line and returns the exit code that it calls for.
func report(stderr io.Writer, err error) int {
	_, usage := errors.AsType[usageError](err)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.Is(err, syscall.EPIPE):
		return exitFailure // whoever read the results wants no more of them
	case usage:
		fmt.Fprintf(stderr, "roberta: %s (see roberta --help)\n", describe(err))
		return exitUsage
	}
	fmt.Fprintf(stderr, "roberta: %s\n", describe(err))
	return exitFailure
}

// oneLine keeps a message on one line, whatever file names and texts it quotes.
var oneLine = strings.NewReplacer("\n", " ", "\r", " ")

// logFlags say how much is told on stderr.
type logFlags struct {
	Quiet   bool `help:"Keep warnings to yourself." xor:"log"`
	Verbose bool `help:"Also show remarks on the checkpoint." xor:"log"`
}

func (f *logFlags) logger(stderr io.Writer) *slog.Logger {
	if f.Quiet {
		return slog.New(slog.DiscardHandler)
	}
	level := slog.LevelWarn
	if f.Verbose {
		level = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{
		Level: level,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
}

// A versionFlag shows the version and ends the command.
type versionFlag bool

// BeforeReset is called by kong as soon as the flag is met.
func (versionFlag) BeforeReset(app *kong.Kong) error {
	fmt.Fprintln(app.Stdout, version())
	app.Exit(exitOK)
	return nil
}

// version describes the build, as far as the linker noted it.
func version() string {
	v, revision, modified := "(devel)", "", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			v = info.Main.Version
		}
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				revision = " " + s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				modified = "+changes"
			}
		}
	}
	return fmt.Sprintf("roberta %s%s%s %s %s/%s", v, revision, modified, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
