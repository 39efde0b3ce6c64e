package robertabeam

import (
	"github.com/goroberta/goroberta/pipeline"
	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// A Config says which model a transform opens on its workers and how it answers. It
// travels to the workers as JSON. The fields from Limit on are the options of package
// pipeline with the same names, and their zero values leave the options out; an empty list
// is not nil. One that the
// task does not have is an error when a worker starts.
type Config struct {
	// Model is the path of a model on the workers, as roberta.Open takes it, or a name
	// that RegisterModel was given.
	Model string `json:"model"`
	// Threads is how many threads a worker process computes with; 0: GOMAXPROCS. See
	// roberta.WithThreads.
	Threads int `json:"threads,omitempty"`
	// Precision is the arithmetic of the model's matrices; nil: what its file has. See
	// roberta.WithPrecision.
	Precision *roberta.Precision `json:"precision,omitempty"`
	// Batch is how many tokens are computed at a time; 0: 4096. See pipeline.WithBatch.
	Batch int `json:"batch,omitempty"`
	// Hold is how many bytes of texts a bundle collects before they are computed; 0: 256
	// KiB. A text that is longer is computed at once, with those that wait before it.
	Hold int `json:"hold,omitempty"`

	Limit       *tokenizer.Limit     `json:"limit,omitempty"`
	Windows     *int                 `json:"windows,omitempty"` // tokens that neighbours share
	Join        pipeline.Join        `json:"join,omitempty"`
	Head        string               `json:"head,omitempty"`
	Function    *roberta.Function    `json:"function,omitempty"`
	TopK        int                  `json:"top_k,omitempty"`
	Aggregation pipeline.Aggregation `json:"aggregation,omitempty"`
	Ignore      []string             `json:"ignore,omitzero"` // []string{}: no label, nil: the default
	Characters  bool                 `json:"characters,omitempty"`
	Pooling     []pipeline.Pooling   `json:"pooling,omitzero"`
	Normalize   *bool                `json:"normalize,omitempty"`
	TruncateDim int                  `json:"truncate_dim,omitempty"`
	Prompt      *string              `json:"prompt,omitempty"`
	PromptName  string               `json:"prompt_name,omitempty"`
	MaxAnswer   int                  `json:"max_answer,omitempty"` // tokens
	Impossible  bool                 `json:"impossible,omitempty"`
	Unaligned   bool                 `json:"unaligned,omitempty"` // WithoutAlignment
	Targets     []string             `json:"targets,omitzero"`
	Joint       int                  `json:"joint,omitempty"` // the width of the beam
	WordL2R     bool                 `json:"word_l2r,omitempty"`
}

// hold is the default of Config.Hold: some sixteen batches of the default size.
const hold = 256 << 10

// Options are the options of package pipeline that c stands for.
func (c Config) Options() []pipeline.Option {
	var opts []pipeline.Option
	add := func(given bool, o func() pipeline.Option) {
		if given {
			opts = append(opts, o())
		}
	}
	add(c.Batch != 0, func() pipeline.Option { return pipeline.WithBatch(c.Batch) })
	add(c.Limit != nil, func() pipeline.Option { return pipeline.WithLimit(*c.Limit) })
	add(c.Windows != nil, func() pipeline.Option { return pipeline.WithWindows(*c.Windows) })
	add(c.Join != "", func() pipeline.Option { return pipeline.WithJoin(c.Join) })
	add(c.Head != "", func() pipeline.Option { return pipeline.WithHead(c.Head) })
	add(c.Function != nil, func() pipeline.Option { return pipeline.WithFunction(*c.Function) })
	add(c.TopK != 0, func() pipeline.Option { return pipeline.WithTopK(c.TopK) })
	add(c.Aggregation != "", func() pipeline.Option { return pipeline.WithAggregation(c.Aggregation) })
	add(c.Ignore != nil, func() pipeline.Option { return pipeline.WithIgnore(c.Ignore...) })
	add(c.Characters, pipeline.WithCharacters)
	add(c.Pooling != nil, func() pipeline.Option { return pipeline.WithPooling(c.Pooling...) })
	add(c.Normalize != nil, func() pipeline.Option { return pipeline.WithNormalize(*c.Normalize) })
	add(c.TruncateDim != 0, func() pipeline.Option { return pipeline.WithTruncateDim(c.TruncateDim) })
	add(c.Prompt != nil, func() pipeline.Option { return pipeline.WithPrompt(*c.Prompt) })
	add(c.PromptName != "", func() pipeline.Option { return pipeline.WithPromptName(c.PromptName) })
	add(c.MaxAnswer != 0, func() pipeline.Option { return pipeline.WithMaxAnswer(c.MaxAnswer) })
	add(c.Impossible, pipeline.WithImpossible)
	add(c.Unaligned, pipeline.WithoutAlignment)
	add(c.Targets != nil, func() pipeline.Option { return pipeline.WithTargets(c.Targets...) })
	add(c.Joint != 0, func() pipeline.Option { return pipeline.WithJoint(c.Joint) })
	add(c.WordL2R, pipeline.WithWordL2R)
	return opts
}
