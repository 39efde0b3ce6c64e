package robertabeam

import (
	"path/filepath"
	"reflect"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/parquetio"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/testing/passert"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/testing/ptest"
)

// A parquetRow is a row of a file of Beam's parquetio.
type parquetRow struct {
	Text      string    `parquet:"name=text, type=BYTE_ARRAY, convertedtype=UTF8"`
	Embedding []float32 `parquet:"name=embedding, type=LIST, valuetype=FLOAT"`
}

func rowOfText(text string) parquetRow { return parquetRow{Text: text} }

func rowOfVector(r Result[[]float32]) parquetRow {
	return parquetRow{r.Example.Texts[0], r.Inference}
}

func textOfRow(r parquetRow) string { return r.Text }

func init() {
	beam.RegisterType(reflect.TypeFor[parquetRow]())
	register.Function1x1(rowOfText)
	register.Function1x1(rowOfVector)
	register.Function1x1(textOfRow)
}

// TestParquet embeds the texts of a file of Parquet into another one.
func TestParquet(t *testing.T) {
	folder := filepath.ToSlash(t.TempDir())
	texts := []string{"Who paints?", "A pump leaks.", "The ferry comes in at nine."}
	p, s, col := ptest.CreateList(texts)
	parquetio.Write(s, folder+"/texts.parquet", beam.ParDo(s, rowOfText, col))
	ptest.RunAndValidate(t, p)

	p, s = beam.NewPipelineWithRoot()
	rows := parquetio.Read(s, folder+"/texts.parquet", reflect.TypeFor[parquetRow]())
	vectors, failures := Embed(s, Config{Model: "pocket"}, beam.ParDo(s, textOfRow, rows))
	parquetio.Write(s, folder+"/vectors.parquet", beam.ParDo(s, rowOfVector, vectors))
	passert.Empty(s, failures)
	ptest.RunAndValidate(t, p)

	p, s, col = ptest.CreateList(texts)
	vectors, _ = Embed(s, Config{Model: "pocket"}, col)
	rows = parquetio.Read(s, folder+"/vectors.parquet", reflect.TypeFor[parquetRow]())
	passert.Equals(s, rows, beam.ParDo(s, rowOfVector, vectors))
	ptest.RunAndValidate(t, p)
}
