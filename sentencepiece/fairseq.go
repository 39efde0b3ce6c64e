package sentencepiece

import (
	"fmt"
	"strings"

	"github.com/goroberta/goroberta/tokenizer"
)

// A Dictionary numbers the symbols of a fairseq model. *bpe.Dictionary is one.
type Dictionary interface {
	Len() int
	Symbol(id int) string
	// Lookup returns the id of symbol. Of several ids, as #fairseq:overwrite in dict.txt
	// makes them, it is the last one.
	Lookup(symbol string) (id int, ok bool)
	// What fairseq calls bos(), pad(), eos() and unk(), and the id of <mask> or -1.
	Bos() int
	Pad() int
	Eos() int
	Unk() int
	Mask() int
}

// NewFairseq returns the tokenizer of a model that fairseq trained, such as XLM-R and
// CamemBERT: pieces are looked up in its dictionary. d should have <mask>, if the model
// does.
//
// Ids are those of fairseq's encode. It writes the pieces with spaces between, so white
// space in a piece, which the normaliser leaves of U+0085 for one, cuts it in two or
// removes it. Nothing in a text is special. Unknown text is the dictionary's unk(); <s>
// and </s> around a text are looked up by their names, so that CamemBERT's are 5 and 6.
//
// Decoding is fairseq's, which drops and cuts at the ids 0 and 2 alone. So it leaves
// CamemBERT's <s> and </s>, 5 and 6, in the text: here they are Symbols. Where they are
// not wanted, tokenizer.DecodeSkipSpecial leaves them out.
//
// The error wraps ErrDictionary if the dictionary lacks <s> or </s> or does not have any
// piece of the model. Pieces that it lacks are <unk>: see Tokenizer.Missing.
func NewFairseq(m *Model, d Dictionary) (*Tokenizer, error) {
	bos, ok := d.Lookup("<s>")
	eos, also := d.Lookup("</s>")
	if !ok || !also {
		return nil, fmt.Errorf("sentencepiece: %s: %w: it has no <s> or </s>", m.name, ErrDictionary)
	}
	t := &Tokenizer{
		model:    m,
		special:  tokenizer.Special{BOS: bos, Pad: d.Pad(), EOS: eos, Unk: d.Unk(), Mask: d.Mask()},
		template: tokenizer.Roberta(bos, eos),
		entries:  make([]entry, d.Len()),
		toID:     make([]int32, m.Len()),
		parts:    map[int][]part{},
		names:    map[string]int32{},
		cutsUp:   true,
		trimEnd:  eos == d.Eos(),
	}
	found := 0
	look := func(symbol string) int {
		id, ok := d.Lookup(symbol)
		if !ok {
			return d.Unk()
		}
		return id
	}
	for n := range m.pieces {
		p := &m.pieces[n]
		whole := true
		var parts []part
		for from, to := range fields([]byte(p.text)) {
			whole = to-from == len(p.text)
			parts = append(parts, part{from, to, look(p.text[from:to])})
		}
		if len(parts) == 0 || !whole {
			t.toID[n] = cutUp
			t.parts[n] = parts
			continue
		}
		t.toID[n] = int32(parts[0].id)
		if p.kind == Normal || p.kind == UserDefined {
			if _, ok := d.Lookup(p.text); ok {
				found++
			} else {
				t.missing++
			}
		}
	}
	if found == 0 {
		return nil, fmt.Errorf("sentencepiece: %s: %w: it has none of the model's %d pieces", m.name, ErrDictionary, m.Len())
	}
	for id := range t.entries {
		symbol := d.Symbol(id)
		e := entry{symbol, tokenizer.Text, -1}
		if piece, ok := m.Lookup(symbol); ok {
			e = m.entry(piece, tokenizer.Text)
		} else {
			t.names[symbol] = int32(look(symbol))
		}
		if _, ok := m.reserved[symbol]; ok {
			t.names[symbol] = int32(look(symbol))
		}
		switch {
		case id == d.Bos() || id == d.Eos():
			e.kind = tokenizer.Marker
		case symbol == "<s>" || symbol == "</s>":
			e.kind = tokenizer.Symbol
		case id == d.Pad() || strings.HasPrefix(symbol, "madeupword"):
			e.kind = tokenizer.Filler
		case symbol == "<unk>" || symbol == "<mask>":
			e.kind = tokenizer.Symbol
		}
		t.entries[id] = e
	}
	return t, nil
}
