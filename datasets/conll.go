package datasets

import (
	"bytes"
	"io"
	"iter"
	"strings"
)

// A Sentence is words with a label each.
type Sentence struct {
	Words  []string
	Labels []string // as many as Words
	Line   int      // where it begins, from 1
}

// CoNLL yields the sentences of a file in columns, as CoNLL-2003 has it: a word and its
// labels a line, cut at spaces and tabs, the word first and the label last; a blank line ends
// a sentence. Lines that begin with -DOCSTART- are skipped. name stands for the file in
// errors, which are ErrFormat as *LineError. An error is the last that is yielded.
func CoNLL(name string, r io.Reader) iter.Seq2[Sentence, error] {
	return func(yield func(Sentence, error) bool) {
		l := newLineReader(name, r)
		var s Sentence
		for {
			line, err := l.next()
			line = bytes.Trim(line, " \t\r")
			if err != nil || len(line) == 0 || bytes.HasPrefix(line, []byte("-DOCSTART-")) {
				if len(s.Words) > 0 && !yield(s, nil) {
					return
				}
				s = Sentence{}
				if err == io.EOF {
					return
				}
				if err != nil {
					yield(s, err)
					return
				}
				continue
			}
			cells := strings.FieldsFunc(string(line), func(r rune) bool { return r == ' ' || r == '\t' })
			if len(cells) < 2 {
				yield(Sentence{}, l.faultf("%.100q is a word without a label", cells[0]))
				return
			}
			if len(s.Words) == 0 {
				s.Line = l.line
			}
			s.Words, s.Labels = append(s.Words, cells[0]), append(s.Labels, cells[len(cells)-1])
		}
	}
}
