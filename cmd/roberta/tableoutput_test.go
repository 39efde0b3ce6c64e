package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/pipeline"
)

func TestTable(t *testing.T) {
	type vector struct {
		V []float32 `json:"v" table:"columns"`
	}
	labels := func(ls ...pipeline.Label) labelsLine { return labelsLine{ls} }
	for _, tt := range []struct {
		name, format string
		results      []any
		want, err    string
	}{
		{"a row a label", formatCSV, []any{labels(pipeline.Label{Name: "a,b", Score: 0.5}, pipeline.Label{Name: "c", Score: 0.25}), labels(pipeline.Label{Name: "d", Score: 1})},
			"row,id,label,score,error\n1,7,\"a,b\",0.5,\n1,7,c,0.25,\n2,7,d,1,\n", ""},
		{"an empty list has a row", formatCSV, []any{entitiesLine{Entities: []pipeline.Entity{}}, entitiesLine{Entities: []pipeline.Entity{{Label: "PER", Text: "A \"B\""}}}},
			"row,id,label,score,start,end,text,words,error\n1,7,,,,,,,\n2,7,PER,0,0,0,\"A \"\"B\"\"\",,\n", ""},
		{"numbers in columns", formatTSV, []any{vector{[]float32{1, 2}}, vector{[]float32{3, 4.5}}}, "row\tid\tv.0\tv.1\terror\n1\t7\t1\t2\t\n2\t7\t3\t4.5\t\n", ""},
		{"errors before the header", formatCSV, []any{errorLine{"bad"}, labels(pipeline.Label{Name: "a", Score: 1}), errorLine{"x"}}, "row,id,label,score,error\n1,7,,,bad\n2,7,a,1,\n3,7,,,x\n", ""},
		{"errors alone", formatCSV, []any{errorLine{"bad"}}, "row,id,error\n1,7,bad\n", ""},
		{"nothing", formatCSV, nil, "", ""},
		{"other columns", formatCSV, []any{vector{[]float32{1}}, vector{[]float32{1, 2}}}, "row,id,v.0,error\n1,7,1,\n", "the first result"},
		{"fewer columns", formatCSV, []any{vector{[]float32{1, 2}}, vector{[]float32{1}}}, "row,id,v.0,v.1,error\n1,7,1,2,\n", "the first result has 2"},
		{"a line break in TSV", formatTSV, []any{labels(pipeline.Label{Name: "a\nb"})}, "row\tid\tlabel\tscore\terror\n", "line break"},
	} {
		var b strings.Builder
		out := newOutput(&b)
		out.setFormat(tt.format)
		var err error
		for _, r := range tt.results {
			if err == nil {
				err = out.write(json.RawMessage("7"), r)
			}
		}
		err = errors.Join(err, out.table.end(), out.flush())
		if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) || b.String() != tt.want {
			t.Errorf("%s: %q, %v; want %q, an error with %q", tt.name, b.String(), err, tt.want, tt.err)
		}
	}
}
