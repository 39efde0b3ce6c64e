package fastbpe

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/tokenizer"
)

func codesOf(t testing.TB, lines ...string) *Codes {
	t.Helper()
	c, err := ParseCodes([]byte(strings.Join(lines, "\n")+"\n"), "bpe.codes")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newOf(t testing.TB, s Spec) *Tokenizer {
	t.Helper()
	tok, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// pieces are what a text is cut into, by name.
func pieces(t *Tokenizer, text string) string {
	var names []string
	ids, spans := t.AppendSpans(nil, nil, text)
	for i, id := range ids {
		names = append(names, fmt.Sprintf("%s:%s", t.words[id], text[spans[i].Start:spans[i].End]))
	}
	return strings.Join(names, "|")
}

func TestAppend(t *testing.T) {
	codes := codesOf(t, "l o 9", "lo w</w> 8", "e r</w> 7", "lo w 6", "a a 5")
	words := strings.Fields("low low@@ er l@@ o@@ w@@ e r aa@@ a aa")
	tok := newOf(t, Spec{Words: words, Codes: codes, Added: []Added{{Text: "<e1>", ID: -1, Kind: tokenizer.Symbol, LStrip: true, RStrip: true}, {Text: "<e>", ID: -1}}})
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{" \t\n ", ""},
		{"low lower", "low:low|low@@:low|er:er"},
		{"low\nlower\n\nr", "low@@:low|<unk>:\n|low@@:low|<unk>:e|<unk>:r|<unk>:\n|r:r"}, // a line feed is the word's last letter
		{"l e", "<unk>:l|e:e"},
		{"aaaaa", "aa@@:aa|aa@@:aa|a:a"},
		{"x\u00a0low\u0085low\x1clow", "<unk>:x|low:low|low:low|low:low"},
		{"\xfflow", "<unk>:\xff|low:low"},
		{"low<mask>er", "low:low|<mask>:<mask>|er:er"},
		{"low <e1> <e>low", "low:low|<e1>:<e1>|<e>:<e>|low:low"},
		{"</s><s><pad><unk>", "</s>:</s>|<s>:<s>|<pad>:<pad>|<unk>:<unk>"},
		{"<e1", "<unk>:<|<unk>:e|<unk>:1"},
	} {
		if got := pieces(tok, c.text); got != c.want {
			t.Errorf("%q: %s, want %s", c.text, got, c.want)
		}
	}
	if got, want := tok.Special(), (tokenizer.Special{BOS: 0, Pad: 1, EOS: 2, Unk: 3, Mask: 4 + len(words)}); got != want {
		t.Errorf("special tokens %+v, want %+v", got, want)
	}
	if got := newOf(t, Spec{Words: words, Codes: codes, PlainText: true}).Append(nil, "low<mask>"); slices.Contains(got, tok.Special().Mask) {
		t.Errorf("plain text has tokens %v", got)
	}
}

// TestFairseq: the line of pieces is split at white space again, and nothing in a text is
// special.
func TestFairseq(t *testing.T) {
	symbols := strings.Fields("<s> <pad> </s> <unk> low low@@ er @@ a@@ madeupword0 <mask>")
	tok := NewFairseq(symbols, 10, codesOf(t, "l o 9", "lo w</w> 8", "e r</w> 7", "lo w 6"))
	for _, c := range []struct{ text, want string }{
		{"low lower", "low:low|low@@:low|er:er"},
		{"a\tlow", "a@@:a|@@:|low:low"},
		{"<mask>", "<unk>:<|<unk>:m|<unk>:a|<unk>:s|<unk>:k|<unk>:>"},
		{" \t ", ""},
		{"low\u00a0", "low@@:low"},
	} {
		if c.text == "<mask>" {
			c.want = strings.ReplaceAll(c.want, "<unk>:a", "a@@:a")
		}
		if got := pieces(tok, c.text); got != c.want {
			t.Errorf("%q: %s, want %s", c.text, got, c.want)
		}
	}
	if got := tokenizer.Decode(tok, []int{0, 5, 6, 4, 9, 10, 2, 2, 5, 2}); got != "lower low <mask>\nlow" {
		t.Errorf("decoded %q", got)
	}
}

func TestDecode(t *testing.T) {
	tok := newOf(t, Spec{Words: strings.Fields("low low@@ er"), Codes: codesOf(t)})
	for _, c := range []struct {
		ids       []int
		raw, text string
	}{
		{nil, "", ""},
		{[]int{0, 5, 6, 4, 2}, "<s> lower low </s>", "lower low"},
		{[]int{4, 5}, "low low@@", "low low@@"},
		{[]int{0, 7, 3, 2}, "<s> <mask> <unk> </s>", "<mask> <unk>"},
	} {
		if got, err := tokenizer.DecodeRaw(tok, c.ids); got != c.raw || err != nil {
			t.Errorf("DecodeRaw(%v) = %q, %v, want %q", c.ids, got, err, c.raw)
		}
		if got := tokenizer.Decode(tok, c.ids); got != c.text {
			t.Errorf("Decode(%v) = %q, want %q", c.ids, got, c.text)
		}
	}
	if got := tokenizer.TokenText(tok, 5); got != "low" {
		t.Errorf("token 5 is %q", got)
	}
	if tok.Bytes(99) != nil || tok.Bytes(-1) != nil || tok.Kind(99) != tokenizer.Filler {
		t.Error("an id outside the vocabulary is something")
	}
}

// TestTwice: of a word that stands twice in vocab.txt the later line counts, and the next
// new word shares its id, as in transformers.
func TestTwice(t *testing.T) {
	tok := newOf(t, Spec{Words: []string{"a", "b", "a", "c"}, Codes: codesOf(t)})
	if got, want := tok.Append(nil, "a b c"), []int{6, 5, 6}; !slices.Equal(got, want) {
		t.Errorf("ids %v, want %v", got, want)
	}
	if got := string(tok.AppendText(nil, []int{4, 5, 6})); got != "b c" {
		t.Errorf("text %q", got)
	}
}

func TestAdded(t *testing.T) {
	words := []string{"a", "<mask>"}
	tok := newOf(t, Spec{Words: words, Codes: codesOf(t), Added: []Added{{Text: "<x>", ID: 9, Kind: tokenizer.Symbol}, {Text: "<y>", ID: -1}}, CLS: "<c>"})
	for name, id := range map[string]int{"<mask>": 5, "<x>": 9, "<c>": 7, "<y>": 8} {
		if got := tok.Append(nil, name); !slices.Equal(got, []int{id}) {
			t.Errorf("%s has ids %v, want %d", name, got, id)
		}
	}
	if got := tokenizer.Encode(tok, "a"); !slices.Equal(got, []int{7, 4, 2}) {
		t.Errorf("ids %v", got)
	}
	for _, a := range []Added{{Text: "<x>", ID: maxID + 1}, {Text: "<x>", ID: 1 << 20}, {Text: "", ID: 4}, {Text: strings.Repeat("x", longestAdded+1), ID: -1}} {
		if _, err := New(Spec{Words: words, Codes: codesOf(t), Added: []Added{a}}); err == nil || len(err.Error()) > 300 {
			t.Errorf("%.20q %d: %v", a.Text, a.ID, err)
		}
	}
}

func TestFileErrors(t *testing.T) {
	for _, c := range []struct {
		text string
		line int
	}{
		{"a 1\nb\n", 2}, {"a 1\n\nb 2\n", 2}, {"a 1\r\nb 2\r\xff 3", 3}, {"\ufeffa", 1},
	} {
		_, err := ParseVocabulary([]byte(c.text), "vocab.txt")
		e, ok := errors.AsType[*FileError](err)
		if !ok || e.Line != c.line || !errors.Is(err, ErrFormat) || !strings.HasPrefix(err.Error(), "fastbpe: vocab.txt:") {
			t.Errorf("vocab.txt %q: %v, want line %d", c.text, err, c.line)
		}
	}
	for _, c := range []struct {
		text string
		line int
	}{
		{"a b 1\na b\n", 2}, {"a b c 1\n", 1}, {"a b 1\n\xff b 1\n", 2},
	} {
		_, err := ParseCodes([]byte(c.text), "bpe.codes")
		if e, ok := errors.AsType[*FileError](err); !ok || e.Line != c.line {
			t.Errorf("bpe.codes %q: %v, want line %d", c.text, err, c.line)
		}
	}
	words, err := ParseVocabulary([]byte("\ufeffa b 1\r\n c\u00a0 2\u3000"), "vocab.txt")
	if want := []string{"a b", "c\u00a0"}; err != nil || !slices.Equal(words, want) {
		t.Errorf("words %q, %v, want %q", words, err, want)
	}
}

// TestCodes: a last line without its line feed is not read, and of two lines for the
// same symbols the later one counts.
func TestCodes(t *testing.T) {
	c, err := ParseCodes([]byte("a b 1\n\nb c 1\na b 1\nc d 1"), "bpe.codes")
	if err != nil {
		t.Fatal(err)
	}
	tok := newOf(t, Spec{Words: strings.Fields("a@@ bc@@ c@@ d ab@@"), Codes: c})
	if got, want := pieces(tok, "abcd"), "a@@:a|bc@@:bc|d:d"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestTweets: each kind of word, by what it becomes.
func TestTweets(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"@user hi!!!", "@USER hi ! ! !"},
		{"see www.example.com/a?b=c or http://a.b.", "see HTTPURL or HTTPURL ."},
		{"HTTPS://x.y/(a(b)c)d, (http:z)", "HTTPURL , ( HTTPURL : z )"},
		{"foo.com foo.com/@ me@foo.com a.b1", "foo.com foo.com / @USER me@foo.com a . b1"},
		{"+1 (555) 123-4567 555.1234", "+1 (555) 123-4567 555.1234"},
		{":-) <3 8D =] >:o( x(:", ":-) <3 8D =] >:o( x (:"},
		{"<b> <a b> -->x <-- ", "<b> < a b > --> x <--"},
		{"#tag #a #a-b #a-", "#tag # a #a-b # a -"},
		{"O'Neil it's can't cannot  didn't ain't", "O'Neil it 's can't can not did n't ain't"},
		{"we're I'm he'll she'd I've x's y", "we 're I 'm he 'll she 'd I 've x 's y"},
		{"3,4 -5.6+ 7 5 p.m. 5 p . m x", "3,4 -5.6+ 7 5 p.m. 5 p.m x"},
		{"a . . . b … ’ !!!!!! ------", "a . . . b ... ' ! ! ! - - -"},
		{"&amp; &#33;&#x41;&x41; &nope;&#150; &; &", "& ! AA – & ; &"},
		{"\u202f\u00a0→\u0301 é", "→ \u0301 é"},
	} {
		a, err := normalize(c.text, 0, len(c.text), true)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if got := strings.Join(strings.Fields(string(a.text)), " "); got != c.want {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
	s := Spec{Words: []string{"a"}, Codes: codesOf(t), NormalizeTweets: true}
	tok := newOf(t, s)
	for text, at := range map[string]int{"a 😀": 2, "<mask> →": -1, "&#9786;": 0, "http://😀.x 1": -1, "©": 0} {
		err := tok.Check(text)
		e, ok := errors.AsType[*TextError](err)
		if at < 0 && err != nil || at >= 0 && (!ok || e.Offset != at || !errors.Is(err, ErrEmoji)) {
			t.Errorf("Check(%q): %v, want byte %d", text, err, at)
		}
		if _, encodeErr := tok.Template().Encode(tok, tokenizer.Limit{}, text); (encodeErr != nil) != (err != nil) {
			t.Errorf("Encode(%q): %v, want %v", text, encodeErr, err)
		}
	}
}

// TestTweetSpans: a word that was rewritten has the whole of what it was made of.
func TestTweetSpans(t *testing.T) {
	tok := newOf(t, Spec{Words: strings.Fields("@@@ U@@ S@@ E@@ R n@@ '@@ t go"), Codes: codesOf(t, "g o</w> 1"), NormalizeTweets: true})
	const want = "@@@:@me|U@@:@me|S@@:@me|E@@:@me|R:@me|go:go|n@@:n|'@@:'|t:t|go:go"
	if got := pieces(tok, "@me gon't go"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
