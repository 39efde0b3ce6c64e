package hub

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Schemes of names.
const (
	schemeHF      = "hf:"
	schemeFairseq = "fairseq:"
)

// IsName says whether s is meant as a name for Open and Path: it begins with "hf:" or
// "fairseq:". A file of such a name is ./hf:….
func IsName(s string) bool {
	return strings.HasPrefix(s, schemeHF) || strings.HasPrefix(s, schemeFairseq)
}

// A repository is what hf:NAME[@REVISION] says.
type repository struct {
	id       string // NAME or OWNER/NAME
	revision string
}

var (
	// idPattern is huggingface_hub's, which also forbids "--" and "..".
	idPattern     = regexp.MustCompile(`^(?:[0-9A-Za-z_](?:[0-9A-Za-z_.-]{0,94}[0-9A-Za-z_])?/)?[0-9A-Za-z_](?:[0-9A-Za-z_.-]{0,94}[0-9A-Za-z_])?$`)
	commitPattern = regexp.MustCompile(`^[0-9a-f]{40}$`)
)

// defaultRevision is the branch that a name without a revision means.
const defaultRevision = "main"

// maxName is the length of the longest name of a revision or file, in bytes.
const maxName = 1024

// parseRepository reads hf:NAME[@REVISION].
func parseRepository(name string) (repository, error) {
	id, revision, ok := strings.Cut(strings.TrimPrefix(name, schemeHF), "@")
	r := repository{id, defaultRevision}
	if ok {
		r.revision = revision
	}
	if !idPattern.MatchString(id) || strings.Contains(id, "--") || strings.Contains(id, "..") || strings.HasSuffix(id, ".git") {
		return r, fmt.Errorf("hub: %w: %s: want hf:NAME or hf:OWNER/NAME, and @REVISION for one that is not main", ErrName, quoted(name))
	}
	if !isPath(r.revision) || strings.ContainsAny(r.revision, " ~^") {
		return r, fmt.Errorf("hub: %w: %s: %q is no revision: want a branch, a tag or a commit", ErrName, quoted(name), quoted(r.revision))
	}
	return r, nil
}

// isPath says whether a name can be used as a path within a folder, on any system: no
// "..", no drive, nothing absolute, nothing that only some systems take for a separator.
func isPath(name string) bool {
	if name == "" || len(name) > maxName || !utf8.ValidString(name) || strings.ContainsAny(name, `\:*?"<>|`) || !filepath.IsLocal(filepath.FromSlash(name)) {
		return false
	}
	for _, r := range name {
		if r < ' ' || r == 0x7f {
			return false
		}
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." || part == ".." {
			return false
		}
	}
	return true
}
