package datasets

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
)

// maxLine is the largest size of a line in bytes.
const maxLine = 16 << 20

// A lineReader reads lines that end in LF or CR LF. A byte order mark at the beginning of
// the file is skipped.
type lineReader struct {
	name string
	r    *bufio.Reader
	line int
}

func newLineReader(name string, r io.Reader) *lineReader {
	return &lineReader{name: name, r: bufio.NewReaderSize(r, 1<<16)}
}

// next returns the next line, valid until the next call; io.EOF at the end.
func (l *lineReader) next() ([]byte, error) {
	var long []byte
	for {
		part, err := l.r.ReadSlice('\n')
		if err == bufio.ErrBufferFull {
			if long = append(long, part...); len(long) > maxLine {
				l.line++
				return nil, l.fault(fmt.Errorf("%w: the line has more than %d bytes", ErrFormat, maxLine))
			}
			continue
		}
		if err != nil && err != io.EOF {
			return nil, l.fault(err)
		}
		if long != nil {
			part = append(long, part...)
		}
		if err == io.EOF && len(part) == 0 {
			return nil, io.EOF
		}
		l.line++
		if l.line == 1 {
			part = bytes.TrimPrefix(part, []byte("\ufeff"))
		}
		if n := len(part); n > 0 && part[n-1] == '\n' {
			part = bytes.TrimSuffix(part[:n-1], []byte("\r"))
		}
		return part, nil
	}
}

// fault says where an error is.
func (l *lineReader) fault(err error) error { return &LineError{l.name, max(l.line, 1), err} }

// faultf is a line that is not of the format.
func (l *lineReader) faultf(format string, args ...any) error {
	return l.fault(fmt.Errorf("%w: "+format, append([]any{ErrFormat}, args...)...))
}
