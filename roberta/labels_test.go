package roberta

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/weights"
)

// TestLabelsOfHeads: names without a head find the head that they are of, and names that
// do not fit are said with the file that they are from.
func TestLabelsOfHeads(t *testing.T) {
	head := func(name string, classes int) []weights.Entry {
		p := headPrefix + name + "."
		return []weights.Entry{floatEntry(p+"dense.weight", 4, 4), floatEntry(p+"dense.bias", 4), floatEntry(p+"out_proj.weight", classes, 4), floatEntry(p+"out_proj.bias", classes)}
	}
	settings := changedJSON(map[string]any{"encoder_layers": 1, "encoder_embed_dim": 4, "encoder_ffn_embed_dim": 4, "encoder_attention_heads": 2, "max_positions": 8}, nil)
	for _, tc := range []struct {
		name  string
		heads map[string]int
		dict  string // label/dict.txt
		json  string // labels.json
		want  map[string][]string
		note  string
	}{
		{"one head", map[string]int{"a": 2}, "x 5\ny 4\n", "", map[string][]string{"a": {"x", "y"}}, ""},
		{"padded", map[string]int{defaultHead: 2}, "x 5\ny 4\nmadeupword0000 0\nmadeupword0001 0\n", "", map[string][]string{defaultHead: {"x", "y"}}, ""},
		{"padded, and so is the head", map[string]int{defaultHead: 4}, "x 5\ny 4\nmadeupword0000 0\nmadeupword0001 0\n", "", map[string][]string{defaultHead: {"x", "y", "madeupword0000", "madeupword0001"}}, ""},
		{"padded, and the head has another number", map[string]int{defaultHead: 3}, "x 5\ny 4\nmadeupword0000 0\nmadeupword0001 0\n", "", nil, "label/dict.txt has 2 labels"},
		{"too many", map[string]int{"a": 2}, "x 5\ny 4\nz 3\n", "", nil, "label/dict.txt has 3 labels"},
		{"the default head's", map[string]int{defaultHead: 2, "a": 2}, "x 5\ny 4\n", "", map[string][]string{defaultHead: {"x", "y"}}, ""},
		{"the only one that fits", map[string]int{"a": 2, "b": 3}, "x 5\ny 4\nz 3\n", "", map[string][]string{"b": {"x", "y", "z"}}, ""},
		{"two fit", map[string]int{"a": 2, "b": 2}, "x 5\ny 4\n", "", nil, "label/dict.txt has 2 labels, and does not say"},
		{"none fits", map[string]int{"a": 2, "b": 3}, "x 5\n", "", nil, "label/dict.txt has 1 labels, and does not say"},
		{"no heads", nil, "x 5\ny 4\n", "", nil, ""},
		{"no names", map[string]int{"a": 2}, "", "", nil, ""},
		{"by head", map[string]int{"a": 2, "b": 2}, "x 5\ny 4\n", `{"b":["p","q"]}`, map[string][]string{"a": {"x", "y"}, "b": {"p", "q"}}, ""},
		{"by head, too few", map[string]int{"a": 2}, "", `{"a":["p"]}`, nil, "labels.json has 1 labels"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			entries := smallEntries(false)
			entries = slices.DeleteFunc(entries, func(e weights.Entry) bool { return strings.HasPrefix(e.Name, headPrefix) })
			for name, classes := range tc.heads {
				entries = append(entries, head(name, classes)...)
			}
			files := map[string][]byte{"model.safetensors": safetensorsOf(t, map[string]string{settingsKey: settings}, entries...)}
			if tc.dict != "" {
				files["label/dict.txt"] = []byte(tc.dict)
			}
			if tc.json != "" {
				files["labels.json"] = []byte(tc.json)
			}
			dir := writeFiles(t, t.TempDir(), files)
			c := opened(t, dir)
			got := map[string][]string{}
			for name, h := range c.heads {
				if h.Labels != nil {
					got[name] = h.Labels
				}
			}
			if len(got)+len(tc.want) > 0 && !reflect.DeepEqual(got, tc.want) {
				t.Errorf("labels %q, want %q", got, tc.want)
			}
			var notes []string
			for _, n := range c.notes {
				if strings.Contains(n, "labels") {
					notes = append(notes, n)
				}
			}
			if (len(notes) == 0) != (tc.note == "") || !strings.Contains(strings.Join(notes, "\n"), tc.note) {
				t.Errorf("notes %q, want one that says %q", notes, tc.note)
			}
			// A converted file has them, without these files.
			out := filepath.Join(t.TempDir(), "out")
			if err := Convert(t.Context(), dir, out); err != nil {
				t.Fatal(err)
			}
			again := opened(t, out)
			for name, h := range again.heads {
				if !slices.Equal(h.Labels, got[name]) {
					t.Errorf("converted: labels of %s %q, want %q", name, h.Labels, got[name])
				}
			}
		})
	}
}

// TestUnreadTensors: a tensor of a type that is not read stops nothing that does not
// need it, and a converted file leaves it out.
func TestUnreadTensors(t *testing.T) {
	settings := changedJSON(map[string]any{"encoder_layers": 1, "encoder_embed_dim": 4, "encoder_ffn_embed_dim": 4, "encoder_attention_heads": 2, "max_positions": 8}, nil)
	data := safetensorsOf(t, map[string]string{settingsKey: settings}, append(smallEntries(false), textEntry("spare", "abcd"))...)
	odd := []byte(strings.Replace(string(data), `"spare":{"dtype":"U8"`, `"spare":{"dtype":"X8"`, 1))
	dir := writeFiles(t, t.TempDir(), map[string][]byte{"model.safetensors": odd})
	c := opened(t, dir)
	if notes := strings.Join(c.notes, "\n"); !strings.Contains(notes, "of no use to the model: spare") {
		t.Errorf("notes %q", notes)
	}
	log := new(warnings)
	out := filepath.Join(t.TempDir(), "out")
	if err := Convert(t.Context(), dir, out, ConvertLogger(log.logger())); err != nil {
		t.Fatal(err)
	}
	if again := opened(t, out); again.has("spare") || len(*log) != 1 || !strings.Contains((*log)[0], "spare holds X8") {
		t.Errorf("warnings %q", *log)
	}
	// Where it is needed, the error names it and its type.
	odd = []byte(strings.Replace(string(data), `"`+embedWeight+`":{"dtype":"F32"`, `"`+embedWeight+`":{"dtype":"X32"`, 1))
	if err := os.WriteFile(filepath.Join(dir, "model.safetensors"), odd[:len(odd):len(odd)], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), embedWeight) || !strings.Contains(err.Error(), "X32") {
		t.Errorf("a token embedding of an unknown type: %v", err)
	}
}
