// Package golden tests an example by what it prints.
package golden

import (
	"io"
	"strings"
	"testing"
)

// Check runs an example on the pocket model and compares its output, to the
// last digit: results are the same on every platform.
func Check(t *testing.T, run func(io.Writer, []string) error, want string) {
	t.Helper()
	var out strings.Builder
	if err := run(&out, nil); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != want {
		t.Errorf("output:\n%s\nwant:\n%s", got, want)
	}
	if err := run(io.Discard, []string{"-m", "no/such/model"}); err == nil {
		t.Error("a model that is not there gives no error")
	}
}
