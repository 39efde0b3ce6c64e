package tokenizer

import "unicode/utf8"

// ToValidUTF8 returns b as a string in which U+FFFD stands for each maximal
// ill-formed part: the longest prefix of a well-formed sequence, or else one
// byte. That is how Python decodes with errors="replace" (Unicode 15, section
// 3.9, "U+FFFD Substitution of Maximal Subparts"); a Go range loop gives one
// U+FFFD for every byte instead.
func ToValidUTF8(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	out := make([]byte, 0, len(b)+len(b)/2)
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size == 1 {
			size = illFormed(b[i:])
		}
		out = utf8.AppendRune(out, r)
		i += size
	}
	return string(out)
}

// illFormed returns the length of the maximal ill-formed part that b begins with.
func illFormed(b []byte) int {
	lo, hi := byte(0x80), byte(0xBF) // what the second byte may be
	var size int
	switch c := b[0]; {
	case 0xC2 <= c && c <= 0xDF:
		size = 2
	case 0xE0 <= c && c <= 0xEF:
		size = 3
		switch c {
		case 0xE0:
			lo = 0xA0
		case 0xED:
			hi = 0x9F
		}
	case 0xF0 <= c && c <= 0xF4:
		size = 4
		switch c {
		case 0xF0:
			lo = 0x90
		case 0xF4:
			hi = 0x8F
		}
	}
	n := 1
	for n < size && n < len(b) && lo <= b[n] && b[n] <= hi {
		lo, hi = 0x80, 0xBF
		n++
	}
	return n
}
