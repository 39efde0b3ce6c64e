package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/weights"
)

func TestMain(m *testing.M) {
	// A program with the race detector in it otherwise sleeps a second before it
	// exits, and the scripts run some hundred.
	os.Setenv("GORACE", "atexit_sleep_ms=0")
	testscript.Main(m, map[string]func(){
		"roberta": main,
		"tensors": listTensors,
		"heads":   addHeads,
	})
}

// TestScripts runs the command from outside, as its users do. $GOLDENS is the
// folder of golden checkpoints, $FAMILIES that of the small Hugging Face models.
func TestScripts(t *testing.T) {
	goldens, err := filepath.Abs(filepath.Join("..", "..", "testdata", "goldens"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			env.Setenv("GOLDENS", goldens)
			env.Setenv("FAMILIES", filepath.Join(filepath.Dir(goldens), "families"))
			env.Setenv("GORACE", os.Getenv("GORACE"))
			return nil
		},
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// exits is a command for scripts, "exits CODE COMMAND ARG…", that runs a command
// which must exit with the code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code command arg…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%s: %v", args[1], err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("%s: exit code %d, want %d", args[1], got, want)
	}
}

// listTensors is a command for scripts that lists the tensors of a safetensors
// file by name. The files have no settings; none are needed.
func listTensors() {
	ckpt, err := weights.Open(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer ckpt.Close()
	for _, t := range ckpt.Tensors() {
		fmt.Println(t.Name, t.DType, t.Shape)
	}
}

// addHeads is a command for scripts, "heads IN OUT", that gives a model a linear head of
// each kind.
func addHeads() {
	m, err := roberta.Open(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer m.Close()
	for name, h := range map[string]roberta.Head{
		"several": {Function: roberta.Sigmoid, Classes: 3}, "value": {Function: roberta.Identity, Classes: 1},
		"tokens": {Reads: roberta.ReadsTokens, Classes: 2}, "spans": {Reads: roberta.ReadsSpans, Classes: 2}, "choices": {Reads: roberta.ReadsChoices, Classes: 1},
	} {
		out := roberta.LinearWeights{Out: h.Classes, In: m.Config().Dim, W: make([]float32, h.Classes*m.Config().Dim), Bias: []float32{1, -2, 3}[:h.Classes]}
		if err := m.SetHead(name, roberta.HeadWeights{Reads: h.Reads, Function: h.Function, Out: out}); err != nil {
			panic(err)
		}
	}
	if err := m.Save(context.Background(), os.Args[2]); err != nil {
		panic(err)
	}
}

// TestModules: the command is made of a short list of modules, and gorgonia.org/tensor
// is none of them. Growing the list is a decision.
func TestModules(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	modules := slices.Compact(slices.Sorted(strings.FieldsSeq(string(out))))
	want := []string{
		"github.com/alecthomas/kong",
		"github.com/dlclark/regexp2/v2",
		"github.com/goroberta/goroberta",
		"github.com/goroberta/goroberta/cmd/roberta",
		"github.com/goroberta/goroberta/models/pocket",
		"github.com/klauspost/compress",
		"golang.org/x/sys",
		"golang.org/x/term",
	}
	if !slices.Equal(modules, want) {
		t.Errorf("modules %v, want %v", modules, want)
	}
}
