package main

import (
	"bytes"
	"fmt"
)

// A function is one assembly function, as Go declares it.
type function struct{ name, params string }

// A file is the text of one assembly file.
type file struct {
	body  bytes.Buffer
	funcs []function
	label int
}

func (f *file) asm() []byte {
	return append([]byte(notice+"//go:build !purego\n\n#include \"textflag.h\"\n"), f.body.Bytes()...)
}

// begin opens a function; params are Go's, argBytes their size.
func (f *file) begin(name, params string, argBytes int, comment string) {
	f.funcs = append(f.funcs, function{name, params})
	fmt.Fprintf(&f.body, "\n// func %s(%s)\n", name, params)
	if comment != "" {
		fmt.Fprintf(&f.body, "// %s\n", comment)
	}
	fmt.Fprintf(&f.body, "TEXT ·%s(SB), NOSPLIT, $0-%d\n", name, argBytes)
}

// i writes one instruction.
func (f *file) i(format string, args ...any) {
	fmt.Fprintf(&f.body, "\t"+format+"\n", args...)
}

func (f *file) comment(format string, args ...any) {
	fmt.Fprintf(&f.body, "\t// "+format+"\n", args...)
}

// newLabel makes a label that the function has only once.
func (f *file) newLabel(name string) string {
	f.label++
	return fmt.Sprintf("%s%d", name, f.label)
}

func (f *file) at(label string) { fmt.Fprintf(&f.body, "%s:\n", label) }
