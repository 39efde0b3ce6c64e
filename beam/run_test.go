package robertabeam

import (
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/testing/passert"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/testing/ptest"
	"github.com/goroberta/goroberta/models/pocket"
	"github.com/goroberta/goroberta/pipeline"
)

func TestMain(m *testing.M) { ptest.Main(m) }

func init() {
	RegisterModel("pocket", pocket.Open)
	register.Function1x1(bestLabel)
	register.Function1x1(dimensions)
}

func bestLabel(r Result[[]pipeline.Label]) string {
	return r.Example.Texts[0] + ": " + r.Inference[0].Name
}
func dimensions(r Result[[]float32]) int { return len(r.Inference) }

func TestPrism(t *testing.T) {
	p, s, col := ptest.CreateList([]string{"What a lovely day!", "I hate it."})
	labels, _ := Classify(s, Config{Model: "pocket", Head: "sentiment"}, col)
	passert.Equals(s, beam.ParDo(s, bestLabel, labels), "What a lovely day!: positive", "I hate it.: negative")
	vectors, _ := Embed(s, Config{Model: "pocket"}, col)
	passert.Equals(s, beam.ParDo(s, dimensions, vectors), 256, 256)
	ptest.RunAndValidate(t, p)
}
