package roberta

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestDependencies keeps the library light: what a package may import, and what
// modules come with it.
func TestDependencies(t *testing.T) {
	const here = "github.com/goroberta/goroberta/"
	tensor := []string{"gorgonia.org", "go4.org/unsafe", "github.com/apache/arrow", "github.com/chewxy", "github.com/gogo/protobuf", "github.com/golang/protobuf",
		"github.com/google/flatbuffers", "github.com/pkg/errors", "github.com/xtgo/set", "golang.org/x/xerrors", "gonum.org/v1/gonum", "google.golang.org/protobuf"}
	for pkg, allowed := range map[string][]string{
		"bpe":           {"github.com/dlclark/regexp2", "github.com/klauspost/compress"},
		"weights":       {"github.com/klauspost/compress", "golang.org/x/sys"},
		"internal/simd": {"golang.org/x/sys"},
		"roberta": append([]string{"github.com/dlclark/regexp2", "github.com/klauspost/compress", "golang.org/x/sys",
			here + "bpe", here + "weights", here + "internal/simd", here + "internal/parallel"}, tensor...),
	} {
		out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", here+pkg).CombinedOutput()
		if err != nil {
			t.Skipf("go list: %v: %s", err, out)
		}
		for dep := range strings.FieldsSeq(string(out)) {
			ok := dep == here+pkg || strings.HasPrefix(dep, here+pkg+"/") ||
				slices.ContainsFunc(allowed, func(a string) bool { return dep == a || strings.HasPrefix(dep, a+"/") })
			if !ok {
				t.Errorf("%s depends on %s", pkg, dep)
			}
		}
	}
}
