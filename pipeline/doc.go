// Package pipeline answers questions about texts with a RoBERTa model: which label a
// text has, what entities are in it, where an answer stands, which of many documents fits a
// query, which vector stands for it. Text goes in, answers
// come out; tokens, batches, softmax and pooling are taken care of.
//
//	m, err := roberta.Open("twitter-roberta-base-sentiment")
//	if err != nil { … }
//	defer m.Close()
//	c, err := pipeline.NewClassifier(m)
//	labels, err := c.Classify(ctx, "What a lovely day")  // [{positive 0.98} {neutral 0.01} …]
//
// docs/glossary.md in the repository explains the field's words: head, logits, pooling,
// window; docs/huggingface.md has Python's calls beside these.
//
// # Pipelines
//
// A [Classifier] gives a text, or a pair of texts, labels with scores. A [Tagger] finds
// entities and where they are. An [Embedder] turns texts into vectors, as the files of a
// sentence-transformers folder say, and a [SparseEmbedder] into SPLADE's sparse ones. A
// [Reader] finds answers to a question in a text (extractive question answering). A
// [Reranker] orders documents by how well they answer a query (a cross-encoder), a [Chooser]
// picks one of several choices (multiple choice), and a [ZeroShot] gives a text labels that
// the model was not trained on. A [Filler] finds words for the masks of a text, and a
// [Scorer] says how likely a text is. Each reads what it needs to know from the model's
// own files, and an option overrides it. The numbers are those of transformers'
// pipelines and of sentence-transformers; where these have an accident, the method's
// comment says what happens instead.
//
// # One text, many, or a sequence
//
// Every pipeline has three methods, named for what it does. A Classifier has Classify for
// one text, ClassifyAll for a slice of inputs, and ClassifySeq for any number of inputs
// that come one by one; a Tagger has Tag, TagAll and TagSeq. ClassifySeq reads as many as
// make a batch, computes them together and yields the answers in order, so its memory does
// not grow; an input that cannot be answered gives its error in its place and costs no
// other. ClassifyAll ends with the first such error. Two things differ: an Embedder's Embed
// takes a slice of texts, as sentence-transformers' encode does, and a Reranker has Rank
// and RankSeq beside Score.
//
//	for labels, err := range c.ClassifySeq(ctx, pipeline.Texts(lines)) { … }
//
// An answer has equal bits alone or in any batch.
//
// # Search
//
// An [Index] holds a corpus of vectors and finds those that are most like a query's,
// by a [Similarity]. It compares all of them. [QuantizeInt8] and its relatives make
// smaller vectors, for an index elsewhere.
//
//	e, err := pipeline.NewEmbedder(m)
//	ix, err := pipeline.NewIndexSeq(e.Similarity(), e.Documents().EmbedSeq(ctx, pipeline.Texts(corpus)))
//	queries, err := e.Queries().Embed(ctx, []string{"Who paints?"})
//	hits, err := ix.Search(ctx, queries, 10)
//
// # Long texts
//
// A text that is too long for the model is an error, a *roberta.LengthError. Nothing is
// cut unasked. [WithLimit] says what may be cut, [WithWindows] reads a text through
// windows. A Reader has windows by itself.
//
// # Other precisions
//
// [Compare] says what a lower precision of a model costs on texts of one's own: labels
// that change, cosines of vectors, perplexity, and how much faster it is. A [Comparer] does
// so for texts that come piece by piece, and [Comparison.Past] says what a user should know.
//
// # Concurrency
//
// Pipelines are immutable and small, and may be used by any number of goroutines. They
// hold their model, which the caller closes. A Comparer is none.
//
// References: transformers 5, pipelines/text_classification.py, token_classification.py
// and zero_shot_classification.py, RobertaForMultipleChoice; transformers 4.57,
// pipelines/question_answering.py; sentence-transformers 6, Pooling, Dense, LayerNorm,
// Normalize, CrossEncoder, SpladePooling and quantize_embeddings; Reimers and Gurevych,
// Sentence-BERT, 2019; Yin, Hay and Roth, Benchmarking Zero-shot Text Classification, 2019;
// Formal et al., SPLADE v2, 2021; Salazar et al., Masked Language Model Scoring, 2020;
// Kauf and Ivanova, A Better Way to Do Masked Language Model Scoring, 2023.
package pipeline
