package bpe

// GPT-2's files write each byte as one printable character: the byte itself
// where that is printable in Latin-1, else the next free character from
// U+0100 on. Space, for instance, is U+0120, Ġ.
var (
	byteToRune [256]rune
	runeToByte [0x144]int16 // -1 where a character stands for no byte
)

func init() {
	for i := range runeToByte {
		runeToByte[i] = -1
	}
	next := rune(0x100)
	for b := range rune(256) {
		r := b
		if !('!' <= b && b <= '~' || 0xA1 <= b && b <= 0xAC || 0xAE <= b && b <= 0xFF) {
			r = next
			next++
		}
		byteToRune[b] = r
		runeToByte[r] = int16(b)
	}
}

// AppendBytes appends to dst the bytes that a token of GPT-2's files stands for.
// It reports false, and dst is of no use, if a character of token stands for no byte.
func AppendBytes(dst []byte, token string) ([]byte, bool) { return appendUnwritten(dst, token) }

// Written returns b as GPT-2's files write it, a character for each byte: "Ġa" for " a".
func Written(b []byte) string { return written(b) }

// appendUnwritten appends the bytes that token stands for. It reports false
// if a character of token is outside the alphabet.
func appendUnwritten(dst []byte, token string) ([]byte, bool) {
	for _, r := range token {
		if int(r) >= len(runeToByte) || runeToByte[r] < 0 {
			return dst, false
		}
		dst = append(dst, byte(runeToByte[r]))
	}
	return dst, true
}

// written returns b as GPT-2's files write it.
func written(b []byte) string {
	r := make([]rune, len(b))
	for i, c := range b {
		r[i] = byteToRune[c]
	}
	return string(r)
}
