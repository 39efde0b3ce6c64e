package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"

	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/weights"
)

// quantizeFlags make whole numbers of vectors.
type quantizeFlags struct {
	Quantize  *string `enum:"int8,uint8,binary,ubinary" placeholder:"TYPE" help:"Write whole numbers: int8 and uint8 have a step of 1/255 of each dimension's range, binary and ubinary a bit where a value is above 0, eight to a number."`
	Calibrate string  `xor:"ranges" placeholder:"FILE" help:"Take the ranges of int8 and uint8 from the vectors of the lines of FILE, of the same form as --input, - for standard input."`
	Ranges    string  `xor:"ranges" placeholder:"FILE" help:"Take the ranges from this .safetensors file, tensor \"ranges\" [2, width]: smallest and largest values."`
}

const quantizeHelp = `--quantize int8 and uint8 take their ranges from the lines themselves unless --calibrate or --ranges says otherwise. Nothing is written then before the last line was read: the vectors wait, ` +
	`beyond 64 MB in a temporary file, and if a line fails without --keep-going there are no results. Vectors that are compared must have the same ranges: with -o, a .safetensors file has them too, as a tensor "ranges", ` +
	`and can be given to --ranges. A line that --keep-going left out has a row of zeros there.`

// check refuses flags that mean nothing beside those of texts.
func (f *quantizeFlags) check(t *textFlags) error {
	switch ranged := f.Quantize != nil && (*f.Quantize == "int8" || *f.Quantize == "uint8"); {
	case !ranged && f.Calibrate != "":
		return usagef("--calibrate is for --quantize int8 and uint8")
	case !ranged && f.Ranges != "":
		return usagef("--ranges is for --quantize int8 and uint8")
	case ranged && f.Calibrate == "" && f.Ranges == "" && t.Resume != nil:
		return usagef("--resume: the ranges of --quantize %s would be those of some lines alone; give --calibrate or --ranges", *f.Quantize)
	case ranged && f.Calibrate == "" && f.Ranges == "" && t.Shard != nil:
		return usagef("--shard: the ranges of --quantize %s would be those of some lines alone; give --calibrate or --ranges", *f.Quantize)
	case f.Calibrate == "-" && t.Input == "-":
		return usagef("--calibrate - and --input - cannot both read standard input")
	}
	return nil
}

// A quantizer makes whole numbers of vectors.
type quantizer struct {
	kind   string
	ranges *pipeline.Ranges
	own    bool // the ranges are those of the vectors themselves
	seen   int  // vectors that the ranges are of
}

// quantizer is nil if the flags ask for none.
func (f *quantizeFlags) quantizer(ctx context.Context, s *session, e *pipeline.Embedder) (*quantizer, error) {
	if f.Quantize == nil {
		return nil, nil
	}
	q := &quantizer{kind: *f.Quantize, ranges: &pipeline.Ranges{}}
	switch {
	case f.Ranges != "":
		r, err := pipeline.OpenRanges(f.Ranges)
		if err != nil {
			return nil, err
		}
		if len(r.Min) != e.Dim() {
			return nil, fmt.Errorf("%s has ranges of %d values, and the vectors have %d", f.Ranges, len(r.Min), e.Dim())
		}
		q.ranges = r
	case f.Calibrate != "":
		err := embedFile(ctx, s, e, f.Calibrate, func(_ *item, v []float32) error { return q.ranges.Add(v) })
		if err != nil {
			return nil, err
		}
		if q.ranges.Min == nil {
			return nil, fmt.Errorf("%s has no line to take ranges from", f.Calibrate)
		}
	default:
		q.own = q.kind == "int8" || q.kind == "uint8"
	}
	return q, nil
}

// see is told of every vector. Its error is about the vector.
func (q *quantizer) see(v []float32) error {
	if err := finite("embedding", v...); err != nil || !q.own {
		return err
	}
	q.seen++
	return q.ranges.Add(v)
}

// enough is how many vectors ranges should be of. sentence-transformers warns below it.
const enough = 100

// warn says that ranges are those of too few vectors to mean anything.
func (q *quantizer) warn(s *session) {
	if q.own && q.seen < enough {
		s.log.Warn("the ranges of the quantised values are those of few vectors, and other vectors need the same ones: give --calibrate or --ranges", "vectors", q.seen)
	}
}

// integers quantises a vector.
func (q *quantizer) integers(v []float32) ([]int, error) {
	switch q.kind {
	case "int8":
		x, err := pipeline.QuantizeInt8(v, q.ranges)
		return integers(x), err
	case "uint8":
		x, err := pipeline.QuantizeUint8(v, q.ranges)
		return integers(x), err
	case "binary":
		x, err := pipeline.QuantizeBinary(v)
		return integers(x), err
	}
	x, err := pipeline.QuantizeUbinary(v)
	return integers(x), err
}

func integers[E int8 | uint8](x []E) []int {
	out := make([]int, len(x))
	for i, v := range x {
		out[i] = int(v)
	}
	return out
}

type integersLine struct {
	Embedding []int `json:"embedding" table:"columns"`
}

// writeLines makes a task write quantised vectors as lines. If the ranges are their
// own, lines with the vectors wait until all are there.
func (q *quantizer) writeLines(t *task[pipeline.Input, outcome[[]float32]], s *session) {
	line := func(v []float32) (any, error) {
		x, err := q.integers(v)
		return integersLine{x}, err
	}
	wait := &waitingLines{spool: &spool{out: &outputFile{}, memory: spoolMemory}}
	if q.own {
		s.out.held = newOutput(wait)
		line = func(v []float32) (any, error) { return embeddingLine{v}, nil }
	}
	t.result = func(_ int, _ pipeline.Input, o outcome[[]float32]) (any, error) {
		if o.err == nil {
			o.err = q.see(o.answer)
		}
		if o.err != nil {
			return nil, o.err
		}
		return line(o.answer)
	}
	if !q.own {
		return
	}
	t.end = func(int) error {
		defer wait.spool.close()
		q.warn(s)
		if err := s.out.held.flush(); err != nil {
			return err
		}
		s.out.held = nil
		return wait.each(func(data []byte) error {
			var l struct {
				ID        json.RawMessage `json:"id"`
				Embedding []float32       `json:"embedding"` // the very vector: its digits read back as the same float32
				Error     *string         `json:"error"`
			}
			if err := json.Unmarshal(data, &l); err != nil {
				return err
			}
			if l.Error != nil {
				return s.out.write(l.ID, errorLine{*l.Error})
			}
			x, err := q.integers(l.Embedding)
			if err != nil {
				return err
			}
			return s.out.write(l.ID, integersLine{x})
		})
	}
}

// waitingLines are lines that are written later.
type waitingLines struct {
	*spool
	parts []func(io.Writer) error
}

// Write is called by an output.
func (w *waitingLines) Write(p []byte) (int, error) {
	write, _, err := w.keep(bytes.Clone(p))
	if err != nil {
		return 0, err
	}
	w.parts = append(w.parts, write)
	return len(p), nil
}

// each calls f for each line.
func (w *waitingLines) each(f func(line []byte) error) error {
	r, pipe := io.Pipe()
	defer r.Close()
	go func() {
		var err error
		for _, write := range w.parts {
			if err = write(pipe); err != nil {
				break
			}
		}
		pipe.CloseWithError(err)
	}()
	br := bufio.NewReaderSize(r, 1<<16)
	for {
		line, err := br.ReadBytes('\n')
		if err == io.EOF {
			return nil // every line has its end
		}
		if err == nil {
			err = f(line)
		}
		if err != nil {
			return err
		}
	}
}

// A packedRows makes a tensor of whole numbers from one of float32 when it is written.
type packedRows struct {
	dtype weights.DType
	width int // numbers in a row
	pack  func(row []float32) ([]int, error)
}

// rows is how the quantizer packs the rows of a tensor of dim columns. A row of NaN, of
// a line that failed, becomes zeros.
func (q *quantizer) rows(dim int) *packedRows {
	p := &packedRows{dtype: weights.U8, width: dim}
	if q.kind == "int8" || q.kind == "binary" {
		p.dtype = weights.I8
	}
	if q.kind == "binary" || q.kind == "ubinary" {
		p.width = (dim + 7) / 8
	}
	p.pack = func(row []float32) ([]int, error) {
		if math.IsNaN(float64(row[0])) {
			return make([]int, p.width), nil
		}
		return q.integers(row)
	}
	return p
}

// entry is a tensor of float32 rows, packed.
func (p *packedRows) entry(e weights.Entry) weights.Entry {
	write, row := e.Write, make([]float32, e.Shape[1])
	e.DType, e.Shape = p.dtype, []int{e.Shape[0], p.width}
	e.Write = func(w io.Writer) error { return write(&packedWriter{packedRows: p, w: w, row: row}) }
	return e
}

// A packedWriter gets the bytes of float32 rows and writes whole numbers.
type packedWriter struct {
	*packedRows
	w    io.Writer
	row  []float32
	rest []byte // the beginning of a row
	out  []byte
}

func (p *packedWriter) Write(data []byte) (int, error) {
	p.rest, p.out = append(p.rest, data...), p.out[:0]
	n := 4 * len(p.row)
	all := p.rest
	for ; len(all) >= n; all = all[n:] {
		for i := range p.row {
			p.row[i] = math.Float32frombits(binary.LittleEndian.Uint32(all[4*i:]))
		}
		numbers, err := p.pack(p.row)
		if err != nil {
			return 0, err
		}
		for _, v := range numbers {
			p.out = append(p.out, byte(v))
		}
	}
	p.rest = p.rest[:copy(p.rest, all)]
	if _, err := p.w.Write(p.out); err != nil {
		return 0, err
	}
	return len(data), nil
}
