package roberta

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/goroberta/goroberta/weights"
)

// readLabels finds class names, beside those that a config.json gave: in a
// converted file's metadata, label/dict.txt and labels.json.
func (c *checkpoint) readLabels() error {
	if s, ok := c.file.Metadata()[labelsKey]; ok {
		if err := json.Unmarshal([]byte(s), &c.headLabels); err != nil {
			return &weights.FileError{Entry: labelsKey, Offset: -1, Err: fmt.Errorf("%w: %.200v", weights.ErrCorrupt, err)}
		}
	}
	if c.labels == nil {
		data, _, err := c.sideFile("label/dict.txt")
		if err != nil {
			return err
		}
		c.labels = labelNames(data)
	}
	if c.headLabels == nil {
		data, ok, err := c.sideFile("labels.json")
		if err != nil {
			return err
		}
		if ok && json.Unmarshal(data, &c.headLabels) != nil {
			c.headLabels = nil
			c.note("%s beside the checkpoint holds no lists of labels and is left out", c.file.FileName("labels.json"))
		}
	}
	return nil
}

// labelNames reads a label/dict.txt: class c is the c-th line. Lines that
// fairseq adds to fill the dictionary up are no classes.
func labelNames(dict []byte) []string {
	var names []string
	for line := range strings.Lines(string(dict)) {
		line = strings.TrimRight(line, "\r\n")
		i := strings.LastIndexByte(line, ' ')
		if i < 0 || strings.HasPrefix(line, "madeupword") {
			continue
		}
		names = append(names, line[:i])
	}
	return names
}

// labelsOf returns the class names of a head; heads is how many heads there are.
func (c *checkpoint) labelsOf(h *headShape, heads int) []string {
	labels := c.headLabels[h.Name]
	if labels == nil && (heads == 1 || h.Name == defaultHead) {
		labels = c.labels
	}
	if labels != nil && len(labels) != h.Classes {
		c.note("classification head %.100q has %d classes, but %d labels came with the checkpoint; they are left out", h.Name, h.Classes, len(labels))
		return nil
	}
	return labels
}
