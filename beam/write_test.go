package robertabeam

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/graph/mtime"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/graph/window"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/testing/ptest"
)

func init() {
	register.Function1x2(lineResult)
	register.Function1x2(lineFail)
	register.Function1x2(stampNumber)
}

// lineResult is a result of line i, of which number 1 has no number in JSON.
func lineResult(i int) (Line, Result[[]float32]) {
	v := float32(i)
	if i == 1 {
		v = float32(math.NaN())
	}
	return Line{File: "f", Offset: int64(i)}, Result[[]float32]{Inference: []float32{v}}
}

func lineFail(i int) (Line, Failure) {
	return Line{File: "f", Offset: int64(i)}, Failure{Error: "no answer"}
}

func stampNumber(i int) (beam.EventTime, int) { return mtime.FromMilliseconds(int64(i) * 1000), i }

// TestUnwritten checks that a result which JSON cannot hold and a failure of the same
// shard are both in a file.
func TestUnwritten(t *testing.T) {
	out := t.TempDir()
	p, s := beam.NewPipelineWithRoot()
	WriteLines[[]float32](s, out+"/", NoCompression, beam.ParDo(s, lineResult, beam.Create(s, 0, 1, 2)))
	WriteFailures(s, out+"/", NoCompression, beam.ParDo(s, lineFail, beam.Create(s, 3, 4)))
	ptest.RunAndValidate(t, p)
	want := map[string]string{
		"f-00000.jsonl":                  "{\"embedding\":[0]}\n{\"embedding\":[2]}\n",
		"f-00000.unwritten.errors.jsonl": "{\"offset\":1,\"error\":\"json: unsupported value: NaN\"}\n",
		"f-00000.errors.jsonl":           "{\"offset\":3,\"error\":\"no answer\"}\n{\"offset\":4,\"error\":\"no answer\"}\n",
	}
	if got := files(t, out); !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestWriteWindows checks that windows of a shard do not replace each other's lines.
func TestWriteWindows(t *testing.T) {
	out := t.TempDir()
	p, s := beam.NewPipelineWithRoot()
	numbers := beam.WindowInto(s, window.NewFixedWindows(2*time.Second), beam.ParDo(s, stampNumber, beam.Create(s, 2, 3, 4, 5, 6, 7)))
	WriteLines[[]float32](s, out+"/", NoCompression, beam.ParDo(s, lineResult, numbers))
	ptest.RunAndValidate(t, p)
	if got := files(t, out); strings.Count(got["f-00000.jsonl"], "\n") != 6 {
		t.Errorf("%q", got)
	}
}

// TestUnknownCompression checks that it is said before anything is computed.
func TestUnknownCompression(t *testing.T) {
	defer func() {
		if r, _ := recover().(string); !strings.Contains(r, "compression") {
			t.Errorf("panic %q", r)
		}
	}()
	_, s := beam.NewPipelineWithRoot()
	WriteLines[[]float32](s, "out/", "gz", beam.ParDo(s, lineResult, beam.Create(s, 0)))
}

// TestPatternNames checks that names with the letters of patterns are only names.
func TestPatternNames(t *testing.T) {
	folder := t.TempDir()
	other, mine := filepath.Join(folder, ".axb.tmp-0"), filepath.Join(folder, ".a[1]*b.tmp-0")
	for _, name := range []string{other, mine, filepath.Join(folder, ".a[1]xb.tmp-0")} {
		if err := os.WriteFile(name, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"a*b", "a[1]*b"} {
		if err := writeFile(t.Context(), folder+"/"+name, []byte("content")); err != nil {
			t.Fatal(err)
		}
	}
	got := files(t, folder)
	if _, is := got[filepath.Base(mine)]; is {
		t.Error("a leftover stays")
	}
	if _, is := got[filepath.Base(other)]; !is || len(got) != 4 {
		t.Errorf("the file that another worker writes is gone: %q", got)
	}
}
