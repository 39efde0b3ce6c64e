package weights

import (
	"bytes"
	"fmt"
)

// A Format is a form of checkpoint.
type Format string

// The forms of checkpoints that are read.
const (
	TorchZip    Format = "torch zip"    // torch.save since 1.6
	TorchLegacy Format = "torch legacy" // torch.save before
	Safetensors Format = "safetensors"
)

// The first bytes of files, which tell their form.
var (
	zipMagic    = []byte("PK\x03\x04")
	zipEmpty    = []byte("PK\x05\x06")
	gzipMagic   = []byte{0x1f, 0x8b}
	zstdMagic   = []byte{0x28, 0xb5, 0x2f, 0xfd}
	legacyMagic = []byte{0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.'}
	lz4Magic    = "\x04\x22\x4d\x18"
	lfsMagic    = []byte("version https://git-lfs")
)

// foreign are the first bytes of files that people mistake for checkpoints.
var foreign = []struct {
	magic string
	what  string
}{
	{"GGUF", "a GGUF file"}, {"\x89HDF", "a Keras (HDF5) file"}, {"PAR1", "a Parquet file"},
	{"ggml", "a GGML file"}, {"\x93NUMPY", "a NumPy array"}, {"BZh", "a bzip2 archive"}, {"\xfd7zXZ", "an xz archive"}, {"7z\xbc\xaf", "a 7z archive"},
	{lz4Magic, "an LZ4 file"}, {"Rar!", "a RAR archive"},
}

// unknown is the error for a file of no known form. It says what the file seems to be.
func unknown(head []byte) error {
	text := bytes.TrimLeft(head, " \t\r\n\xef\xbb\xbf")
	switch {
	case len(head) == 0:
		return fmt.Errorf("%w: the file is empty", ErrNotCheckpoint)
	case bytes.HasPrefix(head, lfsMagic):
		return fmt.Errorf("%w: a Git LFS pointer; fetch the file itself with \"git lfs pull\"", ErrNotCheckpoint)
	case bytes.HasPrefix(text, []byte("<")) && bytes.Contains(text, []byte("<net ")):
		return fmt.Errorf("%w: looks like an OpenVINO network, without its weights", ErrUnsupported)
	case bytes.HasPrefix(text, []byte("<")):
		return fmt.Errorf("%w: a web page or XML, perhaps an error message saved by a download", ErrNotCheckpoint)
	case len(legacyMagic) > len(head) && bytes.HasPrefix(legacyMagic, head), len(head) < 8:
		return fmt.Errorf("%w: a file of %d bytes", ErrTruncated, len(head))
	}
	for _, f := range foreign {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return fmt.Errorf("%w: looks like %s", ErrUnsupported, f.what)
		}
	}
	if head[0] == 0x0a && bytes.Contains(head, []byte("<unk>")) {
		return fmt.Errorf("%w: looks like a SentencePiece model, which is a tokenizer without weights", ErrNotCheckpoint)
	}
	if what := looksLike(head); what != "" {
		return fmt.Errorf("%w: looks like %s", ErrUnsupported, what)
	}
	if head[0] == 0x80 && head[1] <= 5 {
		return fmt.Errorf("%w: a pickle, but not one that torch.save wrote", ErrNotCheckpoint)
	}
	if bytes.HasPrefix(text, []byte("{")) || bytes.HasPrefix(text, []byte("[")) {
		return fmt.Errorf("%w: a JSON file", ErrNotCheckpoint)
	}
	return fmt.Errorf("%w: begins with % x, as no form that is known", ErrNotCheckpoint, head[:min(8, len(head))])
}

// looksLike names files of other libraries that have no magic number, or returns "".
func looksLike(head []byte) string {
	switch {
	case head[0] == 0x08 && head[1] < 0x80:
		// A protobuf message with a version first. ONNX's has the producer's name next,
		// TensorFlow's SavedModel a message.
		if name, ok := shortText(head[2:], 0x12, 0); ok {
			return fmt.Sprintf("an ONNX file (made by %s)", shorten(name, maxQuote))
		}
		if head[1] == 1 && head[2] == 0x12 {
			return "a TensorFlow SavedModel"
		}
		return "an ONNX or TensorFlow file"
	case 0x81 <= head[0] && head[0] <= 0x8f, head[0] == 0xde: // a map of 1 to 15 members, or of 16 bits' number
		rest := head[1:]
		if head[0] == 0xde {
			rest = head[3:]
		}
		if name, ok := shortText(rest, -1, 0xa0); ok {
			return fmt.Sprintf("a Flax file (msgpack, with %s)", shorten(name, maxQuote))
		}
	}
	return ""
}

// shortText reads a text of 1 to 31 bytes behind its length. In front of that is a tag,
// unless it is negative, and base is added to the length.
func shortText(b []byte, tag, base int) (string, bool) {
	if tag >= 0 {
		if int(b[0]) != tag {
			return "", false
		}
		b = b[1:]
	}
	n := int(b[0]) - base
	if n < 1 || n > 31 || n >= len(b) || !isText(b[1:1+n]) {
		return "", false
	}
	return string(b[1 : 1+n]), true
}

// isTar recognises a tar archive, whose magic is inside its first block.
func isTar(head []byte) bool { return len(head) >= 262 && string(head[257:262]) == "ustar" }
