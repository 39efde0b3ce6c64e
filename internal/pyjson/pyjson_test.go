package pyjson

import (
	"encoding/json"
	"reflect"
	"testing"
)

func TestObject(t *testing.T) {
	for _, c := range []struct {
		text string
		want map[string]any // nil: an error
	}{
		{`{}`, map[string]any{}},
		{"\ufeff" + `{"a":1e30}`, map[string]any{"a": json.Number("1e30")}},
		{`{"a":NaN,"b":[-Infinity,Infinity],"c":"NaN, -Infinity\"NaN"}`, map[string]any{"a": "NaN", "b": []any{"-Infinity", "Infinity"}, "c": `NaN, -Infinity"NaN`}},
		{`{"NaN":{"a":null}}`, map[string]any{"NaN": map[string]any{"a": nil}}},
		{`null`, nil},
		{`[1]`, nil},
		{`{}{}`, nil},
		{`{"a":Nan}`, nil},
		{`{"a":NaN`, nil},
		{``, nil},
	} {
		got, err := Object([]byte(c.text))
		if (err != nil) != (c.want == nil) || !reflect.DeepEqual(got, c.want) {
			t.Errorf("Object(%s) = %v, %v, want %v", c.text, got, err, c.want)
		}
	}
}

func TestInt(t *testing.T) {
	for _, c := range []struct {
		v  any
		n  int
		ok bool
	}{
		{json.Number("12"), 12, true}, {json.Number("-3.0"), -3, true}, {json.Number("1e3"), 1000, true},
		{json.Number("1.5"), 0, false}, {json.Number("1e30"), 0, false}, {json.Number("1e999"), 0, false},
		{"12", 0, false}, {true, 0, false}, {nil, 0, false},
	} {
		if n, ok := Int(c.v); n != c.n || ok != c.ok {
			t.Errorf("Int(%v) = %d, %v, want %d, %v", c.v, n, ok, c.n, c.ok)
		}
	}
}

// FuzzObject: what encoding/json reads is read alike, and nothing else but the
// constants is.
func FuzzObject(f *testing.F) {
	for _, s := range []string{`{"a":[1,{"b":"\u0041\""}]}`, `{"a":NaN}`, `{"a":"NaN"`, `-Infinity`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Object(data)
		var want map[string]any
		if json.Unmarshal(data, &want) == nil && want != nil {
			if err != nil || len(got) != len(want) {
				t.Fatalf("Object(%q) = %v, %v, want %v", data, got, err, want)
			}
		}
		if err != nil {
			return
		}
		again, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if second, err := Object(again); err != nil || !reflect.DeepEqual(second, got) {
			t.Fatalf("Object(%q) = %v, written and read again %v, %v", data, got, second, err)
		}
	})
}
