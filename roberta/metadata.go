package roberta

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/goroberta/goroberta/weights"
)

// Keys of a converted file's metadata.
const (
	settingsKey = "goroberta.settings" // fairseq's settings, as JSON
	labelsKey   = "goroberta.labels"   // class names by head, as JSON
	headsKey    = "goroberta.heads"    // headSettings by head, as JSON; only what is not the default
)

// metadata is the __metadata__ of the file: settings, labels and kinds of heads.
func (f *modelFile) metadata() (map[string]string, error) {
	m := map[string]string{"format": "pt"}
	if len(f.settings) > 0 {
		s, err := settingsJSON(f.settings)
		if err != nil {
			return nil, err
		}
		m[settingsKey] = s
	}
	labels, settings := map[string][]string{}, map[string]headSettings{}
	describe := func(h *Head, activation string) {
		if h.Labels != nil {
			labels[h.Name] = h.Labels
		}
		s := headSettings{Reads: h.Reads, Function: h.Function}
		if h.InnerDim > 0 && activation != f.config.PoolerActivation {
			s.Activation = activation
		}
		if s != (headSettings{}) {
			settings[h.Name] = s
		}
	}
	for name, h := range f.heads {
		if _, ok := f.replaced[name]; !ok {
			describe(&h.Head, h.activation)
		}
	}
	for _, h := range f.replaced {
		if h != nil {
			describe(&h.Head, h.activation)
		}
	}
	put := func(key string, n int, v any) error {
		if n == 0 {
			return nil
		}
		b, err := json.Marshal(v)
		m[key] = string(b)
		return err
	}
	return m, errors.Join(put(labelsKey, len(labels), labels), put(headsKey, len(settings), settings))
}

// headSettings are what a converted file says of a head in headsKey.
type headSettings struct {
	Reads      Reads    `json:"reads,omitempty"`
	Activation string   `json:"activation,omitempty"` // between its layers, if it is not the model's own
	Function   Function `json:"function,omitempty"`
}

// readHeadSettings reads headsKey.
func readHeadSettings(file *weights.Checkpoint) (map[string]headSettings, error) {
	s, ok := file.Metadata()[headsKey]
	if !ok {
		return nil, nil
	}
	var m map[string]headSettings
	if err := json.Unmarshal([]byte(s), &m); err != nil {
		return nil, inMetadata(headsKey, err)
	}
	for name, h := range m {
		if err := cmp.Or(h.Reads.check(), h.Function.check()); err != nil {
			return nil, newerMetadata(headsKey, fmt.Errorf("head %.100q: %w", name, err))
		}
		if _, ok := activations[h.Activation]; !ok && h.Activation != "" {
			return nil, newerMetadata(headsKey, fmt.Errorf("head %.100q has activation %.100q, want one of %s", name, h.Activation, strings.Join(slices.Sorted(maps.Keys(activations)), ", ")))
		}
	}
	return m, nil
}

func inMetadata(key string, err error) error {
	return &weights.FileError{Entry: key, Offset: -1, Err: fmt.Errorf("%w: %w", weights.ErrCorrupt, err)}
}

// newerMetadata is an error about a value that a newer version may know.
func newerMetadata(key string, err error) error {
	return &weights.FileError{Entry: key, Offset: -1, Err: fmt.Errorf("%w: %w", weights.ErrUnsupported, err)}
}

// metadataSettings reads settingsKey; nil if the file does not have it.
func metadataSettings(file *weights.Checkpoint) (map[string]any, error) {
	s, ok := file.Metadata()[settingsKey]
	if !ok {
		return nil, nil
	}
	return settingsFromJSON(s)
}

// settingsFromJSON reads settings as they were written by settingsJSON.
func settingsFromJSON(s string) (map[string]any, error) {
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	m := map[string]any{}
	if err := dec.Decode(&m); err != nil {
		return nil, inMetadata(settingsKey, err)
	}
	for k, v := range m {
		switch v := v.(type) {
		case json.Number:
			if n, err := v.Int64(); err == nil {
				m[k] = n
			} else if f, err := v.Float64(); err == nil {
				m[k] = f
			}
		case nil, bool, string:
		default:
			delete(m, k)
		}
	}
	return m, nil
}

// maxSettings is the size in bytes of the largest settings that are written.
const maxSettings = 64 << 20

func settingsJSON(m map[string]any) (string, error) {
	clean := map[string]any{}
	size := 0 // a pickle can give one long string to many settings
	for k, v := range m {
		s, _ := v.(string)
		if size += len(k) + len(s); size > maxSettings {
			return "", &weights.FileError{Entry: settingsKey, Offset: -1, Err: fmt.Errorf("%w: settings of more than %d bytes", weights.ErrTooLarge, maxSettings)}
		}
		if f, ok := v.(float64); ok {
			if math.IsNaN(f) || math.IsInf(f, 0) {
				continue // JSON has no such numbers, and no setting of a model is one
			}
			if f == math.Trunc(f) {
				v = json.RawMessage(strconv.FormatFloat(f, 'e', -1, 64)) // as 2e+00: 2 would be read as an integer
			}
		}
		clean[k] = v
	}
	b, err := json.Marshal(clean)
	return string(b), err
}
