package robertabeam

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/fileio"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/goroberta/goroberta/pipeline"
	"github.com/klauspost/compress/zstd"
)

// A Line says where an element was read. It is the key of what ReadLines gives, goes with
// the element through the transforms, and is what WriteLines makes names and an order of.
type Line struct {
	File   string // the path, without the folders that all files of the pattern are in
	Shard  int64  // Offset divided by the size of a shard
	Offset int64  // of the line's first byte, in the uncompressed file
	ID     string // the member "id", as JSON; "" if there is none
}

// ShardSize is the default size of a shard: how many bytes of input make a file of output.
const ShardSize = 4 << 20

// maxLine is the longest line that is read, in bytes. One that is longer is a Failure.
const maxLine = 16 << 20

func init() {
	beam.RegisterType(reflect.TypeFor[Line]())
	beam.RegisterType(reflect.TypeFor[span]())
	register.DoFn3x1[context.Context, fileio.ReadableFile, func(span), error](&cutFn{})
	register.Emitter1[span]()
	beam.RegisterType(reflect.TypeFor[readFn]())
	register.Emitter2[Line, pipeline.Input]()
	register.Emitter2[Line, Failure]()
}

// ReadLines reads files of lines of JSON, as the roberta command's --input has them, each
// of which becomes an element KV<Line, pipeline.Input>:
//
//	{"text":…} {"text":…,"pair":…} {"texts":[…]} {"words":[…]} {"tokens":[…]} {"question":…,"context":…}
//
// An "id" of any kind is kept; other members are ignored. A byte-order mark at the start of
// a file is skipped, and a line has at most 16 MiB. Files named .gz and .zst are
// unpacked. A line that is none of these is in the second output, KV<Line, Failure>. A
// pattern that no file has fails the job.
//
// Files that are not compressed are read in pieces of shard bytes (0: ShardSize), by as
// many workers as there are; a compressed one, and one of a file system without seeking, by
// one worker. ReadLines panics for a negative shard. (textio.Read of SDK 2.77 stops in a gzip file after as many bytes as the
// compressed file has.)
func ReadLines(s beam.Scope, pattern string, shard int64) (lines, failures beam.PCollection) {
	s = s.Scope("robertabeam.ReadLines")
	filesystem.ValidateScheme(pattern)
	if shard < 0 {
		panic(fmt.Sprintf("robertabeam: a shard of %d bytes", shard))
	}
	shard = cmp.Or(shard, ShardSize)
	folder := pattern
	if i := strings.IndexAny(folder, `*?[`); i >= 0 {
		folder = folder[:i]
	}
	folder = filepath.ToSlash(folder)
	if folder = folder[:strings.LastIndex(folder, "/")+1]; folder != "" {
		folder = strings.TrimPrefix(strings.TrimSuffix(clean(folder), "/")+"/", "./")
	}
	files := fileio.ReadMatches(s, fileio.MatchFiles(s, pattern, fileio.MatchEmptyDisallow()))
	spans := beam.Reshuffle(s, beam.ParDo(s, &cutFn{Shard: shard}, files))
	return beam.ParDo2(s, &readFn{Folder: folder, Shard: shard}, spans)
}

// clean gives a path one spelling: "./in/a" is what the local file system calls "in/a".
func clean(name string) string {
	if strings.Contains(name, "://") {
		return name
	}
	return path.Clean(filepath.ToSlash(name))
}

// A span is a part of a file: the lines whose first bytes are at Start to End-1.
type span struct {
	Path       string
	Start, End int64
}

// cutFn cuts files into spans.
type cutFn struct{ Shard int64 }

func (f *cutFn) ProcessElement(ctx context.Context, file fileio.ReadableFile, emit func(span)) error {
	name, size := file.Metadata.Path, file.Metadata.Size
	switch path.Ext(name) {
	case ".gz", ".zst":
		emit(span{name, 0, math.MaxInt64})
		return nil
	}
	if size > f.Shard {
		r, err := file.Open(ctx)
		if err != nil {
			return err
		}
		_, seeks := r.(io.Seeker)
		if err := r.Close(); err != nil {
			return err
		}
		if !seeks {
			emit(span{name, 0, math.MaxInt64})
			return nil
		}
	}
	for start := int64(0); start < size; start += f.Shard {
		emit(span{name, start, min(size, start+f.Shard)})
	}
	return nil
}

// readFn reads the lines of spans.
type readFn struct {
	Folder string
	Shard  int64
}

// ProcessElement is called by Beam.
func (f *readFn) ProcessElement(ctx context.Context, part span, emit func(Line, pipeline.Input), fail func(Line, Failure)) (err error) {
	file, err := open(ctx, part.Path)
	if err != nil {
		return fmt.Errorf("robertabeam: %s: %w", part.Path, err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	at := part.Start
	if at > 0 { // a line that began before belongs to the span before
		at--
		if _, err := file.(io.Seeker).Seek(at, io.SeekStart); err != nil {
			return fmt.Errorf("robertabeam: %s: %w", part.Path, err)
		}
	}
	r := lineReader{r: bufio.NewReaderSize(file, 1<<16)}
	if part.Start > 0 {
		n, err := r.skip(part.End - at)
		if err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("robertabeam: %s at byte %d: %w", part.Path, at, err)
		}
		at += n
	}
	for at < part.End {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := r.next()
		if err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("robertabeam: %s at byte %d: %w", part.Path, at, err)
		}
		line := Line{File: strings.TrimPrefix(clean(part.Path), f.Folder), Shard: at / f.Shard, Offset: at}
		in, err := r.parse(&line)
		if err != nil {
			fail(line, Failure{Example: in, Error: err.Error()})
		} else {
			emit(line, in)
		}
		at += n
	}
	return nil
}

// open opens a file for reading and unpacks it by its name.
func open(ctx context.Context, name string) (io.ReadCloser, error) {
	file, err := fileio.ReadableFile{Metadata: fileio.FileMetadata{Path: name}}.Open(ctx)
	if err != nil || path.Ext(name) != ".zst" {
		return file, err
	}
	z, err := zstd.NewReader(file, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return unpacked{z, file}, nil
}

// unpacked is a zstd file.
type unpacked struct {
	*zstd.Decoder
	file io.Closer
}

// Close implements io.Closer.
func (u unpacked) Close() error {
	u.Decoder.Close()
	return u.file.Close()
}

// A lineReader reads lines of up to maxLine bytes.
type lineReader struct {
	r    *bufio.Reader
	line []byte // without its end
	long bool   // the line is longer than maxLine
}

// next reads a line and returns how many bytes it has with its end. The error is io.EOF
// if there is none.
func (l *lineReader) next() (n int64, err error) {
	l.line, l.long = l.line[:0], false
	for {
		part, err := l.r.ReadSlice('\n')
		n += int64(len(part))
		if l.long = l.long || len(l.line)+len(part) > maxLine; !l.long {
			l.line = append(l.line, part...)
		}
		switch {
		case err == nil, err == io.EOF && n > 0:
			l.line = bytes.TrimSuffix(l.line, []byte("\n"))
			return n, nil
		case err != bufio.ErrBufferFull:
			return n, err
		}
	}
}

// skip passes over the rest of a line and returns how many bytes that is, or, without going
// to its end, some number from most on: a file that is one long line would be read to
// its end for each span.
func (l *lineReader) skip(most int64) (n int64, err error) {
	for {
		part, err := l.r.ReadSlice('\n')
		n += int64(len(part))
		switch {
		case err == nil, err == io.EOF && n > 0, err == bufio.ErrBufferFull && n >= most:
			return n, nil
		case err != bufio.ErrBufferFull:
			return n, err
		}
	}
}

// parse makes an Input of the line that was read, and sets the ID of where.
func (l *lineReader) parse(where *Line) (in pipeline.Input, err error) {
	if l.long {
		return in, fmt.Errorf("robertabeam: a line of more than %d bytes", maxLine)
	}
	if where.Offset == 0 {
		l.line = bytes.TrimPrefix(l.line, []byte("\ufeff"))
	}
	if len(bytes.TrimSpace(l.line)) == 0 {
		return in, errors.New("robertabeam: an empty line")
	}
	var v struct {
		ID       json.RawMessage `json:"id"`
		Text     *string         `json:"text"`
		Pair     *string         `json:"pair"`
		Texts    []*string       `json:"texts"`
		Words    []*string       `json:"words"`
		Tokens   []*int          `json:"tokens"`
		Types    []*int          `json:"token_type_ids"`
		Question *string         `json:"question"`
		Context  *string         `json:"context"`
	}
	err = json.Unmarshal(l.line, &v)
	if v.ID != nil {
		where.ID = string(bytes.ToValidUTF8(v.ID, []byte("\ufffd")))
	}
	if err != nil {
		return in, fmt.Errorf("robertabeam: %w", err)
	}
	given := 0
	for _, is := range []bool{v.Text != nil, v.Texts != nil, v.Words != nil, v.Tokens != nil, v.Question != nil} {
		if is {
			given++
		}
	}
	switch {
	case given != 1:
		return in, fmt.Errorf(`robertabeam: %d of "text", "texts", "words", "tokens" and "question" are given, want one`, given)
	case (v.Question != nil) != (v.Context != nil):
		return in, errors.New(`robertabeam: "question" and "context" go together`)
	case v.Pair != nil && v.Text == nil:
		return in, errors.New(`robertabeam: "pair" without "text"`)
	case v.Types != nil && v.Tokens == nil:
		return in, errors.New(`robertabeam: "token_type_ids" without "tokens"`)
	case v.Types != nil && len(v.Types) != len(v.Tokens): // Beam makes no slice of an empty one
		return in, fmt.Errorf(`robertabeam: %d "token_type_ids" for %d "tokens"`, len(v.Types), len(v.Tokens))
	case v.Texts != nil && len(v.Texts) == 0:
		return in, errors.New(`robertabeam: "texts" is empty`)
	case v.Question != nil:
		return pipeline.Text(*v.Question, *v.Context), nil
	case v.Pair != nil:
		return pipeline.Text(*v.Text, *v.Pair), nil
	case v.Text != nil:
		return pipeline.Text(*v.Text), nil
	}
	var errs [4]error
	in.Texts, errs[0] = elements("texts", v.Texts)
	in.Words, errs[1] = elements("words", v.Words)
	in.Tokens, errs[2] = elements("tokens", v.Tokens)
	in.Types, errs[3] = elements("token_type_ids", v.Types)
	return in, cmp.Or(errs[:]...)
}

// elements copies an array, in which null is no element: encoding/json would make "" or 0,
// which is <s>, of it.
func elements[T any](name string, array []*T) ([]T, error) {
	if array == nil {
		return nil, nil
	}
	out := make([]T, len(array))
	for i, p := range array {
		if p == nil {
			return nil, fmt.Errorf("robertabeam: %q: element %d is null", name, i)
		}
		out[i] = *p
	}
	return out, nil
}
