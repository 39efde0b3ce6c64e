package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// A request is what one result is asked for with: a line of the input, or the
// arguments of the command line.
type request struct {
	id         json.RawMessage // comes back in the result; nil if there is none
	texts      []string        // of one input: a text, a pair, or more
	tokens     []int           // in place of texts
	isTokens   bool            // tokens were given, perhaps none
	types      []int           // of tokens; nil if they were not given
	candidates []string
	words      []string
	hasWords   bool
	question   *string         // nil if none was given
	context    *string         // what the question is about
	choices    []string        // nil if none were given
	labels     []string        // nil if none were given
	label      json.RawMessage // a string or a number; nil if there is none
	each       bool            // of the command line: each text is a request
}

// members is a line of the input. Pointers tell what is null or missing from what
// is empty or 0.
type members struct {
	ID         json.RawMessage `json:"id"`
	Text       *string         `json:"text"`
	Pair       *string         `json:"pair"`
	Texts      *[]*string      `json:"texts"`
	Tokens     *[]*int         `json:"tokens"`
	Types      *[]*int         `json:"token_type_ids"`
	Candidates *[]*string      `json:"candidates"`
	Words      *[]*string      `json:"words"`
	Question   *string         `json:"question"`
	Context    *string         `json:"context"`
	Choices    *[]*string      `json:"choices"`
	Labels     *[]*string      `json:"labels"`
	Label      json.RawMessage `json:"label"`
}

// parseRequest reads a line of JSON:
//
//	{"text":…} {"text":…,"pair":…} {"texts":[…]} {"tokens":[…]}
//
// with "token_type_ids":[…] beside "tokens", the members "candidates", "words",
// "question" and "context", "choices", "labels" and "label" for the commands that want
// them, and an "id" of any kind. Other members are ignored. An invalid surrogate in a
// text is U+FFFD, as encoding/json has it. A request that is an error still has its id.
func parseRequest(line []byte) (r request, err error) {
	var v members
	err = json.Unmarshal(line, &v)
	if v.ID != nil {
		r.id = bytes.ToValidUTF8(v.ID, []byte("\ufffd"))
	}
	if err != nil {
		return r, describeJSON(err)
	}
	return r, r.fill(&v)
}

// known are the names of members.
var known = func() (names []string) {
	t := reflect.TypeFor[members]()
	for i := range t.NumField() {
		names = append(names, t.Field(i).Tag.Get("json"))
	}
	return names
}()

// unknownMember returns the first name in a valid JSON object that members does not
// have, and "" if there is none.
func unknownMember(object []byte) string {
	depth, isName := 0, false
	for i := 0; i < len(object); i++ {
		switch object[i] {
		case '{', '[':
			depth++
			isName = depth == 1
		case '}', ']':
			depth--
		case ',':
			isName = depth == 1
		case '"':
			begin := i
			for i++; object[i] != '"'; i++ {
				if object[i] == '\\' {
					i++
				}
			}
			if !isName {
				continue
			}
			isName = false
			if slices.Contains(known, string(object[begin+1:i])) {
				continue
			}
			var name string // it may have escapes, and case does not count for encoding/json
			err := json.Unmarshal(object[begin:i+1], &name)
			if err != nil || !slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, name) }) {
				return name
			}
		}
	}
	return ""
}

const givenError = `%d of "text", "texts" and "tokens" are given, want one`

// noText says that there is neither text nor tokens, but words or a question in their
// place, as some commands want it.
func (r *request) noText() bool { return r.texts == nil && !r.isTokens }

// onlyWords says that words are all that is given, which is a text for some commands.
func (r *request) onlyWords() bool { return r.hasWords && r.noText() }

// fill checks the members and copies them. Words or a question may stand for a text.
func (r *request) fill(v *members) error {
	given := 0
	for _, is := range []bool{v.Text != nil, v.Texts != nil, v.Tokens != nil} {
		if is {
			given++
		}
	}
	if given != 1 && (given > 1 || v.Words == nil && v.Question == nil) {
		return fmt.Errorf(givenError, given)
	}
	if v.Pair != nil && v.Text == nil {
		return errors.New(`"pair" is given without "text"`)
	}
	if v.Types != nil && v.Tokens == nil {
		return errors.New(`"token_type_ids" are given without "tokens"`)
	}
	r.question, r.context = v.Question, v.Context
	if len(v.Label) > 0 && string(v.Label) != "null" {
		if c := v.Label[0]; c != '"' && c != '-' && (c < '0' || c > '9') {
			return errors.New(`"label" is neither a string nor a number`)
		}
		r.label = bytes.ToValidUTF8(v.Label, []byte("\ufffd"))
	}
	r.isTokens, r.hasWords = v.Tokens != nil, v.Words != nil
	var errs [7]error
	r.tokens, errs[0] = elements("tokens", v.Tokens)
	r.texts, errs[1] = elements("texts", v.Texts)
	r.candidates, errs[2] = elements("candidates", v.Candidates)
	r.words, errs[3] = elements("words", v.Words)
	r.types, errs[4] = elements("token_type_ids", v.Types)
	r.choices, errs[5] = elements("choices", v.Choices)
	r.labels, errs[6] = elements("labels", v.Labels)
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	if v.Texts != nil && len(r.texts) == 0 {
		return errors.New(`"texts" is empty`)
	}
	if v.Text != nil {
		r.texts = []string{*v.Text}
	}
	if v.Pair != nil {
		r.texts = append(r.texts, *v.Pair)
	}
	return nil
}

// elements copies an array, in which null is no element.
func elements[T any](name string, array *[]*T) ([]T, error) {
	if array == nil {
		return nil, nil
	}
	out := make([]T, len(*array))
	for i, p := range *array {
		if p == nil {
			return nil, fmt.Errorf("%q: element %d is null", name, i)
		}
		out[i] = *p
	}
	return out, nil
}

// describeJSON says what is wrong with a line, in terms of JSON and not of Go.
func describeJSON(err error) error {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if e.Field == "" {
			return fmt.Errorf("a JSON %s, want an object", e.Value)
		}
		want := "a string"
		switch e.Field {
		case "tokens", "token_type_ids":
			want = "whole numbers in an array"
		case "texts", "candidates", "words", "choices", "labels":
			want = "strings in an array"
		}
		return fmt.Errorf("%q holds a JSON %s, want %s", e.Field, e.Value, want)
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("not JSON: %w at byte %d", e, e.Offset)
	}
	return fmt.Errorf("not JSON: %w", err)
}

// one returns the request's only text, for commands that take one.
func (r *request) one() (string, error) {
	switch {
	case r.isTokens:
		return "", errors.New(`want "text", not "tokens"`)
	case len(r.texts) != 1:
		return "", fmt.Errorf("want one text, not %d", len(r.texts))
	}
	return r.texts[0], nil
}

// onlyTokens returns the request's tokens, for commands to which types mean nothing.
func (r *request) onlyTokens() ([]int, error) {
	switch {
	case !r.isTokens:
		return nil, errors.New(`want "tokens", not text`)
	case r.types != nil:
		return nil, errors.New(`"token_type_ids" mean nothing to this command`)
	}
	return r.tokens, nil
}

// textRequest is the request that arguments make, nil for none.
func textRequest(texts []string) *request {
	if len(texts) == 0 {
		return nil
	}
	return &request{texts: texts}
}

// textRequests are the requests that arguments make, each of its own; nil for none.
func textRequests(texts []string) *request {
	if len(texts) == 0 {
		return nil
	}
	return &request{texts: texts, each: true}
}
