package weights

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
)

// ConvertOptions says how Convert writes.
type ConvertOptions struct {
	Zstd bool // compress the file; it is then unpacked into memory when opened
}

// Convert writes any checkpoint that Open reads as one safetensors file, which
// carries settings, vocabulary, heads and labels and opens with nothing beside
// it. Element types and bits stay as they are; a tied weight is written once.
// Errors are those of Open and of the operating system, and ErrSameFile: a
// checkpoint holds more than is written, so it is never replaced by its own
// conversion. out is complete or untouched.
func Convert(in, out string, opts ConvertOptions) error {
	if err := CheckOutput(out, in); err != nil {
		return err
	}
	c, err := Open(in)
	if err != nil {
		return err
	}
	defer c.Close()
	metadata, entries, err := c.Export(nil)
	if err != nil {
		return err
	}
	if opts.Zstd {
		return WriteFile(out, metadata, entries, WithZstd())
	}
	return WriteFile(out, metadata, entries)
}

// Export lists what a converted file of the checkpoint holds, for WriteFile.
// Tensors that skip (which may be nil) accepts are left out, for a caller that
// writes them in another shape. Entries use the checkpoint until its Close.
func (c *Checkpoint) Export(skip func(name string) bool) (map[string]string, []Entry, error) {
	settings, err := settingsJSON(c.Settings)
	if err != nil {
		return nil, nil, err
	}
	metadata := map[string]string{"format": "pt"}
	if len(c.Settings) > 0 {
		metadata[settingsKey] = settings
	}
	if labels := c.allLabels(); len(labels) > 0 {
		b, err := json.Marshal(labels)
		if err != nil {
			return nil, nil, err
		}
		metadata[labelsKey] = string(b)
	}
	var entries []Entry
	for _, t := range c.Tensors() {
		if skip != nil && skip(t.Name) {
			continue
		}
		name := t.Name
		if c.tied() {
			// fairseq lets lm_head's copy count; it becomes the only one.
			switch name {
			case lmWeight:
				name = embedWeight
			case embedWeight:
				if _, ok := c.tensors[lmWeight]; ok {
					continue
				}
			}
		}
		entries = append(entries, Entry{Name: name, DType: t.DType, Shape: t.Shape, Write: t.writeTo})
	}
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) }) // lm_head's copy may have changed its name
	for _, v := range []struct {
		name string
		data []byte
	}{
		{"dict.txt", c.Dict}, {"encoder.json", c.EncoderJSON}, {"vocab.bpe", c.VocabBPE}, {"vocab.json", c.VocabJSON}, {"merges.txt", c.Merges},
	} {
		if v.data != nil {
			entries = append(entries, Entry{Name: vocabularyPrefix + v.name, DType: U8, Shape: []int{len(v.data)}, Write: func(w io.Writer) error {
				_, err := w.Write(v.data)
				return err
			}})
		}
	}
	return metadata, entries, nil
}

const (
	lmWeight    = "encoder.lm_head.weight"
	embedWeight = sentenceEncoder + "embed_tokens.weight"
)

func (c *Checkpoint) tied() bool {
	untied, _ := c.Settings["untie_weights_roberta"].(bool)
	return !untied
}

// writeTo copies the elements in pieces, between which a writer can end the work. It
// does not give the map's own memory to w: a system call that reads where the file
// has no content any more fails with an error of its own.
func (t *Tensor) writeTo(w io.Writer) error {
	r := io.NewSectionReader(t.data.src, t.data.off+int64(t.offset*t.DType.Size()), int64(t.Len()*t.DType.Size()))
	if !t.isContiguous() {
		b, err := t.Bytes()
		if err != nil {
			return err
		}
		r = io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b)))
	}
	n, err := io.CopyBuffer(w, r, make([]byte, min(r.Size(), 1<<20)+1))
	if err == nil && n < r.Size() {
		err = ErrTruncated
	}
	return err
}

// allLabels are the labels by head, those of the unnamed head under its name.
func (c *Checkpoint) allLabels() map[string][]string {
	labels := map[string][]string{}
	for head, names := range c.HeadLabels {
		labels[head] = names
	}
	if c.Labels != nil {
		heads := map[string]bool{}
		for name := range c.tensors {
			if rest, ok := strings.CutPrefix(name, "classification_heads."); ok {
				head, _, _ := strings.Cut(rest, ".")
				heads[head] = true
			}
		}
		for head := range heads {
			if _, ok := labels[head]; !ok && (len(heads) == 1 || head == "sentence_classification_head") {
				labels[head] = c.Labels
			}
		}
	}
	return labels
}
