package robertabeam

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/graph/window"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/goroberta/goroberta/pipeline"
	"github.com/klauspost/compress/zstd"
)

// A Compression is how written files are packed. It is the end of their names.
type Compression string

// The compressions.
const (
	NoCompression Compression = ""
	Gzip          Compression = ".gz"
	Zstd          Compression = ".zst"
)

func init() {
	beam.RegisterType(reflect.TypeFor[row]())
	register.Emitter2[string, row]()
	register.Iter1[row]()
	register.DoFn3x0[Line, Failure, func(string, row)](&failureFn{})
	register.DoFn3x1[context.Context, string, func(*row) bool, error](&writeFn{})
}

// WriteLines writes results KV<Line, Result[R]> as lines of JSON, with the members that
// the roberta command gives them and the "id" of the input before them:
//
//	{"embedding":[…]} {"labels":[…]} {"entities":[…]} {"answers":[…]} {"fills":[…]} {"masks":[[…]]} {"log_likelihood":…,…}
//
// Results of other types are {"inference":…}. One with a number that JSON does not have, NaN
// or an infinity, is a line of prefix + "FILE-00007.unwritten.errors.jsonl", as
// WriteFailures makes them. The lines of shard 7 of the file FILE are in
// prefix + "FILE-00007.jsonl", in the order of the input. Names and contents depend on the
// input and the model alone: not on workers, bundles or runners, nor on an earlier job that
// was stopped. A file appears when it is complete, under another name that begins with a
// dot until then, if the file system can rename; elsewhere it is written in one piece.
//
// Results are those of a bounded collection; what windows they are in does not matter.
// A second WriteLines with the same prefix would replace the files of the first.
//
// A worker holds the lines of a shard in memory while it writes them. WriteLines panics for
// an unknown Compression.
func WriteLines[R any](s beam.Scope, prefix string, z Compression, results beam.PCollection) {
	s = s.Scope("robertabeam.WriteLines")
	write(s, prefix, beam.ParDo(s, &resultFn[R]{names{prefix, z}}, results), z)
}

// WriteFailures writes failures KV<Line, Failure> to files beside those of WriteLines:
// prefix + "FILE-00007.errors.jsonl", with lines
//
//	{"id":…,"offset":…,"error":…}
//
// where the offset is that of the line in the input. Shards without failures have none.
// Give all collections to one call: another with the same prefix would replace its files.
func WriteFailures(s beam.Scope, prefix string, z Compression, failures ...beam.PCollection) {
	s = s.Scope("robertabeam.WriteFailures")
	write(s, prefix, beam.ParDo(s, &failureFn{names{prefix, z}}, beam.Flatten(s, failures...)), z)
}

func write(s beam.Scope, prefix string, rows beam.PCollection, z Compression) {
	filesystem.ValidateScheme(prefix + "x")
	if _, err := packer(io.Discard, z); err != nil { // not after hours, when the first file is written
		panic(err.Error())
	}
	// The groups of several windows would be one file, and the last would stay.
	rows = beam.WindowInto(s, window.NewGlobalWindows(), rows)
	beam.ParDo0(s, &writeFn{Compression: z}, beam.GroupByKey(s, rows))
}

// A row is a line of a file that is written.
type row struct {
	Offset int64 // of the line of the input
	Text   []byte
}

// names are those of written files.
type names struct {
	Prefix      string
	Compression Compression
}

// escape makes one name of a path.
var escape = strings.NewReplacer("%", "%25", "/", "%2F", `\`, "%5C")

func (n names) of(l Line, kind string) string {
	return fmt.Sprintf("%s%s-%05d%s.jsonl%s", n.Prefix, escape.Replace(l.File), l.Shard, kind, n.Compression)
}

// failure is the row of a failure, in the files of a kind: two transforms must not write
// the same ones.
func (n names) failure(l Line, kind, message string) (string, row) {
	v := struct {
		Offset int64  `json:"offset"`
		Error  string `json:"error"`
	}{l.Offset, message}
	text, err := object(l.ID, v)
	if err != nil { // the id is no JSON: a program made the Line
		text, _ = object("", v)
	}
	return n.of(l, kind), row{l.Offset, text}
}

// object is the line of v, whose first member becomes the id.
func object(id string, v any) ([]byte, error) {
	var b bytes.Buffer
	if id != "" {
		b.WriteString(`{"id":`)
		if err := json.Compact(&b, []byte(id)); err != nil {
			return nil, err
		}
	}
	brace := b.Len()
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	if id != "" {
		b.Bytes()[brace] = ','
	}
	return b.Bytes(), nil
}

// resultFn makes rows of results.
type resultFn[R any] struct{ Names names }

// ProcessElement is called by Beam.
func (f *resultFn[R]) ProcessElement(l Line, r Result[R], emit func(string, row)) {
	text, err := object(l.ID, members(r.Inference))
	if err != nil { // NaN, for which JSON has no number
		emit(f.Names.failure(l, ".unwritten.errors", err.Error()))
		return
	}
	emit(f.Names.of(l, ""), row{l.Offset, text})
}

// failureFn makes rows of failures.
type failureFn struct{ Names names }

// ProcessElement is called by Beam.
func (f *failureFn) ProcessElement(l Line, x Failure, emit func(string, row)) {
	emit(f.Names.failure(l, ".errors", x.Error))
}

// members gives an answer the names that the command gives it.
func members(answer any) any {
	type fill struct {
		Text  string  `json:"text"`
		Score float32 `json:"score"`
		Token string  `json:"token"`
	}
	type joint struct {
		Text    string   `json:"text"`
		Score   float64  `json:"score"`
		LogProb float64  `json:"log_prob"`
		Tokens  []string `json:"tokens"`
	}
	type token struct {
		Token   string  `json:"token"`
		LogProb float32 `json:"log_prob"`
	}
	switch a := answer.(type) {
	case []float32:
		return struct {
			Embedding []float32 `json:"embedding"`
		}{a}
	case []pipeline.Label:
		return struct {
			Labels []pipeline.Label `json:"labels"`
		}{a}
	case pipeline.Tagging:
		v := struct {
			Entities []pipeline.Entity `json:"entities"`
			Words    []*string         `json:"words,omitempty"`
		}{Entities: append([]pipeline.Entity{}, a.Entities...)}
		for i := range a.Words {
			if a.Words[i] == "" {
				v.Words = append(v.Words, nil)
			} else {
				v.Words = append(v.Words, &a.Words[i])
			}
		}
		return v
	case []pipeline.Answer:
		return struct {
			Answers []pipeline.Answer `json:"answers"`
		}{append([]pipeline.Answer{}, a...)}
	case pipeline.Fills:
		if len(a.Masks) == 0 {
			fills := []joint{}
			for _, f := range a.Joint {
				fills = append(fills, joint{f.Text, f.Score, f.LogProb, f.Tokens})
			}
			return struct {
				Fills []joint `json:"fills"`
			}{fills}
		}
		masks := make([][]fill, len(a.Masks))
		for i := range masks {
			for _, f := range a.Masks[i] {
				masks[i] = append(masks[i], fill{f.Text, f.Score, f.Token})
			}
		}
		if len(masks) == 1 {
			return struct {
				Fills []fill `json:"fills"`
			}{masks[0]}
		}
		return struct {
			Masks [][]fill `json:"masks"`
		}{masks}
	case pipeline.Score:
		tokens := []token{}
		for _, t := range a.Tokens {
			tokens = append(tokens, token{t.Token, t.LogProb})
		}
		return struct {
			LogLikelihood    float64 `json:"log_likelihood"`
			PseudoPerplexity float64 `json:"pseudo_perplexity"`
			Tokens           []token `json:"tokens"`
		}{a.LogLikelihood, a.PseudoPerplexity, tokens}
	}
	return struct {
		Inference any `json:"inference"`
	}{answer}
}

// writeFn writes the rows of a file.
type writeFn struct{ Compression Compression }

// ProcessElement is called by Beam.
func (f *writeFn) ProcessElement(ctx context.Context, name string, next func(*row) bool) error {
	var rows []row
	for r := (row{}); next(&r); r = (row{}) {
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b row) int { // lines of two files that have one name come in a certain order, too
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), bytes.Compare(a.Text, b.Text))
	})
	var content bytes.Buffer
	w, err := packer(&content, f.Compression)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if _, err := w.Write(r.Text); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	if err := writeFile(ctx, name, content.Bytes()); err != nil {
		return fmt.Errorf("robertabeam: %s: %w", name, err)
	}
	return nil
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// packer returns a writer that compresses, with the same bytes each time.
func packer(w io.Writer, z Compression) (io.WriteCloser, error) {
	switch z {
	case NoCompression:
		return nopCloser{w}, nil
	case Gzip:
		return gzip.NewWriter(w), nil
	case Zstd:
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	}
	return nil, fmt.Errorf("robertabeam: unknown compression %q", z)
}

// writeFile writes a file that appears when it is complete. Several workers may write
// the same one at once, as when a runner takes a worker for dead: their contents are
// equal.
func writeFile(ctx context.Context, name string, content []byte) (err error) {
	fs, err := filesystem.New(ctx, name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, fs.Close()) }()
	fsRename, renames := fs.(filesystem.Renamer)
	if !renames {
		return put(ctx, fs, name, content)
	}
	folder, base := path.Split(filepath.ToSlash(name))
	hidden := folder + "." + base + ".tmp-"
	temporary := fmt.Sprintf("%s%016x", hidden, rand.Uint64())
	remover, _ := fs.(filesystem.Remover)
	if err := put(ctx, fs, temporary, content); err != nil {
		if remover != nil {
			remover.Remove(ctx, temporary)
		}
		return err
	}
	if err := fsRename.Rename(ctx, temporary, name); err != nil {
		// Another worker that was done first has removed it as a leftover.
		if left, e := list(ctx, fs, temporary, ""); e == nil && len(left) == 0 {
			if done, _ := list(ctx, fs, name, ""); len(done) == 1 {
				return nil
			}
		}
		return err
	}
	if remover != nil { // what workers left that were stopped
		if left, err := list(ctx, fs, hidden, "*"); err == nil {
			for _, f := range left {
				remover.Remove(ctx, f)
			}
		}
	}
	return nil
}

// plain makes a pattern of a name: what means something in patterns becomes any letter.
var plain = strings.NewReplacer("*", "?", "[", "?", "]", "?", `\`, "?", "{", "?", "}", "?")

// list returns the files with a name, or that begin with it if more is "*". A * in the
// name stands for itself: a pattern would find what other workers are writing.
func list(ctx context.Context, fs filesystem.Interface, name, more string) ([]string, error) {
	folder, base := path.Split(filepath.ToSlash(name))
	all, err := fs.List(ctx, plain.Replace(folder+base)+more)
	return slices.DeleteFunc(all, func(f string) bool {
		at, is := path.Split(filepath.ToSlash(f))
		return clean(at) != clean(folder) || !strings.HasPrefix(is, base) || more == "" && is != base
	}), err
}

func put(ctx context.Context, fs filesystem.Interface, name string, content []byte) error {
	w, err := fs.OpenWrite(ctx, name)
	if err != nil {
		return err
	}
	_, err = w.Write(content)
	if f, ok := w.(interface{ Sync() error }); ok && err == nil {
		err = f.Sync()
	}
	return errors.Join(err, w.Close())
}
