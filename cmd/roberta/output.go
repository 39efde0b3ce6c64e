package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/goroberta/goroberta/roberta"
)

// An output writes results, one JSON object a line.
type output struct {
	w      *bufio.Writer
	line   bytes.Buffer
	json   *json.Encoder // into line
	before func()        // called before lines are handed on, if it is not nil
	table  *table        // where results go in place of lines, if it is not nil
	held   *output       // where results wait as lines for what all of them decide, if it is not nil
}

func newOutput(w io.Writer) *output {
	o := &output{w: bufio.NewWriterSize(w, 1<<16)}
	o.json = json.NewEncoder(&o.line)
	o.json.SetEscapeHTML(false) // <mask> stays legible
	return o
}

// setFormat makes an output write a table.
func (o *output) setFormat(format string) {
	if format == formatJSONL {
		return
	}
	w := csv.NewWriter(o.w)
	if format == formatTSV {
		w.Comma = '\t'
	}
	o.table = &table{w: w, shard: whole, tabs: format == formatTSV}
}

// write adds the line of an object, whose first member becomes "id" if id is not
// nil. Errors of the underlying file may show up later, in flush.
func (o *output) write(id json.RawMessage, v any) error {
	if o.held != nil {
		return o.held.write(id, v)
	}
	if o.table != nil {
		return o.table.write(id, v)
	}
	o.line.Reset()
	if id != nil {
		o.line.WriteString(`{"id":`)
		if err := json.Compact(&o.line, id); err != nil {
			return err
		}
	}
	object := o.line.Len()
	if err := o.json.Encode(v); err != nil {
		return err
	}
	if id != nil {
		o.line.Bytes()[object] = ',' // its brace
	}
	_, err := o.w.Write(escapeControls(o.line.Bytes()))
	return err
}

// escapeControls escapes the control characters U+0080 to U+009F, which JSON
// allows in strings. One of them, U+0085, ends a line for some readers of lines,
// and terminals may obey others.
func escapeControls(line []byte) []byte {
	if !bytes.Contains(line, []byte{0xc2}) {
		return line
	}
	out := make([]byte, 0, len(line)+16)
	for i := 0; i < len(line); i++ {
		// In UTF-8 these are C2 80 to C2 9F, and C2 begins nothing else but
		// U+00A0 to U+00BF.
		if line[i] == 0xc2 && i+1 < len(line) && line[i+1] < 0xa0 {
			i++
			out = fmt.Appendf(out, `\u%04x`, line[i])
			continue
		}
		out = append(out, line[i])
	}
	return out
}

func (o *output) flush() error {
	if o.table != nil {
		o.table.w.Flush()
		if err := o.table.w.Error(); err != nil {
			return err
		}
	}
	if o.before != nil && o.w.Buffered() > 0 {
		o.before()
	}
	return o.w.Flush()
}

// An errorLine stands in the place of a result.
type errorLine struct {
	Error string `json:"error"`
}

// finite returns an error that names the first of a result's values for which
// JSON has no number.
func finite[T float32 | float64](name string, values ...T) error {
	for i, v := range values {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("%s[%d] is %v, for which JSON has no number; inspect tells whether the checkpoint's weights are finite", name, i, v)
		}
	}
	return nil
}

// argmax is the index of the largest value, the first of equal ones.
func argmax(values []float32) int {
	best := 0
	for i, v := range values {
		if v > values[best] {
			best = i
		}
	}
	return best
}

// describe is an error's message for the user of the command: on one line, of a
// few hundred bytes at most, and without what only a caller of the library can
// make use of.
func describe(err error) string {
	msg := err.Error()
	if e, ok := errors.AsType[*roberta.LengthError](err); ok {
		msg = replaceSuffix(msg, e.Error(), e.Reason())
	}
	if e, ok := errors.AsType[*roberta.TokenError](err); ok {
		msg = replaceSuffix(msg, e.Error(), fmt.Sprintf("token %d at position %d is outside the vocabulary of %d", e.ID, e.Position, e.Vocab))
	}
	if e, ok := errors.AsType[*roberta.TypeError](err); ok {
		msg = replaceSuffix(msg, e.Error(), e.Reason())
	}
	for _, pkg := range []string{"roberta: ", "pipeline: ", "train: ", "datasets: "} {
		msg = strings.TrimPrefix(msg, pkg)
	}
	return clip(oneLine.Replace(msg))
}

// oneLine keeps a message on one line, whatever file names and texts it quotes.
var oneLine = strings.NewReplacer("\n", " ", "\r", " ")

// maxMessage is how many bytes of a message are shown.
const maxMessage = 400

// clip leaves out the middle of a message that is too long: what it is about
// stands at the beginning, and what is wrong often at the end.
func clip(msg string) string {
	if len(msg) <= maxMessage {
		return msg
	}
	return strings.ToValidUTF8(msg[:maxMessage*2/3], "") + " … " + strings.ToValidUTF8(msg[len(msg)-maxMessage/3:], "")
}

// replaceSuffix replaces the end of a message.
func replaceSuffix(msg, old, new string) string {
	if rest, ok := strings.CutSuffix(msg, old); ok {
		return rest + new
	}
	return msg
}
