package hf

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

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
		case !inClass && c == '^':
			b.WriteString(`(?:\A|(?<=\n)(?!\z))`) // no line begins at the end of the text
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
