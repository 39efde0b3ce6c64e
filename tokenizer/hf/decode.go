package hf

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goroberta/goroberta/bpe"
	"github.com/goroberta/goroberta/tokenizer"
)

// A decoder changes the texts of tokens on their way back to text.
type decoder interface {
	decode(tokens []string) []string
}

// decodedName returns what the tokenizers library decodes for id: for an added token
// that is looked for in its normalised form, that form.
func (t *Tokenizer) decodedName(id int) (string, bool) {
	if a := t.added.get(id); a != nil {
		return a.normal, true
	}
	return t.vocab.name(id)
}

// AppendText appends the text of ids, as the file's decoder makes it of all of them
// together. Ids that are no tokens are left out.
func (t *Tokenizer) AppendText(dst []byte, ids []int) []byte {
	decoders := t.decoder
	// A ByteLevel at the end gives bytes, which may be no characters alone.
	last := len(decoders) - 1
	bytes := false
	if last >= 0 {
		_, bytes = decoders[last].(bytesDecoder)
	}
	if bytes && last == 0 {
		for _, id := range ids {
			if name, ok := t.decodedName(id); ok {
				dst = appendNameBytes(dst, name)
			}
		}
		return dst
	}
	names := make([]string, 0, len(ids))
	for _, id := range ids {
		if name, ok := t.decodedName(id); ok {
			names = append(names, name)
		}
	}
	if t.joined {
		return append(dst, strings.Join(names, " ")...)
	}
	if bytes {
		decoders = decoders[:last]
	}
	for _, d := range decoders {
		names = d.decode(names)
	}
	for _, name := range names {
		if bytes {
			dst = appendNameBytes(dst, name)
		} else {
			dst = append(dst, name...)
		}
	}
	return dst
}

// Bytes returns the bytes that id stands for alone, as AppendText gives them for it
// after another token, or the name of a special token. It returns nil for an id that
// is no token. The caller owns the slice.
func (t *Tokenizer) Bytes(id int) []byte {
	name, ok := t.decodedName(id)
	switch {
	case !ok:
		return nil
	case t.added.special[name]:
		return []byte(name)
	}
	for _, d := range t.decoder {
		switch d := d.(type) {
		case bytesDecoder:
			return appendNameBytes([]byte{}, name)
		case byteFallback:
			if b, ok := fallbackByte(name); ok {
				return []byte{b}
			}
		case *metaspaceDecoder:
			name = strings.ReplaceAll(name, d.replacement, " ")
		default:
			name = strings.Join(d.decode([]string{name}), "")
		}
	}
	return []byte(name)
}

// appendNameBytes appends the bytes that the characters of name stand for, or name as
// it is if one of them stands for none.
func appendNameBytes(dst []byte, name string) []byte {
	n := len(dst)
	if b, ok := bpe.AppendBytes(dst, name); ok {
		return b
	}
	return append(dst[:n], name...)
}

// bytesDecoder reads characters as the bytes that they stand for.
type bytesDecoder struct{}

func (bytesDecoder) decode(tokens []string) []string {
	var text []byte
	for _, s := range tokens {
		text = appendNameBytes(text, s)
	}
	return []string{tokenizer.ToValidUTF8(text)}
}

type metaspaceDecoder struct {
	replacement string
	prefix      bool // the first token's replacements were added
}

func (d *metaspaceDecoder) decode(tokens []string) []string {
	for i, s := range tokens {
		space := " "
		if i == 0 && d.prefix {
			space = ""
		}
		tokens[i] = strings.ReplaceAll(s, d.replacement, space)
	}
	return tokens
}

// byteFallback joins tokens such as <0xC3> into characters.
type byteFallback struct{}

func (byteFallback) decode(tokens []string) []string {
	out := make([]string, 0, len(tokens))
	var bytes []byte
	flush := func() {
		if utf8.Valid(bytes) {
			if len(bytes) > 0 {
				out = append(out, string(bytes))
			}
		} else {
			for range bytes {
				out = append(out, "\uFFFD")
			}
		}
		bytes = bytes[:0]
	}
	for _, s := range tokens {
		if b, ok := fallbackByte(s); ok {
			bytes = append(bytes, b)
			continue
		}
		flush()
		out = append(out, s)
	}
	flush()
	return out
}

// fallbackByte returns the byte that a token such as <0xC3> stands for.
func fallbackByte(name string) (byte, bool) {
	if len(name) != 6 || !strings.HasPrefix(name, "<0x") || name[5] != '>' {
		return 0, false
	}
	hex := name[3:5]
	if hex[0] == '+' { // Rust reads a sign
		hex = hex[1:]
	}
	b, err := strconv.ParseUint(hex, 16, 8)
	return byte(b), err == nil
}

// fuse joins all tokens.
type fuse struct{}

func (fuse) decode(tokens []string) []string { return []string{strings.Join(tokens, "")} }

// stripDecoder takes characters off either end of each token.
type stripDecoder struct {
	content     rune
	start, stop int // how many at most
}

func (d stripDecoder) decode(tokens []string) []string {
	for i, s := range tokens {
		left := s
		for n := d.start; n > 0 && left != ""; n-- {
			c, size := utf8.DecodeRuneInString(left)
			if c != d.content {
				break
			}
			left = left[size:]
		}
		for n := d.stop; n > 0 && left != ""; n-- {
			c, size := utf8.DecodeLastRuneInString(left)
			if c != d.content {
				break
			}
			left = left[:len(left)-size]
		}
		tokens[i] = left
	}
	return tokens
}

// replaceDecoder replaces matches in each token.
type replaceDecoder struct {
	finder
	content string
}

func (d replaceDecoder) decode(tokens []string) []string {
	var matches []match
	for i, s := range tokens {
		if s == "" {
			continue
		}
		matches = d.find(matches[:0], s)
		var b strings.Builder
		for _, m := range matches {
			if m.ok {
				b.WriteString(d.content)
			} else {
				b.WriteString(s[m.lo:m.hi])
			}
		}
		tokens[i] = b.String()
	}
	return tokens
}

// suffixDecoder writes a space for what marks the end of a word, except in the last
// token.
type suffixDecoder string

func (d suffixDecoder) decode(tokens []string) []string {
	for i, s := range tokens {
		space := " "
		if i == len(tokens)-1 {
			space = ""
		}
		tokens[i] = strings.ReplaceAll(s, string(d), space)
	}
	return tokens
}

// wordPieceDecoder puts a space before each token that does not continue a word.
type wordPieceDecoder struct {
	prefix  string
	cleanup bool
}

// cleanups are what the tokenizers library writes otherwise, in this order.
var cleanups = [][2]string{
	{" .", "."}, {" ?", "?"}, {" !", "!"}, {" ,", ","}, {" ' ", "'"}, {" n't", "n't"},
	{" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"},
}

func (d wordPieceDecoder) decode(tokens []string) []string {
	for i, s := range tokens {
		if i > 0 {
			if rest, ok := strings.CutPrefix(s, d.prefix); ok {
				s = rest
			} else {
				s = " " + s
			}
		}
		if d.cleanup {
			for _, c := range cleanups {
				s = strings.ReplaceAll(s, c[0], c[1])
			}
		}
		tokens[i] = s
	}
	return tokens
}
