package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/goroberta/goroberta/internal/outfile"
)

// Exit codes. After a signal it is exitSignal plus the signal's number, as in shells.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
	exitSignal  = 128
)

// grammar is the command line.
type grammar struct {
	Version versionFlag `help:"Show the version and exit."`
	commonFlags

	Encode     encodeCmd     `cmd:"" help:"Turn text into token ids."`
	Decode     decodeCmd     `cmd:"" help:"Turn token ids into text."`
	Explain    explainCmd    `cmd:"" help:"Show how texts are cut into tokens, step by step."`
	Features   featuresCmd   `cmd:"" help:"Compute hidden states and write them to a file."`
	Predict    predictCmd    `cmd:"" help:"Classify texts with one of the model's heads."`
	FillMask   fillMaskCmd   `cmd:"" name:"fill-mask" help:"Find the likeliest tokens for each <mask> of a text."`
	Score      scoreCmd      `cmd:"" help:"Say how likely texts are: their pseudo-log-likelihoods."`
	Classify   classifyCmd   `cmd:"" help:"Give texts or pairs of texts labels with scores."`
	Tag        tagCmd        `cmd:"" help:"Find entities in texts, or labels of words."`
	Answer     answerCmd     `cmd:"" help:"Find answers to questions in texts."`
	Choose     chooseCmd     `cmd:"" help:"Pick the choice that goes with a text."`
	ZeroShot   zeroShotCmd   `cmd:"" name:"zero-shot" help:"Give texts labels of your own, by a model for inference."`
	Embed      embedCmd      `cmd:"" help:"Turn texts into vectors."`
	Fit        fitCmd        `cmd:"" help:"Fit a classification head on texts with labels."`
	Evaluate   evaluateCmd   `cmd:"" help:"Measure how good a model is at examples whose labels are known."`
	Rank       rankCmd       `cmd:"" help:"Order documents by how well they answer a query."`
	Search     searchCmd     `cmd:"" help:"Find the texts that are most like a query."`
	Align      alignCmd      `cmd:"" help:"Compute features of words instead of tokens."`
	Pronoun    pronounCmd    `cmd:"" help:"Say what a [pronoun] refers to."`
	Convert    convertCmd    `cmd:"" help:"Write any readable checkpoint as one safetensors file."`
	Inspect    inspectCmd    `cmd:"" help:"Show what a checkpoint holds."`
	Doctor     doctorCmd     `cmd:"" help:"Examine this machine, this program and a model."`
	Synth      synthCmd      `cmd:"" help:"Write a checkpoint of made-up weights, for tests and measurements."`
	Bench      benchCmd      `cmd:"" help:"Measure the speed of the encoder."`
	Compare    compareCmd    `cmd:"" help:"Say what int8 or bf16 costs: how far results are from float32."`
	Completion completionCmd `cmd:"" help:"Write a script that completes commands and flags in a shell."`
	Help       helpCmd       `cmd:"" help:"Show help for a command."`
}

// A signalError is the cause of a context that ended because of a signal.
type signalError struct{ syscall.Signal }

func (e signalError) Error() string { return e.Signal.String() }

// Signals by their numbers, which are the same wherever they exist: package syscall
// lacks the names on js.
const (
	sighup  = syscall.Signal(1)
	sigpipe = syscall.Signal(13)
)

func main() {
	// If the reader of the results goes away, writing fails with EPIPE, and the
	// command ends as after other errors.
	signal.Ignore(sigpipe)
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(sighup) { // nohup ignores it
		signal.Notify(signals, sighup)
	}
	go func() {
		// The first signal ends the work. A second one ends the process at once.
		sig := (<-signals).(syscall.Signal)
		cancel(signalError{sig})
		sig = (<-signals).(syscall.Signal)
		outfile.RemoveAll()
		os.Exit(exitSignal + int(sig))
	}()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run runs the command line and returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var cli grammar
	s := newSession(&cli.commonFlags, stdin, stdout, stderr)
	parser, err := kong.New(&cli,
		kong.Name("roberta"),
		kong.Description("Runs RoBERTa models: fairseq's checkpoints, their conversions, and Hugging Face's. "+
			"Results are JSON, one object a line."),
		kong.Writers(stdout, stderr),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(s),
		kong.KindMapper(reflect.String, kong.MapperFunc(verbatim)),
	)
	if err != nil {
		return report(ctx, stderr, err)
	}
	command, err := parser.Parse(flagsFirst(parser.Model.Node, args))
	if err != nil {
		return report(ctx, stderr, parseError(err))
	}
	err = command.Run()
	if flushErr := s.out.flush(); err == nil {
		err = flushErr
	}
	s.progress.clear()
	return report(ctx, stderr, err)
}

// verbatim decodes a text of the command line as the bytes it is. kong's own decoder
// writes U+FFFD for those that are not UTF-8.
func verbatim(ctx *kong.DecodeContext, target reflect.Value) error {
	token, err := ctx.Scan.PopValue("text")
	if err != nil {
		return err
	}
	target.SetString(token.String())
	return nil
}

// flagsFirst puts a command's flags before its arguments, and -- between them.
// kong takes a list of arguments only in one piece: it would refuse
// "decode 0 -- -1" and "encode one --threads 2 two".
func flagsFirst(root *kong.Node, args []string) []string {
	node := root
	var flags, positional []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		isFlag := len(arg) > 1 && arg[0] == '-' // - is a name for standard input
		switch {
		case arg == "--":
			positional = append(positional, args[i+1:]...)
			i = len(args)
		case isFlag:
			flags = append(flags, arg)
			// The value moves along with its flag. An argument with a hyphen is no value.
			if takesValue(node, arg) && i+1 < len(args) && (len(args[i+1]) < 2 || args[i+1][0] != '-') {
				i++
				flags = append(flags, args[i])
			}
		case node == root:
			for _, c := range root.Children {
				if c.Name == arg {
					node = c
				}
			}
			if node == root {
				return args // no command
			}
		default:
			positional = append(positional, arg)
		}
	}
	if node == root {
		return args
	}
	return slices.Concat([]string{node.Name}, flags, []string{"--"}, positional)
}

// takesValue reports whether a flag of a command is followed by its value.
func takesValue(command *kong.Node, arg string) bool {
	for _, group := range command.AllFlags(false) { // hidden ones too
		for _, f := range group {
			if slices.Contains(spellings(f), arg) {
				return !f.IsBool()
			}
		}
	}
	return false
}

// A usageError is a wrong command line.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// parseError is an error of kong's parser. The parser also writes help and the
// version: that they cannot be written is no wrong command line.
func parseError(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e
	}
	// A flag that need not be given has "" among its values.
	if msg := err.Error(); strings.Contains(msg, noValue) {
		err = errors.New(strings.Replace(msg, noValue, "must be one of ", 1))
	}
	return usageError{err}
}

const noValue = `must be one of "",`

// report writes an error as one line and returns the exit code that it calls for.
func report(ctx context.Context, stderr io.Writer, err error) int {
	sig, _ := errors.AsType[signalError](context.Cause(ctx))
	_, usage := errors.AsType[usageError](err)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, context.Canceled) && sig.Signal != 0:
		far, _ := errors.AsType[stoppedError](stopped(err, "before anything was written"))
		fmt.Fprintf(stderr, "roberta: %s\n", describe(far))
		return exitSignal + int(sig.Signal)
	case errors.Is(err, syscall.EPIPE):
		return exitFailure // the reader of the results has closed its end
	case usage:
		fmt.Fprintf(stderr, "roberta: %s (see roberta --help)\n", describe(err))
		return exitUsage
	}
	fmt.Fprintf(stderr, "roberta: %s\n", describe(err))
	return exitFailure
}

// helpCmd is `roberta help`.
type helpCmd struct {
	Command []string `arg:"" optional:"" help:"The command. Default: all commands in a line each."`
}

// Run is called by kong.
func (c *helpCmd) Run(k *kong.Kong) error {
	_, err := k.Parse(append(c.Command, "--help"))
	if err != nil {
		return parseError(err)
	}
	return nil
}

// A versionFlag shows the version and ends the command.
type versionFlag bool

// BeforeReset is called by kong as soon as the flag is met.
func (versionFlag) BeforeReset(app *kong.Kong) error {
	if _, err := fmt.Fprintln(app.Stdout, version()); err != nil {
		return err
	}
	app.Exit(exitOK)
	return nil
}

// commit is the commit that the program was built from. It is for builds without a
// repository at hand: go build -ldflags "-X main.commit=…".
var commit string

// version describes the build.
func version() string {
	v, revision, modified := "(devel)", commit, ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			v = info.Main.Version
		}
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				revision = s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				modified = "+changes"
			}
		}
	}
	if revision == "" {
		revision = "(commit unknown)"
	}
	return fmt.Sprintf("roberta %s %s%s %s %s/%s", v, revision, modified, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
