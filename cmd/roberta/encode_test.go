package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestVerbatim: a text of the command line is the bytes it is, valid UTF-8 or not.
func TestVerbatim(t *testing.T) {
	var out, messages bytes.Buffer
	if code := run(t.Context(), []string{"encode", "--raw", "--offsets", "a\xffb", "--", "\xe2\x82"}, strings.NewReader(""), &out, &messages); code != exitOK {
		t.Fatal(code, messages.String())
	}
	const want = `{"tokens":[102,50107,428,24987,9264],"offsets":[[0,1],[1,2],[2,3],[0,1],[1,2]],"sequence":[0,0,0,1,1]}` + "\n"
	if out.String() != want {
		t.Errorf("%s, want %s", &out, want)
	}
}
