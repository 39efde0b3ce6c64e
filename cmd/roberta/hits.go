package main

import "encoding/json"

// A hitsLine lists what a query found, or documents in their order.
type hitsLine struct {
	Hits  []hit `json:"hits"`
	texts bool  // hits may have some: a table has a column for them
}

type hit struct {
	ID    json.RawMessage `json:"id,omitempty"` // of the document
	Index int             `json:"index"`
	Score float32         `json:"score"`
	Text  *string         `json:"text,omitempty"`
}

// table is the line as rows, in which the column id is the query's.
func (l hitsLine) table() any {
	if !l.texts {
		return tableOf(l.Hits, func(h hit) hitRow { return hitRow{h.ID, h.Index, h.Score} })
	}
	type textRow struct {
		ID    json.RawMessage `json:"document_id"`
		Index int             `json:"index"`
		Score float32         `json:"score"`
		Text  *string         `json:"text"`
	}
	return tableOf(l.Hits, func(h hit) textRow { return textRow(h) })
}

type hitRow struct {
	ID    json.RawMessage `json:"document_id"`
	Index int             `json:"index"`
	Score float32         `json:"score"`
}

func tableOf[R any](hits []hit, row func(hit) R) any {
	var rows struct {
		Hits []R `json:"hits"`
	}
	for _, h := range hits {
		rows.Hits = append(rows.Hits, row(h))
	}
	return rows
}
