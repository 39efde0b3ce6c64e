package roberta

import (
	"fmt"
	"strconv"
	"strings"
)

// list joins names, the first 20 at most.
func list(names []string) string {
	const most = 20
	var first []string
	for _, n := range names[:min(most, len(names))] {
		first = append(first, short(n))
	}
	if n := len(names) - most; n > 0 {
		first = append(first, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(first, ", ")
}

// quote is a text or a name in quotation marks, as an error quotes it.
func quote(s string) string { return strconv.Quote(short(s)) }

// short cuts s to what an error may quote.
func short(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	return fmt.Sprintf("%s… (%d bytes)", s[:most], len(s))
}
