package roberta

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/goroberta/goroberta/weights"
)

// parseConfig reads a JSON object as Python's json module does, which writes numbers that
// JSON does not have: NaN, Infinity and -Infinity become the strings of these names.
// Other numbers are json.Number.
func parseConfig(data []byte) (map[string]any, error) {
	m, err := parseObject(data)
	if err != nil {
		if text := quoteConstants(data); text != nil {
			m, err = parseObject(text)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %.200v", weights.ErrCorrupt, err)
	}
	return m, nil
}

func parseObject(data []byte) (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var m map[string]any
	if err := dec.Decode(&m); err != nil {
		return nil, err
	}
	if m == nil {
		return nil, errors.New("null, want an object")
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("more than one object")
	}
	return m, nil
}

// quoteConstants puts Python's names of numbers into quotation marks where they are no
// part of a string; nil if there are none.
func quoteConstants(data []byte) []byte {
	var out []byte
	done := 0
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"': // to the end of the string
			for i++; i < len(data) && data[i] != '"'; i++ {
				if data[i] == '\\' {
					i++
				}
			}
		case '-', 'I', 'N':
			for _, name := range []string{"NaN", "Infinity", "-Infinity"} {
				if bytes.HasPrefix(data[i:], []byte(name)) {
					out = append(append(append(append(out, data[done:i]...), '"'), name...), '"')
					i += len(name) - 1
					done = i + 1
					break
				}
			}
		}
	}
	if out == nil {
		return nil
	}
	return append(out, data[done:]...)
}

// jsonText is a value of a config.json as a name: a string itself, a number or a truth
// value as JSON writes it; ok is false for others.
func jsonText(v any) (_ string, ok bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return fmt.Sprint(v), true
	}
	return "", false
}
