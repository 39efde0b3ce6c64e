package roberta

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goroberta/goroberta/weights"
)

// readLabels finds class names, beside those that a config.json gave: in a
// converted file's metadata, label/dict.txt and labels.json.
func (c *checkpoint) readLabels() error {
	if s, ok := c.file.Metadata()[labelsKey]; ok {
		c.headLabelsFrom = labelsKey
		if err := json.Unmarshal([]byte(s), &c.headLabels); err != nil {
			return &weights.FileError{Entry: labelsKey, Offset: -1, Err: fmt.Errorf("%w: %.200v", weights.ErrCorrupt, err)}
		}
	}
	if c.labels == nil {
		data, _, err := c.sideFile("label/dict.txt")
		if err != nil {
			return err
		}
		c.labels, c.spareLabels = labelNames(data)
		c.labelsFrom = c.file.FileName("label/dict.txt")
	}
	if c.headLabels == nil {
		data, ok, err := c.sideFile("labels.json")
		if err != nil {
			return err
		}
		c.headLabelsFrom = c.file.FileName("labels.json")
		if ok && json.Unmarshal(data, &c.headLabels) != nil {
			c.headLabels = nil
			c.note("%s beside the checkpoint holds no lists of labels and is left out", c.file.FileName("labels.json"))
		}
	}
	return nil
}

// labelNames reads a label/dict.txt: class c is the c-th line. fairseq's preprocessing
// fills a dictionary up to a multiple of 8 symbols, with madeupword lines at its end; all
// has these as well, nil without any.
func labelNames(dict []byte) (names, all []string) {
	for line := range strings.Lines(string(dict)) {
		line = strings.TrimRight(line, "\r\n")
		name, count, ok := cutLast(line)
		if ok && count == "#fairseq:overwrite" {
			name, _, ok = cutLast(name)
		}
		if ok {
			names = append(names, name)
		}
	}
	all = names
	for len(names) > 0 && strings.HasPrefix(names[len(names)-1], "madeupword") {
		names = names[:len(names)-1]
	}
	if len(all) == len(names) {
		all = nil
	}
	return names, all
}

// cutLast cuts a line at its last space.
func cutLast(line string) (before, after string, ok bool) {
	i := strings.LastIndexByte(line, ' ')
	if i < 0 {
		return line, "", false
	}
	return line[:i], line[i+1:], true
}

// giveLabels gives heads the names of their classes. Names without a head are those of
// the only head, or of the one of fairseq's task sentence_prediction, or of the only
// head that has so many classes.
func (c *checkpoint) giveLabels() {
	var fits []string
	for _, name := range slices.Sorted(maps.Keys(c.heads)) {
		h := c.heads[name]
		labels := c.headLabels[name]
		if labels != nil && len(labels) != h.Classes {
			c.note("classification head %.100q has %d classes, but %s has %d labels; they are left out", name, h.Classes, c.headLabelsFrom, len(labels))
			labels = nil
		}
		h.Labels = labels
		if c.headLabels[name] == nil && h.Reads != ReadsSpans && h.Reads != ReadsChoices && c.labelsFor(h) != nil {
			fits = append(fits, name)
		}
	}
	if c.labels == nil {
		return
	}
	head := c.labelsHead
	switch {
	case head != "":
	case c.heads[defaultHead] != nil:
		head = defaultHead
	case len(c.heads) == 1:
		head = slices.Collect(maps.Keys(c.heads))[0]
	case len(fits) == 1:
		head = fits[0]
	}
	h := c.heads[head]
	switch {
	case len(c.heads) == 0 || h != nil && c.headLabels[head] != nil:
	case h == nil && head == "":
		c.note("%s has %d labels, and does not say which classification head they are of; they are left out", c.labelsFrom, len(c.labels))
	case h == nil: // left out
	case slices.Contains(fits, head):
		h.Labels = c.labelsFor(h)
	default:
		c.note("classification head %.100q has %d classes, but %s has %d labels; they are left out", head, h.Classes, c.labelsFrom, len(c.labels))
	}
}

// labelsFor is the labels without a head, if a head has so many classes.
func (c *checkpoint) labelsFor(h *headShape) []string {
	switch h.Classes {
	case len(c.labels):
		return c.labels
	case len(c.spareLabels):
		return c.spareLabels
	}
	return nil
}
