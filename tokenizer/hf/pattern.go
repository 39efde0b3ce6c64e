package hf

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2/v2"
)

// matchTimeout bounds the time of one match of a regular expression: backtracking can
// take exponential time.
const matchTimeout = time.Second

// maxPattern is the length in bytes up to which a regular expression is compiled.
// regexp2 recurses once for each nested group.
const maxPattern = 4096

// A finder cuts a text into matches and what lies between them.
type finder interface {
	// find appends the parts of text, which is not empty, to dst. They cover text in
	// order; matches may be empty.
	find(dst []match, text string) []match
}

// literal finds a string.
type literal string

func (l literal) find(dst []match, text string) []match {
	done := 0
	for l != "" {
		i := strings.Index(text[done:], string(l))
		if i < 0 {
			break
		}
		if i > 0 {
			dst = append(dst, match{done, done + i, false})
		}
		done += i
		dst = append(dst, match{done, done + len(l), true})
		done += len(l)
	}
	if done < len(text) {
		dst = append(dst, match{done, len(text), false})
	}
	return dst
}

// manySpaces is a regular expression that most Unigram models have. spaces finds the
// same.
const manySpaces = " {2,}"

type spaces struct{}

func (spaces) find(dst []match, text string) []match {
	done := 0
	for done < len(text) {
		lo := strings.Index(text[done:], "  ")
		if lo < 0 {
			break
		}
		lo += done
		hi := skipSpaces(text, lo)
		if done < lo {
			dst = append(dst, match{done, lo, false})
		}
		dst = append(dst, match{lo, hi, true})
		done = hi
	}
	if done < len(text) {
		dst = append(dst, match{done, len(text), false})
	}
	return dst
}

// chars finds single characters.
type chars func(c rune) bool

func (f chars) find(dst []match, text string) []match {
	done := 0
	for i, c := range text {
		if !f(c) {
			continue
		}
		if done < i {
			dst = append(dst, match{done, i, false})
		}
		done = i + utf8.RuneLen(c)
		if c == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD") {
			done = i + 1
		}
		dst = append(dst, match{i, done, true})
	}
	if done < len(text) {
		dst = append(dst, match{done, len(text), false})
	}
	return dst
}

// inverted makes matches of what lies between and the other way round.
type inverted struct{ finder }

func (f inverted) find(dst []match, text string) []match {
	n := len(dst)
	dst = f.finder.find(dst, text)
	for i := n; i < len(dst); i++ {
		dst[i].ok = !dst[i].ok
	}
	return dst
}

// expression finds what a regular expression matches.
type expression struct {
	re     *regexp2.Regexp
	source string // as the file has it
}

// newExpression compiles an expression in Oniguruma's syntax, which the tokenizers
// library uses.
func newExpression(expr string) (expression, error) {
	if len(expr) > maxPattern {
		return expression{}, formatError("a regular expression of %d bytes, want at most %d", len(expr), maxPattern)
	}
	translated, err := fromOniguruma(expr)
	if err != nil {
		return expression{}, err
	}
	re, err := regexp2.Compile(translated, regexp2.Multiline)
	if err != nil {
		return expression{}, formatError("regular expression %.200q: %.100s", expr, err.Error())
	}
	re.MatchTimeout = matchTimeout
	return expression{re, expr}, nil
}

// wordChars is what Oniguruma means by \w, as a part of a class.
var wordChars = categories("L", "M", "Nd", "Nl", "Pc") + `\p{Other_Alphabetic}`

// wordCharsOutside is what it means outside of classes, and for \b: there Latin-1 has a
// table of its own.
var wordCharsOutside = wordChars + "²³¹¼½¾"

// posixClasses are what [:name:] means inside of a class.
var posixClasses = map[string]string{
	"alnum":  categories("L", "Nd", "Nl") + `\p{Other_Alphabetic}`,
	"alpha":  categories("L", "Nl") + `\p{Other_Alphabetic}`,
	"blank":  `\p{Zs}\t`,
	"cntrl":  `\p{Cc}`,
	"digit":  category("Nd"),
	"graph":  categories("L", "M", "N", "P", "S", "Cf", "Co"),
	"lower":  category("Ll") + `\p{Other_Lowercase}`,
	"print":  categories("L", "M", "N", "P", "S", "Cf", "Co", "Zs"),
	"punct":  categories("P", "S"),
	"space":  `\s`,
	"upper":  category("Lu") + `\p{Other_Uppercase}`,
	"word":   wordChars,
	"xdigit": `0-9a-fA-F`,
}

// fromOniguruma writes what regexp2 reads otherwise, or not at all, in its own
// words: classes such as \w and \h, [:name:], and (?m), which lets a point match a line
// feed and is (?s) there. What it cannot write is an error, since regexp2 would read
// something else.
func fromOniguruma(expr string) (string, error) {
	fail := func(what string) (string, error) {
		return "", fmt.Errorf("regular expression %.200q: %s is %w", expr, what, ErrNotSupported)
	}
	var b strings.Builder
	inClass := false
	for i := 0; i < len(expr); i++ {
		rest := expr[i:]
		switch c := expr[i]; {
		case c == '\\' && i+1 < len(expr):
			i++
			class, negated := "", false
			switch expr[i] {
			case 'w':
				class = wordChars
				if !inClass {
					class = wordCharsOutside
				}
			case 'W':
				class, negated = wordChars, true
				if !inClass {
					class = wordCharsOutside
				}
			case 'd':
				class = category("Nd")
			case 'D':
				class, negated = category("Nd"), true
			case 'p', 'P':
				name, _, ok := strings.Cut(strings.TrimPrefix(rest[2:], "{"), "}")
				if !ok || !strings.HasPrefix(rest[2:], "{") {
					return fail(rest[:2])
				}
				i += len(name) + 2
				negated = expr[i-len(name)-2] == 'P'
				if positive, ok := strings.CutPrefix(name, "^"); ok {
					name, negated = positive, !negated
				}
				if negated && inClass {
					b.WriteString(`\P{` + name + `}`)
					continue
				}
				class = category(name)
			case 'h':
				class = "0-9a-fA-F"
			case 'H':
				class, negated = "0-9a-fA-F", true
			case 'b', 'B':
				switch {
				case inClass:
					b.WriteString(rest[:2])
				case expr[i] == 'b':
					b.WriteString(strings.ReplaceAll(`(?:(?<=W)(?!W)|(?<!W)(?=W))`, "W", "["+wordCharsOutside+"]"))
				default:
					b.WriteString(strings.ReplaceAll(`(?:(?<=W)(?=W)|(?<!W)(?!W))`, "W", "["+wordCharsOutside+"]"))
				}
				continue
			case 'R', 'X', 'K', 'O', 'N', 'y', 'Y', 'g':
				return fail(rest[:2])
			default:
				b.WriteString(rest[:2])
				continue
			}
			switch {
			case !inClass && negated:
				b.WriteString("[^" + class + "]")
			case !inClass:
				b.WriteString("[" + class + "]")
			case negated:
				return fail(rest[:2] + " in a class")
			default:
				b.WriteString(class)
			}
		case inClass && strings.HasPrefix(rest, "[:"):
			name, _, ok := strings.Cut(rest[2:], ":]")
			class := posixClasses[name]
			if !ok || class == "" {
				return fail("a class in a class")
			}
			b.WriteString(class)
			i += len(name) + 3
		case inClass && c == '[':
			return fail("a class in a class")
		case inClass && strings.HasPrefix(rest, "&&"):
			return fail("&& in a class")
		case inClass && c == '-' && strings.HasPrefix(rest, "-["):
			return fail("a class in a class")
		case !inClass && c == '[':
			inClass = true
			b.WriteByte(c)
			if strings.HasPrefix(expr[i+1:], "^") {
				b.WriteByte('^')
				i++
			}
			if strings.HasPrefix(expr[i+1:], "]") { // the first one is a character
				b.WriteString(`\]`)
				i++
			}
		case inClass && c == ']':
			inClass = false
			b.WriteByte(c)
		case !inClass && strings.HasPrefix(rest, "(?"):
			b.WriteString("(?")
			for i += 2; i < len(expr) && strings.IndexByte("imx-", expr[i]) >= 0; i++ {
				if expr[i] == 'm' {
					b.WriteByte('s')
				} else {
					b.WriteByte(expr[i])
				}
			}
			i--
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), nil
}

// category writes a property such as \p{L}, and the characters of it that Go's tables
// lack.
func category(name string) string {
	var b strings.Builder
	b.WriteString(`\p{` + name + `}`)
	for _, c := range slices.Sorted(maps.Keys(laterCategories)) {
		if strings.HasPrefix(c, name) {
			b.WriteString(laterCategories[c])
		}
	}
	return b.String()
}

// categories writes a list of properties.
func categories(names ...string) string {
	for i, name := range names {
		names[i] = category(name)
	}
	return strings.Join(names, "")
}

// find appends the matches of the expression. If one takes more than a second or too
// much memory it panics with a *PatternError, which run and Parse recover.
func (x expression) find(dst []match, text string) []match {
	dst, err := x.try(dst, text)
	if err != nil {
		panic(err)
	}
	return dst
}

// lenient finds what an expression matches. Where that gives up, what is left of text
// has no match.
type lenient struct{ expression }

func (x lenient) find(dst []match, text string) []match {
	dst, _ = x.try(dst, text)
	return dst
}

// giveUp turns a *PatternError that find has panicked with into an error.
func giveUp(err *error) {
	switch r := recover().(type) {
	case nil:
	case *PatternError:
		*err = r
	default:
		panic(r)
	}
}

// try appends the matches up to where matching gives up.
func (x expression) try(dst []match, text string) ([]match, *PatternError) {
	// regexp2 matches runes. offsets says where each begins in text.
	runes := make([]rune, 0, len(text))
	offsets := make([]int, 0, len(text)+1)
	for i, c := range text {
		runes = append(runes, c)
		offsets = append(offsets, i)
	}
	offsets = append(offsets, len(text))
	done, matched := 0, false
	m, err := x.re.FindRunesMatch(runes)
	for m != nil && err == nil {
		lo, hi := offsets[m.RuneIndex], offsets[m.RuneIndex+m.RuneLength]
		if lo == hi && lo == done && matched {
			m, err = x.re.FindNextMatch(m) // empty, right after a match: Oniguruma's users skip it
			continue
		}
		matched = true
		if done < lo {
			dst = append(dst, match{done, lo, false})
		}
		dst = append(dst, match{lo, hi, true})
		done = hi
		m, err = x.re.FindNextMatch(m)
	}
	if done < len(text) {
		dst = append(dst, match{done, len(text), false})
	}
	if err != nil {
		// regexp2's own error quotes the whole text.
		if !errors.Is(err, regexp2.ErrBacktrackingStackLimit) {
			err = ErrTimeout
		}
		return dst, &PatternError{x.source, err}
	}
	return dst, nil
}
