package pipeline

import (
	"fmt"
	"slices"

	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// An Option changes how a pipeline answers. The New functions return ErrOption for one
// that their pipeline does not have.
type Option func(*options) error

// A kind is one of the pipelines, or several joined by |.
type kind uint16

const (
	classifier kind = 1 << iota
	tagger
	embedder
	reranker
	chooser
	zeroShot
	reader
	filler
	scorer
	sparseEmbedder
	index
	comparer
)

func (k kind) String() string {
	return map[kind]string{
		classifier: "Classifier", tagger: "Tagger", embedder: "Embedder", reranker: "Reranker", chooser: "Chooser", zeroShot: "ZeroShot", reader: "Reader",
		filler: "Filler", scorer: "Scorer", sparseEmbedder: "SparseEmbedder", index: "Index", comparer: "Comparer",
	}[k]
}

type options struct {
	kind   kind // of the pipeline that is made
	limit  tokenizer.Limit
	budget int

	windows bool
	stride  int // of windows
	join    Join

	head     string
	function *roberta.Function
	topK     int

	aggregation Aggregation
	ignore      []string
	characters  bool

	pooling     []Pooling
	normalize   *bool
	truncateDim int
	prompt      *string
	promptName  string

	entailment, contradiction string // names of classes
	labels                    []string
	template                  []string // what stands around the label
	multiLabel                bool

	maxAnswer  int
	impossible bool
	noAlign    bool

	targets []string
	beam    int // 0: not jointly
	wordL2R bool

	threads int
	masks   int
}

// tokenBudget is how many tokens a batch has by default. Throughput hardly grows
// beyond it, and hidden states of so many tokens have 16 MB in a large model.
const tokenBudget = 4096

func newOptions(k kind, opts []Option) (*options, error) {
	o := &options{kind: k, budget: tokenBudget, aggregation: Simple, ignore: []string{"O"}, template: defaultTemplate, maxAnswer: defaultMaxAnswer, masks: 1}
	if k == comparer {
		o.budget = comparedTokens
	}
	for _, opt := range opts {
		if err := opt(o); err != nil {
			return nil, err
		}
	}
	if o.windows { // whichever of WithLimit and WithWindows comes first
		o.limit.Stride = o.stride
	}
	return o, nil
}

// only is an error if the pipeline that is made is none of these.
func (o *options) only(k kind, name string) error {
	if o.kind&k == 0 {
		return fmt.Errorf("%w: a %v has no %s", ErrOption, o.kind, name)
	}
	return nil
}

// WithLimit says how long an input may be and which text of a longer one is cut. A
// Length of 0 is the longest that the model takes: its positions, or for an Embedder
// and where something is cut the smaller number of tokens that its files name. The
// default cuts nothing: an input that is too long is a *roberta.LengthError. Tokens
// that the caller gives are never cut.
func WithLimit(l tokenizer.Limit) Option {
	return func(o *options) error {
		if l.Length < 0 {
			return fmt.Errorf("%w: a longest input of %d tokens", ErrOption, l.Length)
		}
		o.limit = l
		return nil
	}
}

// WithWindows makes a Tagger, a Classifier or an Embedder read a text that is too long
// through windows, whose neighbours share stride tokens. See tokenizer.Template.Windows. A
// Reader has windows of its context anyway, unless WithLimit says what to cut; by default
// they share half of what an input may have, at most 128 tokens.
//
// A Tagger takes each token from the window in which it has most context. An Embedder
// pools the hidden states of all windows as if they were those of one long text: each
// token counts once, in the window in which it has most context, and so do the special
// tokens, those before the text in its first window and those after it in its last. So
// the mean is that over all tokens of the text, and CLS reads the first window alone. A
// pair that is too long is ErrInput for it. A Classifier makes scores of each window, see
// WithJoin.
func WithWindows(stride int) Option {
	return func(o *options) error {
		if stride < 0 {
			return fmt.Errorf("%w: windows that share %d tokens", ErrOption, stride)
		}
		o.windows, o.stride = true, stride
		return o.only(tagger|classifier|embedder|reader, "WithWindows")
	}
}

// A Join makes one score of a label of those that it has in each window of a text.
type Join string

// The ways to join scores.
const (
	JoinMean Join = "mean" // their mean, each window counting as much
	JoinMax  Join = "max"  // the largest; scores of several labels then sum to more than 1
)

// WithJoin sets how a Classifier joins the scores of a text's windows (WithWindows). The
// default is JoinMean. JoinMax finds a label that holds of one window alone.
func WithJoin(j Join) Option {
	return func(o *options) error {
		if j != JoinMean && j != JoinMax {
			return fmt.Errorf("%w: join %.100q, want mean or max", ErrOption, string(j))
		}
		o.join = j
		return o.only(classifier, "WithJoin")
	}
}

// WithBatch sets how many tokens are computed at a time, from 1; an input with more is
// computed by itself. The default is 4096, for a Comparer 1024. Results do not depend on it.
func WithBatch(tokens int) Option {
	return func(o *options) error {
		if tokens < 1 {
			return fmt.Errorf("%w: batches of %d tokens", ErrOption, tokens)
		}
		o.budget = tokens
		return nil
	}
}

// WithHead names the head. The default is the model's only one that serves, and for a
// Comparer all of them. An Embedder reads none.
func WithHead(name string) Option {
	return func(o *options) error {
		o.head = name
		return o.only(classifier|tagger|reranker|chooser|zeroShot|reader|comparer, "WithHead")
	}
}

// WithFunction sets what makes scores of a Classifier's or a Reranker's logits. The
// default is what the model's files say: see roberta.Head and NewReranker.
func WithFunction(f roberta.Function) Option {
	return func(o *options) error {
		if !slices.Contains([]roberta.Function{roberta.Softmax, roberta.Sigmoid, roberta.Identity}, f) {
			return fmt.Errorf("%w: function %.100q", ErrOption, string(f))
		}
		o.function = &f
		return o.only(classifier|reranker, "WithFunction")
	}
}

// WithTopK limits an answer to the k best, from 1: labels of a Classifier and a ZeroShot,
// documents of a Reranker's ranking, of which the default is all; answers of a Reader, of
// which the default is 1, and of a Filler, of which the default is 5.
func WithTopK(k int) Option {
	return func(o *options) error {
		if k < 1 {
			return fmt.Errorf("%w: the best %d", ErrOption, k)
		}
		o.topK = k
		return o.only(classifier|reranker|zeroShot|reader|filler, "WithTopK")
	}
}

// WithAggregation sets how a Tagger makes entities of tokens. The default is Simple.
func WithAggregation(a Aggregation) Option {
	return func(o *options) error {
		if !slices.Contains(aggregations, a) {
			return fmt.Errorf("%w: aggregation %.100q", ErrOption, string(a))
		}
		o.aggregation = a
		return o.only(tagger, "WithAggregation")
	}
}

// WithIgnore names the labels whose entities a Tagger leaves out, none for no labels.
// They are compared with the labels as the entities have them: B-PER with NoAggregation,
// else PER. The default is "O".
func WithIgnore(labels ...string) Option {
	return func(o *options) error {
		o.ignore = slices.Clone(labels)
		return o.only(tagger, "WithIgnore")
	}
}

// WithCharacters makes a Tagger or a Reader count Start and End in characters (Unicode code points)
// instead of bytes.
func WithCharacters() Option {
	return func(o *options) error {
		o.characters = true
		return o.only(tagger|reader, "WithCharacters")
	}
}

// WithPooling makes an Embedder of the hidden states alone, by these poolings one after
// the other, whatever the model's files say. The default is what modules.json says; see
// NewEmbedder for a model without.
func WithPooling(p ...Pooling) Option {
	return func(o *options) error {
		if err := o.only(embedder, "WithPooling"); err != nil {
			return err
		}
		if len(p) == 0 {
			return fmt.Errorf("%w: no pooling", ErrOption)
		}
		for _, one := range p {
			if !slices.Contains(poolings, one) {
				return fmt.Errorf("%w: pooling %.100q, want some of %q", ErrOption, string(one), poolings)
			}
		}
		o.pooling = slices.Clone(p)
		return nil
	}
}

// WithNormalize says whether an Embedder divides its vectors by their lengths. true
// does so at the end, after WithTruncateDim; false leaves out the Normalize modules of
// the model's files. The default is what these say.
func WithNormalize(yes bool) Option {
	return func(o *options) error {
		o.normalize = &yes
		return o.only(embedder, "WithNormalize")
	}
}

// WithTruncateDim makes an Embedder keep the first n values of each vector, as for
// models of Matryoshka representations. The default is what the model's files say
// (truncate_dim), else all of them.
func WithTruncateDim(n int) Option {
	return func(o *options) error {
		if n < 1 {
			return fmt.Errorf("%w: vectors of %d values", ErrOption, n)
		}
		o.truncateDim = n
		return o.only(embedder, "WithTruncateDim")
	}
}

// WithPrompt puts a prompt before each text of an Embedder or SparseEmbedder, or each query
// of a Reranker, "" for none. The default is the prompt that the model's files name as
// default, if they do.
func WithPrompt(prompt string) Option {
	return func(o *options) error {
		o.prompt, o.promptName = &prompt, ""
		return o.only(embedder|sparseEmbedder|reranker, "WithPrompt")
	}
}

// WithPromptName is WithPrompt with a prompt of the model's files, by its name.
func WithPromptName(name string) Option {
	return func(o *options) error {
		if name == "" {
			return fmt.Errorf("%w: a prompt's name is empty", ErrOption)
		}
		o.prompt, o.promptName = nil, name
		return o.only(embedder|sparseEmbedder|reranker, "WithPromptName")
	}
}

// WithTargets names the only words that a Filler may answer with: see
// roberta.Model.Targets. Words of several tokens need WithJoint. The default allows every
// token.
func WithTargets(words ...string) Option {
	return func(o *options) error {
		o.targets = append([]string{}, words...)
		return o.only(filler, "WithTargets")
	}
}

// WithJoint makes a Filler fill all masks of a text together, by a beam of this width, from
// 1: see roberta.Model.FillJointly. By default each is filled while the others stay masked.
func WithJoint(width int) Option {
	return func(o *options) error {
		if width < 1 {
			return fmt.Errorf("%w: a beam of %d", ErrOption, width)
		}
		o.beam = width
		return o.only(filler, "WithJoint")
	}
}

// WithWordL2R makes a Scorer hide a token together with those to its right in the same
// word, so that the pieces of a rare word do not give each other away (Kauf and Ivanova,
// 2023). Words are those of tokenizer.WordIDs.
func WithWordL2R() Option {
	return func(o *options) error {
		o.wordL2R = true
		return o.only(scorer, "WithWordL2R")
	}
}

// WithMasks sets how many tokens of each input a Comparer masks, one at a time, from 0. They
// are chosen by the input's place among all, always the same ones. The default is 1.
func WithMasks(n int) Option {
	return func(o *options) error {
		if n < 0 {
			return fmt.Errorf("%w: %d masks", ErrOption, n)
		}
		o.masks = n
		return o.only(comparer, "WithMasks")
	}
}
