package main

import "encoding/json"

// A hitsLine lists what a query found, or documents in their order.
type hitsLine struct {
	Hits []hit `json:"hits"`
}

type hit struct {
	ID    json.RawMessage `json:"id,omitempty"` // of the document
	Index int             `json:"index"`
	Score float32         `json:"score"`
	Text  *string         `json:"text,omitempty"`
}

// table is the line as rows, in which the column id is the query's.
func (l hitsLine) table() any {
	type row struct {
		ID    json.RawMessage `json:"document_id"`
		Index int             `json:"index"`
		Score float32         `json:"score"`
		Text  *string         `json:"text"`
	}
	var rows struct {
		Hits []row `json:"hits"`
	}
	for _, h := range l.Hits {
		rows.Hits = append(rows.Hits, row(h))
	}
	return rows
}
