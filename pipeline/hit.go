package pipeline

// A Hit is a vector of an Index that is like a query's, or a document that a Reranker was
// given.
type Hit struct {
	Index int     `json:"index"` // of the vector or document, from 0
	Score float32 `json:"score"` // for an Index that of Similarity.Score, bit for bit
}
