// Command beam answers the lines of any number of files on Apache Beam: on this machine by
// Beam's Prism runner, or on Flink, Spark or Dataflow with the same flags.
//
//	go run ./examples/beam --input 'texts/*.jsonl' --output vectors/ --task embed
//	go run ./examples/beam --input 'texts/*.jsonl.gz' --output labels/ --task classify --head sentiment
//	go run ./examples/beam … --runner universal --endpoint localhost:8099 --environment_type LOOPBACK
//
// Lines and results are those of the roberta command. README.md has more.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/local"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/x/beamx"
	robertabeam "github.com/goroberta/goroberta/beam"
	"github.com/goroberta/goroberta/models/pocket"
	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
)

var (
	input       = flag.String("input", "", "`GLOB` of the files to read: lines of JSON, .gz and .zst among them")
	output      = flag.String("output", "", "`PREFIX` of the files to write; one that ends with / is a folder")
	model       = flag.String("model", "pocket", "checkpoint `PATH` on the workers, or pocket for the model inside the program")
	task        = flag.String("task", "embed", "embed, classify, tag, answer, fill-mask or score")
	head        = flag.String("head", "", "the head that classify, tag and answer read, if the model has several")
	topK        = flag.Int("topk", 0, "how many labels, answers or words to give (0: the task's default)")
	threads     = flag.Int("threads", 0, "threads of a worker process (0: as many as it has cores)")
	precision   = flag.String("precision", "", "fp32, bf16 or int8 (default: what the model's file has)")
	shard       = flag.Int64("shard", robertabeam.ShardSize, "bytes of input for each file of output")
	compression = flag.String("compression", "", "of the output: none (default), gz or zst")
)

// Workers run this program too: what they need by name is registered here.
func init() { robertabeam.RegisterModel("pocket", pocket.Open) }

func main() {
	flag.Parse()
	if err := robertabeam.Init(); err != nil { // does not return on a worker
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	p, err := build()
	if err != nil {
		return err
	}
	return beamx.Run(ctx, p)
}

func build() (*beam.Pipeline, error) {
	z, ok := map[string]robertabeam.Compression{"": robertabeam.NoCompression, "none": robertabeam.NoCompression, "gz": robertabeam.Gzip, "zst": robertabeam.Zstd}[*compression]
	tasks := []string{"embed", "classify", "tag", "answer", "fill-mask", "score"}
	switch {
	case *input == "" || *output == "":
		return nil, fmt.Errorf("--input and --output are needed")
	case *shard < 1:
		return nil, fmt.Errorf("--shard %d: want at least 1 byte", *shard)
	case !ok:
		return nil, fmt.Errorf("--compression %s: want none, gz or zst", *compression)
	case overlap(*input, *output, "-00000.jsonl"+string(z)):
		return nil, fmt.Errorf("--output %s: the next run would read its files, because --input %s matches them; write to another folder", *output, *input)
	case !slices.Contains(tasks, *task):
		return nil, fmt.Errorf("--task %s: want one of %v", *task, tasks)
	}
	p, s := beam.NewPipelineWithRoot()
	c := robertabeam.Config{Model: *model, Threads: *threads, Head: *head, TopK: *topK}
	if *precision != "" {
		c.Precision = new(roberta.Precision)
		if err := c.Precision.UnmarshalText([]byte(*precision)); err != nil {
			return nil, err
		}
	}
	lines, unread := robertabeam.ReadLines(s, *input, *shard)
	var results, failures beam.PCollection
	switch *task {
	case "embed":
		results, failures = robertabeam.Embed(s, c, lines)
		robertabeam.WriteLines[[]float32](s, *output, z, results)
	case "classify":
		results, failures = robertabeam.Classify(s, c, lines)
		robertabeam.WriteLines[[]pipeline.Label](s, *output, z, results)
	case "tag":
		results, failures = robertabeam.Tag(s, c, lines)
		robertabeam.WriteLines[pipeline.Tagging](s, *output, z, results)
	case "answer":
		results, failures = robertabeam.Answer(s, c, lines)
		robertabeam.WriteLines[[]pipeline.Answer](s, *output, z, results)
	case "fill-mask":
		results, failures = robertabeam.FillMask(s, c, lines)
		robertabeam.WriteLines[pipeline.Fills](s, *output, z, results)
	case "score":
		results, failures = robertabeam.Score(s, c, lines)
		robertabeam.WriteLines[pipeline.Score](s, *output, z, results)
	}
	robertabeam.WriteFailures(s, *output, z, unread, failures)
	return p, nil
}

// class is a class of characters in a pattern, [abc] or [^abc]. Its first one is a
// character that it matches: ^ is none of those that it leaves out.
var class = regexp.MustCompile(`\[(.)[^]]*\]`)

// overlap is true if a pattern matches what is written for one of the files that it
// matches, so that the next run would take answers for texts.
func overlap(pattern, prefix, end string) bool {
	folder, base := path.Split(path.Clean(pattern))
	out, first := path.Split(prefix)
	if same, err := path.Match(path.Clean(folder), path.Clean(out)); err != nil || !same {
		return false
	}
	file := strings.NewReplacer("*", "", "?", "x").Replace(class.ReplaceAllString(base, "$1"))
	both, err := path.Match(base, first+file+end)
	return err == nil && both
}
