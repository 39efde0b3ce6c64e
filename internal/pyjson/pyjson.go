// Package pyjson reads JSON objects as Python's json module writes them: with NaN,
// Infinity and -Infinity among the numbers.
package pyjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
)

// Object reads one JSON object. Values are those of encoding/json, numbers json.Number.
// NaN, Infinity and -Infinity are strings of these names. A byte order mark is skipped.
func Object(data []byte) (map[string]any, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	m, err := object(data)
	if err != nil {
		if text := quoteConstants(data); text != nil {
			m, err = object(text)
		}
	}
	return m, err
}

func object(data []byte) (map[string]any, error) {
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

// Int returns a value as a whole number; ok is false for any other value, and for
// numbers beyond 2^53.
func Int(v any) (n int, ok bool) {
	number, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	f, err := number.Float64()
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 || f > math.MaxInt || f < math.MinInt {
		return 0, false
	}
	return int(f), true
}

// String returns m[name] if it is a string, else "".
func String(m map[string]any, name string) string {
	s, _ := m[name].(string)
	return s
}
