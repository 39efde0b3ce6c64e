package robertabeam

import (
	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/goroberta/goroberta/pipeline"
)

// Embed makes a vector of each text: Result[[]float32]. See pipeline.Embedder.
func Embed(s beam.Scope, c Config, col beam.PCollection) (results, failures beam.PCollection) {
	return Run[[]float32](s, c, taskEmbed, col)
}

// Classify gives each text, or pair of texts, labels: Result[[]pipeline.Label]. See
// pipeline.Classifier.
func Classify(s beam.Scope, c Config, col beam.PCollection) (results, failures beam.PCollection) {
	return Run[[]pipeline.Label](s, c, taskClassify, col)
}

// Tag finds the entities of each text: Result[pipeline.Tagging]. See pipeline.Tagger.
func Tag(s beam.Scope, c Config, col beam.PCollection) (results, failures beam.PCollection) {
	return Run[pipeline.Tagging](s, c, taskTag, col)
}

// Answer finds answers to questions in their contexts: Result[[]pipeline.Answer]. Elements
// are pipeline.Question, or a pipeline.Input of the question and the context. See
// pipeline.Reader.
func Answer(s beam.Scope, c Config, col beam.PCollection) (results, failures beam.PCollection) {
	return Run[[]pipeline.Answer](s, c, taskAnswer, col)
}

// FillMask fills the masks of each text: Result[pipeline.Fills]. See pipeline.Filler.
func FillMask(s beam.Scope, c Config, col beam.PCollection) (results, failures beam.PCollection) {
	return Run[pipeline.Fills](s, c, taskFillMask, col)
}

// Score says how likely each text is: Result[pipeline.Score]. See pipeline.Scorer.
func Score(s beam.Scope, c Config, col beam.PCollection) (results, failures beam.PCollection) {
	return Run[pipeline.Score](s, c, taskScore, col)
}
