package bpe

import (
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/goroberta/goroberta/tokenizer"
)

// An Encoder is a byte-level BPE of GPT-2's kind: it cuts text into pieces by a
// pattern and merges each piece's bytes into tokens. Every Go string can be
// encoded, and decoding gives its bytes back, valid UTF-8 or not.
//
// An Encoder doesn't change and may be used by any number of goroutines. Inside
// it keeps a cache of the words seen last, of about 4 MB at most.
type Encoder struct {
	vocabulary *vocabulary
	file       string   // name of the file of tokens, for errors
	pattern    *pattern // nil for GPT-2's, which nextPiece knows
	words      *words
}

// An Option changes how New and Load make an Encoder.
type Option func(*options) error

type options struct{ pattern *pattern }

// WithPattern makes the Encoder cut text with a regular expression of the
// caller's, in the syntax of github.com/dlclark/regexp2, in place of GPT-2's.
// Stretches of text that the pattern doesn't match become pieces of their own,
// so nothing is lost; empty matches are passed over. A byte that is not UTF-8
// looks like U+FFFD to the pattern and still comes out as itself.
//
// A pattern that needs more than a second, or too much memory, for one match
// gives up: see Encoder.TryAppend. A pattern that does not compile, or has more
// than 4096 bytes, is a *PatternError. Own patterns are some ten times slower than the built-in
// scanner.
func WithPattern(expr string) Option {
	return func(o *options) error {
		p, err := compilePattern(expr)
		o.pattern = p
		return err
	}
}

// New returns the Encoder that GPT-2's two files describe: encoder.json, an
// object of tokens and ids, and vocab.bpe, a merge a line. Hugging Face's
// vocab.json and merges.txt are the same two files.
//
// Ids may be any integers from 0 to 2^31−1, with gaps. All 256 bytes need a
// token, and merges may only use and make tokens that exist. What is wrong with
// a file is told by a *VocabularyError, which calls the files by these names
// unless the readers have a Name method, as an *os.File has.
func New(encoderJSON, vocabBPE io.Reader, opts ...Option) (*Encoder, error) {
	return newEncoder(encoderJSON, nameOf(encoderJSON, "encoder.json"), vocabBPE, nameOf(vocabBPE, "vocab.bpe"), opts)
}

func nameOf(r io.Reader, name string) string {
	if f, ok := r.(interface{ Name() string }); ok {
		return f.Name()
	}
	return name
}

// Load returns the Encoder whose files lie at the top of fsys: encoder.json
// and vocab.bpe, or else vocab.json and merges.txt. If neither pair is there,
// the error is fs.ErrNotExist in a *VocabularyError that names what is missing.
func Load(fsys fs.FS, opts ...Option) (*Encoder, error) {
	var missing []string
	for _, names := range [][2]string{{"encoder.json", "vocab.bpe"}, {"vocab.json", "merges.txt"}} {
		var files [2]fs.File
		for i, name := range names {
			f, err := fsys.Open(name)
			if errors.Is(err, fs.ErrNotExist) {
				missing = append(missing, name)
				break
			}
			if err != nil {
				return nil, &VocabularyError{File: name, Err: err}
			}
			defer f.Close()
			files[i] = f
		}
		if files[1] != nil {
			return newEncoder(files[0], names[0], files[1], names[1], opts)
		}
	}
	return nil, &VocabularyError{File: strings.Join(missing, " and "), Err: fs.ErrNotExist}
}

func newEncoder(encoderJSON io.Reader, encoderName string, vocabBPE io.Reader, mergesName string, opts []Option) (*Encoder, error) {
	var o options
	for _, opt := range opts {
		if err := opt(&o); err != nil {
			return nil, err
		}
	}
	text, err := readFile(encoderJSON, maxFile)
	if err != nil {
		return nil, &VocabularyError{File: encoderName, Err: err}
	}
	entries, err := parseEncoder(text, encoderName)
	if err != nil {
		return nil, err
	}
	text, err = readFile(vocabBPE, maxFile)
	if err != nil {
		return nil, &VocabularyError{File: mergesName, Err: err}
	}
	merges, err := parseMerges(text, mergesName)
	if err != nil {
		return nil, err
	}
	v, err := newVocabulary(entries, merges, encoderName, mergesName)
	if err != nil {
		return nil, err
	}
	return &Encoder{vocabulary: v, file: encoderName, pattern: o.pattern, words: new(words)}, nil
}

// Len returns the number of tokens.
func (e *Encoder) Len() int { return e.vocabulary.len() }

// Encode returns the ids of s. No text is special: "<|endoftext|>" is
// encoded letter by letter like any other. The empty string has no ids.
//
// With a pattern of the caller's that gives up on s, the text from there on is
// one piece: still a faithful encoding, though not the one the pattern meant.
// TryAppend reports it.
func (e *Encoder) Encode(s string) []int { return e.Append(nil, s) }

// Append appends the ids of s to dst and returns it, as Encode does. Apart from
// growing dst it allocates only for pieces that are not in the cache.
func (e *Encoder) Append(dst []int, s string) []int {
	dst, _ = e.TryAppend(dst, s)
	return dst
}

// TryAppend is Append with an error, a *PatternError, if a caller's pattern
// gave up on s. dst then ends with the ids of the text before the error's
// Offset and those of the rest as one piece. Without WithPattern the error is
// always nil.
func (e *Encoder) TryAppend(dst []int, s string) ([]int, error) {
	if e.pattern != nil {
		err := e.pattern.split(s, func(start, end int) {
			dst = e.appendPiece(dst, s, start, end)
		})
		return dst, err
	}
	for start := 0; start < len(s); {
		end := nextPiece(s, start)
		dst = e.appendPiece(dst, s, start, end)
		start = end
	}
	return dst, nil
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
// the piece wherever no token has those two bytes side by side, since no merge
// can reach across: Chinese, for example, falls into single characters, which
// are cached.
func (e *Encoder) appendLong(dst []int, s string, start, end int) []int {
	v := e.vocabulary
	for start < end {
		cut := start + 1
		for cut < end && v.adjacent.has(s[cut-1], s[cut]) {
			cut++
		}
		switch n := cut - start; {
		case n <= longestWord:
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

// Decode returns the text of ids. Parts that are not UTF-8, as where the ids
// end within a character, become U+FFFD, one for each maximal ill-formed part
// as in Python. The error is an *IDError if an id is no token's.
func (e *Encoder) Decode(ids []int) (string, error) {
	b, err := e.DecodeBytes(nil, ids)
	if err != nil {
		return "", err
	}
	return tokenizer.ToValidUTF8(b), nil
}

// DecodeBytes appends the bytes of ids to dst, exactly as they were encoded. On
// an *IDError dst holds the bytes of the ids before the wrong one.
func (e *Encoder) DecodeBytes(dst []byte, ids []int) ([]byte, error) {
	for i, id := range ids {
		t, ok := e.vocabulary.find(id)
		if !ok {
			return dst, &IDError{id, i}
		}
		dst = append(dst, e.vocabulary.token(t)...)
	}
	return dst, nil
}

// TokenBytes returns the bytes of a token, and whether id is a token's. The
// caller owns the slice.
func (e *Encoder) TokenBytes(id int) ([]byte, bool) {
	t, ok := e.vocabulary.find(id)
	if !ok {
		return nil, false
	}
	return []byte(e.vocabulary.token(t)), true
}

// Dictionary returns the dictionary of a vocabulary whose ids are the model's
// own, as Hugging Face's vocab.json for RoBERTa has them: <s>, <pad>, </s> and
// <unk> have the ids 0 to 3. For any other vocabulary the error is a
// *VocabularyError; GPT-2's encoder.json, for one, needs fairseq's dict.txt.
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
