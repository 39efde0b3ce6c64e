package hf

import (
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/tokenizer"
)

// TestMayBeEmpty: what matches the empty string somewhere, and usual expressions that do
// not.
func TestMayBeEmpty(t *testing.T) {
	for expr, want := range map[string]bool{
		"": true, "a*": true, "a?": true, "a|": true, "|a": true, "()": true, "(a|b*)": true, "a{0,3}": true, "a{,3}": true, "(?:a?){3}": true,
		"(?=a)": true, "(?!a)": true, "(?<=a)": true, "(?<! )": true, "^": true, "$": true, `\b`: true, `\B`: true, `\A`: true, "(a*)+": true,
		"(?x) a": true, `(a)\1`: true, "a{2}?": true, strings.Repeat("(", 200) + "a" + strings.Repeat(")", 200): true,
		"a": false, "ab?": false, " {2,}": false, `\s+`: false, `[\n\r]+`: false, "``|''": false, "(?=a)b": false, `^\s+|\s+$`: false, "[]a]": false,
		`(?i:'s|'t)| ?\p{L}+| ?[^\s\p{L}]+`: false, "a+?": false, "a{2,3}": false, "{": false, "a{b": false, `\^`: false, `[\]]`: false, "(?>ab|c)": false,
	} {
		x, err := newExpression(expr)
		if err != nil {
			continue // regexp2 does not read it
		}
		if x.empty != want {
			t.Errorf("%q: %v, want %v", expr, x.empty, want)
		}
	}
}

// TestEmptyMatches: text that is put before the first character comes from nowhere, and
// then bytes are not written as characters by the library. Values are those of tokenizers 0.23.
func TestEmptyMatches(t *testing.T) {
	const file = `{"added_tokens":[],"normalizer":{"type":"Replace","pattern":{"Regex":"PATTERN"},"content":"Z"},
		"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true},"post_processor":null,"decoder":null,
		"model":{"type":"BPE","unk_token":null,"vocab":{"a":0,"b":1,"Z":2,"Ġ":3,"Za":4,"Ċ":5},"merges":["Z a"]}}`
	for _, c := range []struct {
		pattern, text string
		want          []int
	}{
		{`(?=a)`, "ba", []int{1, 4}},
		{`(?=\\s)`, " a", []int{2, 2, 3, 0}},
		{`(?=\\s)`, "a b", []int{0, 2, 3, 1}},
		{`(?<=a)`, "ab", []int{0, 2, 1}},
		{`(?!b)`, "ba", []int{1, 4, 2}},
		{`$`, "ab\n", []int{0, 1, 2, 5, 2}},
		{`$`, "a", []int{0, 2}},
		{`a*`, "aabb", []int{2, 1, 2, 1, 2}},
	} {
		tok, err := Parse([]byte(strings.Replace(file, "PATTERN", c.pattern, 1)), "tokenizer.json")
		if err != nil {
			t.Fatal(err)
		}
		ids := tok.Append(nil, c.text)
		slow, _ := tok.AppendSpans(nil, []tokenizer.Span(nil), c.text)
		if !slices.Equal(ids, c.want) || !slices.Equal(slow, c.want) {
			t.Errorf("%s in %q: %v and %v, want %v", c.pattern, c.text, ids, slow, c.want)
		}
	}
}
