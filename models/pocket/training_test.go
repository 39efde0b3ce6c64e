package pocket_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/models/pocket"
	"github.com/goroberta/goroberta/train"
)

// line is one of the files in training/.
type line struct {
	Text, Label   string
	Words, Labels []string
}

func readLines(t *testing.T, name string) (lines []line) {
	t.Helper()
	data, err := os.ReadFile("training/" + name)
	if err != nil {
		t.Fatal(err)
	}
	for row := range bytes.Lines(data) {
		var l line
		if err := json.Unmarshal(row, &l); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		lines = append(lines, l)
	}
	return lines
}

// TestTraining holds the figures of README.md to what the heads reach on sentences that
// they were not fitted on, and these to be other sentences.
func TestTraining(t *testing.T) {
	m, err := pocket.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	says := func(format string, args ...any) {
		if text := fmt.Sprintf(format, args...); !strings.Contains(string(readme), text) {
			t.Errorf("README.md does not say %q", text)
		}
	}
	for _, name := range []string{"sentiment", "entities"} {
		seen := map[string]bool{}
		for _, l := range readLines(t, name+".jsonl") {
			seen[l.Text+strings.Join(l.Words, " ")] = true
		}
		for _, l := range readLines(t, name+".test.jsonl") {
			if seen[l.Text+strings.Join(l.Words, " ")] {
				t.Errorf("%s: %q is in both files", name, l.Text)
			}
		}
	}
	var examples []train.Example
	for _, l := range readLines(t, "sentiment.test.jsonl") {
		examples = append(examples, train.Example{Texts: []string{l.Text}, Label: l.Label})
	}
	report, err := train.TestClassifier(t.Context(), m, "sentiment", examples)
	if err != nil {
		t.Fatal(err)
	}
	says("%.0f %% (%.0f of %d)", 100*report.Accuracy, report.Accuracy*float64(report.Examples), report.Examples)

	var sentences []train.Sentence
	for _, l := range readLines(t, "entities.test.jsonl") {
		sentences = append(sentences, train.Sentence{Words: l.Words, Labels: l.Labels})
	}
	if report, err = train.TestTagger(t.Context(), m, "entities", sentences); err != nil {
		t.Fatal(err)
	}
	types := report.Entities.Types
	says("F1 %.2f: places %.2f, people %.2f, organisations %.2f", report.Entities.Micro.F1, types["LOC"].F1, types["PER"].F1, types["ORG"].F1)
}
