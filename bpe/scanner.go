package bpe

import (
	"math/bits"
	"unicode/utf8"
)

// gpt2Pattern is the regular expression by which GPT-2 cuts text into pieces
// before merging. nextPiece implements it by hand, and the tests compare the
// two.
const gpt2Pattern = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`

// Character classes of gpt2Pattern.
const (
	other  = iota // neither of the others, such as punctuation; also a byte that is not UTF-8
	letter        // \p{L}
	number        // \p{N}
	space         // \s
)

// nonASCII marks the bytes from 0x80 on: their class is that of the whole
// character.
const nonASCII = 0x80

var asciiClass = func() (class [256]uint8) {
	for b := range class {
		class[b] = nonASCII
		if b < utf8.RuneSelf {
			class[b] = classBlocks[int(classIndex[b>>classShift])<<classShift|b&(1<<classShift-1)] & 3
		}
	}
	return class
}()

// An edition says which Unicode the classes are those of: where in an entry of
// classBlocks they stand.
type edition uint8

const (
	newest    edition = 0 // that of Python's regex package, which fairseq uses
	unicode16 edition = 2 // that of the tokenizers library
)

// runeClass returns the class of r.
func runeClass(r rune, e edition) uint8 {
	if uint32(r) >= classLimit {
		return other
	}
	return classBlocks[int(classIndex[r>>classShift])<<classShift|int(r)&(1<<classShift-1)] >> (e & 7) & 3
}

// classAt returns the class of the character at s[i:] and its length in bytes.
// A byte that is not part of well-formed UTF-8 is a character of class other.
func classAt(s string, i int, e edition) (class uint8, size int) {
	if c := asciiClass[s[i]]; c != nonASCII {
		return c, 1
	}
	r, size := utf8.DecodeRuneInString(s[i:])
	return runeClass(r, e), size // RuneError, U+FFFD, is of class other itself
}

// endOfRun returns the end of a run of characters of one class, of which those
// before s[i] have been read.
func endOfRun(s string, i int, class uint8, e edition) int {
	if class == letter {
		for i+8 <= len(s) {
			n := asciiLetters(load64(s[i:]))
			i += n
			if n < 8 {
				break // at a character that is no letter, or not ASCII
			}
		}
	}
	for i < len(s) {
		c := asciiClass[s[i]]
		if c == class {
			i++
			continue
		}
		if c != nonASCII {
			return i
		}
		c, size := classAt(s, i, e)
		if c != class {
			return i
		}
		i += size
	}
	return i
}

// asciiLetters returns how many of the 8 bytes of x, from the lowest up, are
// ASCII letters before the first that is not. Most words in Latin script take
// one call, which saves a mispredicted branch at the end of each word.
func asciiLetters(x uint64) int {
	const (
		ones = 0x0101010101010101
		high = 0x80 * ones
	)
	lower := x&^high | 0x20*ones // 7 bits a byte, so that no sum carries into the next byte
	fromA := lower + (0x80-'a')*ones
	pastZ := lower + (0x7F-'z')*ones
	none := (^fromA | pastZ | x) & high
	return bits.TrailingZeros64(none) / 8
}

func load64(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// NextPiece returns where the piece of s ends, by GPT-2's pattern, that begins at byte
// i, which is less than len(s). Letters and numbers are those of Unicode 16.0, as in
// the tokenizers library, and not those of fairseq, which follows newer ones.
func NextPiece(s string, i int) int { return nextPiece(s, i, unicode16) }

// nextPiece returns the end of the piece that starts at s[i]; i < len(s).
func nextPiece(s string, i int, e edition) int {
	if s[i] == ' ' && i+1 < len(s) {
		// " ?" of the pattern: a space goes with the run that follows it.
		c, n := asciiClass[s[i+1]], 1 // classAt would be a call for each word
		if c == nonASCII {
			c, n = classAt(s, i+1, e)
		}
		if c != space {
			return endOfRun(s, i+1+n, c, e)
		}
	}
	class, size := asciiClass[s[i]], 1
	if class == nonASCII {
		class, size = classAt(s, i, e)
	}
	if class != space {
		if s[i] == '\'' {
			if n := contraction(s[i+1:]); n > 0 {
				return i + 1 + n
			}
		}
		return endOfRun(s, i+size, class, e)
	}

	// White space at the end of the text is one piece. Elsewhere the piece ends
	// before the last character of the run, which begins the next piece. A run
	// of one character is a piece itself.
	last := i
	for j := i + size; ; {
		if j == len(s) {
			return j
		}
		c, n := classAt(s, j, e)
		if c != space {
			if last == i {
				return j
			}
			return last
		}
		last = j
		j += n
	}
}

// contraction returns the length of the ending of a contraction at the start of
// s, after the apostrophe, or 0 if gpt2Pattern has no such ending.
func contraction(s string) int {
	if s == "" {
		return 0
	}
	switch s[0] {
	case 's', 't', 'm', 'd':
		return 1
	case 'r', 'v':
		if len(s) > 1 && s[1] == 'e' {
			return 2
		}
	case 'l':
		if len(s) > 1 && s[1] == 'l' {
			return 2
		}
	}
	return 0
}

// pieceAfterSpace returns where in s the piece ends that would begin with a
// space before s, which is not empty.
func pieceAfterSpace(s string, e edition) int {
	c, n := classAt(s, 0, e)
	if c != space {
		return endOfRun(s, n, c, e)
	}
	// The space belongs to the run of white space that s begins with: see nextPiece.
	last := 0
	for j := n; j < len(s); {
		c, n := classAt(s, j, e)
		if c != space {
			return last
		}
		last = j
		j += n
	}
	return len(s)
}
