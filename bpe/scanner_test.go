package bpe

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/dlclark/regexp2/v2"
)

// split returns the pieces that nextPiece cuts s into.
func split(s string) []string {
	var pieces []string
	for i := 0; i < len(s); {
		end := nextPiece(s, i, newest)
		pieces = append(pieces, s[i:end])
		i = end
	}
	return pieces
}

func TestNextPiece(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"words", "Hello world!", []string{"Hello", " world", "!"}},
		{"contractions", "I'm you're we've he'll I'd it's can't", []string{"I", "'m", " you", "'re", " we", "'ve", " he", "'ll", " I", "'d", " it", "'s", " can", "'t"}},
		{"contraction in upper case", "IT'S", []string{"IT", "'", "S"}},
		{"contraction after a space", "a 's", []string{"a", " '", "s"}},
		{"contraction after other", "!'s", []string{"!'", "s"}},
		{"half a contraction", "'r 'l", []string{"'", "r", " '", "l"}},
		{"contraction goes on", "'sting", []string{"'s", "ting"}},
		{"curly apostrophe", "it’s", []string{"it", "’", "s"}},
		{"numbers", "abc123 45٣½", []string{"abc", "123", " 45٣½"}},
		{"one space stays with the word", "a   b", []string{"a", "  ", " b"}},
		{"spaces at the end", "a   ", []string{"a", "   "}},
		{"newline before a word", "a\nb\n\nc", []string{"a", "\n", "b", "\n", "\n", "c"}},
		{"newline, spaces", "a\n  b", []string{"a", "\n ", " b"}},
		{"CRLF", "one\r\ntwo", []string{"one", "\r", "\n", "two"}},
		{"space and newline", " \n", []string{" \n"}},
		{"no-break space is white space", "a\u00a0\u00a0b", []string{"a", "\u00a0", "\u00a0", "b"}},
		{"separators U+001C to U+001F are not", "a\x1c\x1fb", []string{"a", "\x1c\x1f", "b"}},
		{"combining marks are other", "e\u0301a", []string{"e", "\u0301", "a"}},
		{"long word", strings.Repeat("x", 100) + "é1", []string{strings.Repeat("x", 100) + "é", "1"}},
		{"bytes that are not UTF-8 are other", "a\xff\xfe!b \xe4\xb8c", []string{"a", "\xff\xfe!", "b", " \xe4\xb8", "c"}},
		{"letter newer than Go's tables", "a\U000323b0b", []string{"a\U000323b0b"}},
		{"NUL", "a\x00b", []string{"a", "\x00", "b"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := split(test.text); !slices.Equal(got, test.want) {
				t.Errorf("pieces of %q = %q, want %q", test.text, got, test.want)
			}
		})
	}
}

// TestClasses compares the packed table with the ranges it was made of.
func TestClasses(t *testing.T) {
	text, err := os.ReadFile("testdata/classes.json")
	if err != nil {
		t.Fatal(err)
	}
	var classes struct{ Letter, Number, Space [][2]rune }
	if err := json.Unmarshal(text, &classes); err != nil {
		t.Fatal(err)
	}
	want := make([]uint8, utf8.MaxRune+1)
	for i, ranges := range [][][2]rune{classes.Letter, classes.Number, classes.Space} {
		for _, r := range ranges {
			for c := r[0]; c <= r[1]; c++ {
				want[c] = uint8(letter + i)
			}
		}
	}
	newer := 0
	for c, want := range want {
		if got := runeClass(rune(c), newest); got != want {
			t.Fatalf("runeClass(%U) = %d, want %d", c, got, want)
		}
		if c < utf8.RuneSelf && asciiClass[c] != want {
			t.Errorf("asciiClass[%#x] = %d, want %d", c, asciiClass[c], want)
		}
		if goClass(rune(c)) != want {
			newer++
			if want == space || goClass(rune(c)) == space {
				t.Errorf("%U: white space differs from unicode.IsSpace", c)
			}
		}
	}
	t.Logf("%d code points have another class in Go's Unicode %s", newer, unicode.Version)
	for _, r := range []rune{-1, utf8.MaxRune + 1, 1<<31 - 1} {
		if got := runeClass(r, newest); got != other {
			t.Errorf("runeClass(%#x) = %d, want other", r, got)
		}
	}
}

// goClass is the class of r by Go's own tables, which regexp2 uses.
func goClass(r rune) uint8 {
	switch {
	case unicode.Is(unicode.L, r):
		return letter
	case unicode.Is(unicode.N, r):
		return number
	case unicode.IsSpace(r):
		return space
	}
	return other
}

func TestASCIILetters(t *testing.T) {
	for i := range 8 {
		for b := range 256 {
			word := []byte("abYZmnop")
			word[i] = byte(b)
			want := 8
			if !(b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z') {
				want = i
			}
			if got := asciiLetters(load64(string(word))); got != want {
				t.Errorf("asciiLetters(%q) = %d, want %d", word, got, want)
			}
		}
	}
}

// A scannerOracle cuts text with regexp2 running GPT-2's own pattern. Where Go's
// Unicode tables, which regexp2 uses, give a character another class than ours,
// regexp2 is shown a character of our class in its place.
type scannerOracle struct{ re *regexp2.Regexp }

func newScannerOracle() scannerOracle { return scannerOracle{regexp2.MustCompile(gpt2Pattern)} }

func (o scannerOracle) check(t *testing.T, s string) {
	t.Helper()
	var runes []rune
	at := []int{0} // byte offset by number of runes
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if class := runeClass(r, newest); class != goClass(r) {
			r = [...]rune{other: '§', letter: 'é', number: '٣', space: '\u3000'}[class]
		}
		runes = append(runes, r)
		i += size
		at = append(at, i)
	}
	var want []string
	m, err := o.re.FindRunesMatch(runes)
	for ; m != nil && err == nil; m, err = o.re.FindNextMatch(m) {
		want = append(want, s[at[m.RuneIndex]:at[m.RuneIndex+m.RuneLength]])
	}
	if err != nil {
		t.Skip(err)
	}
	if got := split(s); !slices.Equal(got, want) {
		t.Errorf("pieces of %q = %q, regexp2: %q", s, got, want)
	}
}

// FuzzScanner compares nextPiece with regexp2.
func FuzzScanner(f *testing.F) {
	oracle := newScannerOracle()
	for _, s := range []string{"", "Hello world!", "it's  a\n\n test ", "a\xff b\u00a0", "\U000323b0 1\U00011de0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { oracle.check(t, s) })
}

// TestScannerRandom compares nextPiece with regexp2 on texts made of what the
// pattern distinguishes, which a fuzzer takes long to find.
func TestScannerRandom(t *testing.T) {
	oracle := newScannerOracle()
	rng := rand.New(rand.NewPCG(11, 12))
	parts := []string{" ", " ", "  ", "\n", "\t", "\r\n", "'", "'", "'s", "'ll", "'re", "r", "e", "l", "v", "S", "word", "abcdefgh", "7", "!", "_", "\x00", "\x1c",
		"é", "ж", "中", "\u0301", "½", "٣", "\u00a0", "\u0085", "\u2003", "\u3000", "’", "👍", "\u200d", "\uFFFD", "\xff", "\xe4\xb8", "\xed\xa0\x80"}
	for range 20_000 {
		var s strings.Builder
		for range 1 + rng.IntN(12) {
			if rng.IntN(6) == 0 {
				s.WriteRune(rng.Int32N(0x33480)) // all blocks that hold letters, and surrogates
			} else {
				s.WriteString(parts[rng.IntN(len(parts))])
			}
		}
		oracle.check(t, s.String())
	}
}

// TestScannerOnGoldens compares nextPiece with regexp2 on the golden texts.
func TestScannerOnGoldens(t *testing.T) {
	oracle := newScannerOracle()
	goldens(t, "encode.jsonl", func(t *testing.T, l struct{ Text string }) { oracle.check(t, l.Text) })
}
