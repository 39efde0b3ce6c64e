package roberta

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// Settings that fairseq has no name for, by Hugging Face's. A checkpoint with modelTypeKey
// came from Hugging Face, and follows its rules where they differ from fairseq's.
const (
	modelTypeKey = "model_type"
	padKey       = "pad_token_id"
)

// settings reads loosely typed settings. The first value of a wrong kind
// becomes the error.
type settings struct {
	m   map[string]any
	err error
}

func (s *settings) fail(key string, v any, want string) {
	if s.err == nil {
		s.err = fmt.Errorf("setting %s is %s, want %s", key, short(fmt.Sprint(v)), want)
	}
}

func (s *settings) int(key string, def int) int {
	v, ok := s.m[key]
	if !ok || v == nil {
		return def
	}
	f, ok := number(v)
	if !ok || f != math.Trunc(f) || math.Abs(f) > 1<<40 {
		s.fail(key, v, "a whole number")
		return def
	}
	return int(f)
}

func (s *settings) float(key string, def float64) float64 {
	v, ok := s.m[key]
	if !ok || v == nil {
		return def
	}
	f, ok := number(v)
	if !ok {
		s.fail(key, v, "a number")
		return def
	}
	return f
}

func (s *settings) bool(key string, def bool) bool {
	v, ok := s.m[key]
	if !ok || v == nil {
		return def
	}
	switch v := v.(type) {
	case bool:
		return v
	case string:
		if b, err := strconv.ParseBool(v); err == nil {
			return b
		}
	default:
		if f, ok := number(v); ok {
			return f != 0
		}
	}
	s.fail(key, v, "true or false")
	return def
}

func (s *settings) string(key, def string) string {
	v, ok := s.m[key]
	if !ok || v == nil {
		return def
	}
	if t, ok := v.(string); ok {
		return t
	}
	s.fail(key, v, "a string")
	return def
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case int32:
		return float64(v), true
	case uint64:
		return float64(v), true
	case float64:
		return v, true
	case float32:
		return float64(v), true
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	}
	return 0, false
}
