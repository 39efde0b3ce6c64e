package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/goroberta/goroberta/roberta"
)

func TestOutput(t *testing.T) {
	for _, tt := range []struct {
		v    any
		want string
	}{
		{textLine{"a <mask> & b"}, `{"text":"a <mask> & b"}`},
		{textLine{"\x00\n\u0085\u009f\u00a0\u2028é\x7f"}, `{"text":"\u0000\n\u0085\u009f` + "\u00a0" + `\u2028é` + "\x7f" + `"}`},
		{textLine{"\xff"}, `{"text":"\ufffd"}`},
		{tokensLine{Tokens: []int{0, 2}}, `{"tokens":[0,2]}`},
		{predictLine{Head: "h", LogProbs: []float32{-0.1, -2.3841858e-07, -1e-10}}, `{"head":"h","log_probs":[-0.1,-2.3841858e-7,-1e-10],"argmax":0}`},
		{predictLine{Head: "h", Logits: []float32{math.MaxFloat32, 16777216}, Argmax: 0}, `{"head":"h","logits":[3.4028235e+38,16777216],"argmax":0}`},
		{answerLine{true}, `{"answer":true}`},
		{answerLine{"the trophy"}, `{"answer":"the trophy"}`},
		{errorLine{"line 1: no"}, `{"error":"line 1: no"}`},
	} {
		var b bytes.Buffer
		out := newOutput(&b)
		if err := errors.Join(out.write(nil, tt.v), out.flush()); err != nil {
			t.Errorf("write(%+v): %v", tt.v, err)
		}
		if got := b.String(); got != tt.want+"\n" {
			t.Errorf("write(%+v) = %s, want %s", tt.v, got, tt.want)
		}
	}
}

// TestOutputID: an id comes back as the JSON that it was, on the line of its result.
func TestOutputID(t *testing.T) {
	for _, tt := range []struct{ id, want string }{
		{`7`, `{"id":7,"text":"a"}`},
		{`1.50e+03`, `{"id":1.50e+03,"text":"a"}`},
		{`12345678901234567890123`, `{"id":12345678901234567890123,"text":"a"}`},
		{`null`, `{"id":null,"text":"a"}`},
		{`"\u00e9 <"`, `{"id":"\u00e9 <","text":"a"}`},
		{"{\"b\" : [1,\n{}],\r\n\t\"a\":2}", `{"id":{"b":[1,{}],"a":2},"text":"a"}`},
	} {
		var b bytes.Buffer
		out := newOutput(&b)
		if err := errors.Join(out.write([]byte(tt.id), textLine{"a"}), out.flush()); err != nil {
			t.Errorf("write(%s): %v", tt.id, err)
		}
		if got := b.String(); got != tt.want+"\n" {
			t.Errorf("write(%s) = %s, want %s", tt.id, got, tt.want)
		}
	}
}

// TestEscapeControls: what is escaped reads as it did before.
func TestEscapeControls(t *testing.T) {
	var all strings.Builder
	for r := rune(0x20); r < 0x300; r++ {
		all.WriteRune(r)
	}
	plain, err := json.Marshal(all.String())
	if err != nil {
		t.Fatal(err)
	}
	escaped := escapeControls(bytes.Clone(plain))
	for _, r := range string(escaped) {
		if 0x80 <= r && r < 0xa0 {
			t.Errorf("%U is left", r)
		}
	}
	var got string
	if err := json.Unmarshal(escaped, &got); err != nil || got != all.String() {
		t.Errorf("reads as %q, %v", got, err)
	}
}

func TestFinite(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	for _, tt := range []struct {
		values []float32
		want   string // begin of the message; "" for none
	}{
		{nil, ""},
		{[]float32{0, math.MaxFloat32, math.SmallestNonzeroFloat32}, ""},
		{[]float32{1, nan, inf}, "logits[1] is NaN"},
		{[]float32{inf}, "logits[0] is -Inf"},
	} {
		err := finite("logits", tt.values...)
		if (err == nil) != (tt.want == "") || err != nil && !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("finite(%v) = %v, want %q", tt.values, err, tt.want)
		}
	}
}

func TestDescribe(t *testing.T) {
	long := &roberta.LengthError{Sequence: 0, Tokens: 41, Max: 40}
	token := &roberta.TokenError{Sequence: 0, Position: 1, ID: 5000, Vocab: 1005}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{roberta.ErrEmpty, "empty input"},
		{errors.New("open a\nb: gone"), "open a b: gone"},
		{long, "41 tokens exceed the maximum length of 40"},
		{lineError{3, long}, "line 3: 41 tokens exceed the maximum length of 40"},
		{lineError{3, token}, "line 3: token 5000 at position 1 is outside the vocabulary of 1005"},
		{fmt.Errorf("shape 1x41: %w", long), "shape 1x41: 41 tokens exceed the maximum length of 40"},
		{lineError{2, roberta.ErrNoLMHead}, "line 2: checkpoint has no language-model head"},
	} {
		if got := describe(tt.err); got != tt.want {
			t.Errorf("describe(%v) = %q, want %q", tt.err, got, tt.want)
		}
	}
}

// TestDescribeLong: a message has its beginning and its end, whatever it quotes.
func TestDescribeLong(t *testing.T) {
	err := fmt.Errorf("open %s: no such file", strings.Repeat("é", 4096))
	got := describe(err)
	if len(got) > maxMessage+10 || !utf8.ValidString(got) || !strings.HasPrefix(got, "open é") || !strings.HasSuffix(got, "no such file") {
		t.Errorf("describe = %q, %d bytes", got, len(got))
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", 123456: "123,456"} {
		if got := count(n); got != want {
			t.Errorf("count(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestDigits(t *testing.T) {
	for x, want := range map[float64]float64{0: 0, 1: 1, 123456: 123500, 0.00123456: 0.001235, 99999: 100000, 17: 17} {
		if got := digits(x); got != want {
			t.Errorf("digits(%v) = %v, want %v", x, got, want)
		}
	}
}

func TestArgmax(t *testing.T) {
	for _, tt := range []struct {
		values []float32
		want   int
	}{{[]float32{-1}, 0}, {[]float32{-3, -1, -2}, 1}, {[]float32{2, 2, 1}, 0}} {
		if got := argmax(tt.values); got != tt.want {
			t.Errorf("argmax(%v) = %d, want %d", tt.values, got, tt.want)
		}
	}
}
