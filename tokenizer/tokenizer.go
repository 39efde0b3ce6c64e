package tokenizer

// A Tokenizer turns one text into the ids of a model's vocabulary and ids back
// into bytes. Special tokens around texts, pairs, limits and the rules of
// decoding are not its concern: the functions of this package add them to any
// Tokenizer.
//
// Its ids are 0 to Len()-1. They may have holes. No method panics for any id or
// any text, and all may be called from any number of goroutines at once.
type Tokenizer interface {
	// Append appends the ids of text, without special tokens around them, and
	// returns the extended slice. Every Go string can be encoded: an
	// implementation states its rule for bytes that are not UTF-8.
	Append(ids []int, text string) []int

	// AppendSpans is Append that also appends, for each id, the bytes of text
	// that it stands for. Spans lie in text, and their ends never decrease. They
	// may be empty, overlap or leave out bytes.
	AppendSpans(ids []int, spans []Span, text string) ([]int, []Span)

	// AppendText appends the bytes that ids stand for when they are read as one
	// text. It leaves out nothing: special tokens are written as their names.
	AppendText(dst []byte, ids []int) []byte

	// Bytes returns the bytes that id stands for alone: its part of a text, or
	// the name of a special token. It returns nil for an id that has neither.
	// The caller owns the slice.
	Bytes(id int) []byte

	// Kind returns what id is. A hole and an id outside the vocabulary are
	// Filler.
	Kind(id int) Kind

	// Len returns the size of the vocabulary, one more than the largest id.
	Len() int

	// Special returns the ids of the special tokens.
	Special() Special

	// Template returns the special tokens that the model wants around texts.
	// The caller must not change it.
	Template() Template
}

// A Span is the half-open range [Start, End) of bytes of a text.
type Span struct{ Start, End int }

// Special holds the ids of a vocabulary's special tokens. An id is -1 if the
// vocabulary has no such token.
type Special struct {
	BOS  int // begins an input: <s>
	Pad  int // fills up rows of a batch: <pad>
	EOS  int // ends a text: </s>
	Unk  int // stands for what the vocabulary lacks: <unk>
	Mask int // stands for a hidden token: <mask>
}

// A Kind says what an id of a vocabulary is.
type Kind uint8

// The kinds, in order: a function that leaves out a kind also leaves out those after it.
const (
	// Text is a part of a text.
	Text Kind = iota
	// Symbol is a special token that Decode writes by its name, such as <mask>
	// and <unk>.
	Symbol
	// Marker is a special token that begins or ends a text, such as <s> and
	// </s>. Decode leaves it out.
	Marker
	// Filler is an id without meaning, such as <pad>, a row that rounds up the
	// size of a vocabulary, and a hole. Decode leaves it out.
	Filler
)
