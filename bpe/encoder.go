package bpe

import (
	"maps"
	"slices"

	"github.com/goroberta/goroberta/tokenizer"
)

// An Encoder is a byte-level BPE of GPT-2's kind: it cuts text into pieces by a
// pattern and merges the bytes of each piece into tokens. Every Go string can be
// encoded, and decoding gives its bytes back, valid UTF-8 or not.
//
// An Encoder does not change and may be used by any number of goroutines. It
// caches the ids of recent words, in at most about 4 MB.
type Encoder struct {
	vocabulary *vocabulary
	file       string   // name of the file of tokens, for errors
	pattern    *pattern // nil for GPT-2's, which nextPiece knows
	words      *words
	edition    edition          // with GPT-2's pattern
	whole      map[string]int32 // the ids of pieces that are not merged: see Table.Whole; else nil
}

// Len returns the number of tokens.
func (e *Encoder) Len() int { return e.vocabulary.len() }

// Encode returns the ids of s. No text is special: "<|endoftext|>" is encoded
// letter by letter. The empty string has no ids.
//
// If matching a caller's pattern gives up, the rest of s is one piece. The ids
// still decode to s, but they are not what the pattern asks for; TryAppend
// reports it.
func (e *Encoder) Encode(s string) []int { return e.Append(nil, s) }

// Append appends the ids of s to dst and returns it, as Encode does. Apart from
// growing dst it allocates only for pieces that are not in the cache.
func (e *Encoder) Append(dst []int, s string) []int {
	dst, _ = e.TryAppend(dst, s)
	return dst
}

// TryAppend is Append with an error, a *PatternError, if matching a caller's
// pattern gave up. Then dst ends with the ids of the text before the error's
// Offset and of the rest as one piece. Without WithPattern the error is nil.
func (e *Encoder) TryAppend(dst []int, s string) ([]int, error) {
	if e.pattern != nil {
		err := e.pattern.split(s, func(start, end int) {
			dst = e.appendPiece(dst, s, start, end)
		})
		return dst, err
	}
	for start := 0; start < len(s); {
		end := nextPiece(s, start, e.edition)
		dst = e.appendPiece(dst, s, start, end)
		start = end
	}
	return dst, nil
}

// AppendAfterSpace is Append of a space and s, which is not empty, without
// WithPattern. It does not copy s.
func (e *Encoder) AppendAfterSpace(dst []int, s string) []int {
	end := pieceAfterSpace(s, e.edition)
	if end < longestWord {
		var piece [longestWord]byte
		piece[0] = ' '
		n := 1 + copy(piece[1:], s[:end])
		dst = e.appendPiece(dst, string(piece[:n]), 0, n)
	} else {
		dst = e.AppendPiece(dst, " "+s[:end])
	}
	return e.Append(dst, s[end:])
}

// WithoutWhole returns the Encoder for which these pieces are merged, if Table.Whole
// said of the others that they are not. For any other Encoder it returns e.
func (e *Encoder) WithoutWhole(pieces []string) *Encoder {
	if e.whole == nil {
		return e
	}
	with := *e
	with.words = new(words)
	with.whole = maps.Clone(e.whole)
	for _, p := range pieces {
		delete(with.whole, p)
	}
	return &with
}

// AppendPiece appends the ids of piece, which is not cut by any pattern. An empty
// piece has none.
func (e *Encoder) AppendPiece(dst []int, piece string) []int {
	if piece == "" {
		return dst
	}
	return e.appendPiece(dst, piece, 0, len(piece))
}

// appendPiece appends the ids of s[start:end], one piece.
func (e *Encoder) appendPiece(dst []int, s string, start, end int) []int {
	if end-start > longestWord {
		return e.appendLong(dst, s, start, end)
	}
	key := keyOf(s, start, end)
	w := e.words.find(key)
	if w == nil {
		w = e.addWord(key, s[start:end])
	}
	if w.count == 1 {
		return append(dst, int(w.ids[0]))
	}
	for _, id := range w.all() {
		dst = append(dst, int(id))
	}
	return dst
}

// addWord merges piece and puts it into the cache.
func (e *Encoder) addWord(key wordKey, piece string) *word {
	if id, ok := e.whole[piece]; ok {
		w := &word{wordKey: key, count: 1, ids: [5]int32{id}}
		e.words.add(w)
		return w
	}
	var buf [longestWord]uint32
	tokens := e.vocabulary.mergeShort(buf[:0], piece)
	w := &word{wordKey: key, count: uint8(len(tokens))}
	if len(tokens) > len(w.ids) {
		w.more = new([longestWord]int32)
	}
	ids := w.all()
	for i, t := range tokens {
		ids[i] = e.vocabulary.id(t)
	}
	e.words.add(w)
	return w
}

// appendLong appends the ids of a piece that is too long for the cache. It cuts
// the piece between any two bytes that no token has side by side, since no merge
// can join them. Chinese, for example, falls into single characters, which are
// cached.
func (e *Encoder) appendLong(dst []int, s string, start, end int) []int {
	v := e.vocabulary
	if e.whole != nil {
		if id, ok := e.whole[s[start:end]]; ok {
			return append(dst, int(id))
		}
	}
	for start < end {
		cut := start + 1
		for cut < end && v.adjacent.has(s[cut-1], s[cut]) {
			cut++
		}
		switch n := cut - start; {
		case n <= longestWord && e.whole == nil: // a part of a piece may be merged otherwise than a piece
			dst = e.appendPiece(dst, s, start, cut)
		case n <= shortPiece:
			var buf [shortPiece]uint32
			for _, t := range v.mergeShort(buf[:0], s[start:cut]) {
				dst = append(dst, int(v.id(t)))
			}
		default:
			dst = v.mergeLong(dst, s[start:cut])
		}
		start = cut
	}
	return dst
}

// AppendSpans is Append that also appends, for each id, the bytes of s that it
// stands for. Spans follow one another without gaps from 0 to len(s), and none
// is empty. A token may end in the middle of a character that it shares with
// the next.
func (e *Encoder) AppendSpans(ids []int, spans []tokenizer.Span, s string) ([]int, []tokenizer.Span) {
	n := len(ids)
	ids = e.Append(ids, s)
	spans = slices.Grow(spans, len(ids)-n)
	at := 0
	for _, id := range ids[n:] {
		t, _ := e.vocabulary.find(id)
		end := at + len(e.vocabulary.token(t))
		spans = append(spans, tokenizer.Span{Start: at, End: end})
		at = end
	}
	return ids, spans
}

// Decode returns the text of ids. Bytes that are not UTF-8 become U+FFFD, as
// tokenizer.ToValidUTF8 says. The error is a *tokenizer.IDError if an id has no
// token.
func (e *Encoder) Decode(ids []int) (string, error) {
	b, err := e.DecodeBytes(nil, ids)
	if err != nil {
		return "", err
	}
	return tokenizer.ToValidUTF8(b), nil
}

// DecodeBytes appends the bytes of ids to dst, exactly as they were encoded. On
// a *tokenizer.IDError dst holds the bytes of the ids before the wrong one.
func (e *Encoder) DecodeBytes(dst []byte, ids []int) ([]byte, error) {
	for i, id := range ids {
		t, ok := e.vocabulary.find(id)
		if !ok {
			return dst, &tokenizer.IDError{ID: id, Index: i}
		}
		dst = append(dst, e.vocabulary.token(t)...)
	}
	return dst, nil
}

// TokenBytes returns the bytes of the token with this id, and whether there is
// one. The caller owns the slice.
func (e *Encoder) TokenBytes(id int) ([]byte, bool) {
	t, ok := e.vocabulary.find(id)
	if !ok {
		return nil, false
	}
	return []byte(e.vocabulary.token(t)), true
}

// Dictionary returns the dictionary of a vocabulary whose ids are the model's,
// as in Hugging Face's vocab.json for RoBERTa: <s>, <pad>, </s> and <unk> are 0
// to 3. For any other vocabulary, such as GPT-2's encoder.json, which needs
// fairseq's dict.txt, the error is a *VocabularyError.
func (e *Encoder) Dictionary() (*Dictionary, error) {
	return identityDictionary(e.vocabulary, e.file)
}

// tokenOf returns the token of the vocabulary whose id a dictionary's symbol
// is, in decimal. A nil Encoder has none.
func (e *Encoder) tokenOf(symbol string) (token uint32, ok bool) {
	if e == nil {
		return 0, false
	}
	id, ok := bpeID(symbol)
	if !ok {
		return 0, false
	}
	return e.vocabulary.find(id)
}
