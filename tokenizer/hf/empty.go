package hf

import "strings"

// mayBeEmpty reports whether a regular expression, in regexp2's syntax, may match the
// empty string somewhere. Of what it does not know it says so, too: that is slower, and
// right.
func mayBeEmpty(expr string) bool {
	s := emptyScanner{rest: expr}
	empty := s.alternatives()
	return empty || s.unknown || s.rest != ""
}

// An emptyScanner reads a regular expression and finds out which of its parts may be
// empty.
type emptyScanner struct {
	rest    string
	depth   int
	unknown bool // there is something that it does not know
}

// maxGroups is how deep groups are looked into.
const maxGroups = 100

// alternatives reads what stands between | up to the end of the group.
func (s *emptyScanner) alternatives() (empty bool) {
	if s.depth++; s.depth > maxGroups {
		s.unknown = true
	}
	defer func() { s.depth-- }()
	all := true // of this alternative's parts, every one may be empty
	for s.rest != "" && s.rest[0] != ')' && !s.unknown {
		if s.take("|") {
			empty = empty || all
			all = true
			continue
		}
		if part := s.quantified(); !part {
			all = false
		}
	}
	return empty || all
}

// quantified reads a part and what says how often it stands there.
func (s *emptyScanner) quantified() (empty bool) {
	empty = s.part()
	for {
		switch {
		case s.take("*"), s.take("?"):
			empty = true
		case s.take("+?"), s.take("+"):
		case strings.HasPrefix(s.rest, "{"):
			count, after, ok := strings.Cut(s.rest[1:], "}")
			if !ok || strings.Trim(count, "0123456789,") != "" {
				return empty // a letter
			}
			if count == "" || count[0] == '0' || count[0] == ',' {
				empty = true
			}
			s.rest = after
		default:
			return empty
		}
	}
}

// part reads a character, a class or a group.
func (s *emptyScanner) part() (empty bool) {
	switch c := s.rest[0]; c {
	case '^', '$':
		s.rest = s.rest[1:]
		return true
	case '(':
		s.rest = s.rest[1:]
		looks := s.take("?=") || s.take("?!") || s.take("?<=") || s.take("?<!")
		if !looks && !s.take("?:") && !s.take("?>") && !s.take("?i:") && strings.HasPrefix(s.rest, "?") {
			s.unknown = true
		}
		empty = s.alternatives()
		if !s.take(")") {
			s.unknown = true
		}
		return empty || looks
	case '[':
		s.rest = s.rest[1:]
		for s.rest != "" && !s.take("]") {
			if len(s.rest) > 1 && s.rest[0] == '\\' {
				s.rest = s.rest[1:]
			}
			s.rest = s.rest[1:]
		}
		return false
	case '\\':
		if len(s.rest) == 1 {
			s.unknown = true
			return true
		}
		c, s.rest = s.rest[1], s.rest[2:]
		switch {
		case strings.IndexByte("nrtfvaesSdDwW", c) >= 0:
			return false
		case (c == 'p' || c == 'P') && strings.HasPrefix(s.rest, "{"):
			_, s.rest, _ = strings.Cut(s.rest, "}")
			return false
		case strings.IndexByte("AzZbBG", c) >= 0:
			return true
		case 'a' <= c|' ' && c|' ' <= 'z', '0' <= c && c <= '9':
			s.unknown = true
			return true
		}
		return false // a character that would mean something else
	}
	s.rest = s.rest[1:]
	return false
}

// take reads what comes next, if it does.
func (s *emptyScanner) take(next string) bool {
	rest, ok := strings.CutPrefix(s.rest, next)
	s.rest = rest
	return ok
}
