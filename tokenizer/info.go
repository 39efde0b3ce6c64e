package tokenizer

// Info says where a tokenizer came from, and what its files say beyond how text
// becomes tokens. Nothing of it is applied unasked.
type Info struct {
	Kind string // such as "byte-level BPE" or "unigram"
	File string // the file that decides it, as it is called on disk; "" for GPT-2's built-in vocabulary

	// MaxLength is the longest input in tokens, special tokens included: max_seq_length
	// of sentence_bert_config.json, else model_max_length of tokenizer_config.json. It
	// is 0 if no file says so. It may be more than a model has positions for.
	MaxLength    int
	TruncateLeft bool // truncation_side of tokenizer_config.json is left

	Truncation *Limit   // section "truncation" of tokenizer.json; nil without
	Padding    *Padding // section "padding" of tokenizer.json; nil without

	Notes []string // what a user of the tokenizer should know
}

// Padding is how a tokenizer.json fills inputs up.
type Padding struct {
	Length     int  // of every input; 0: as long as the longest of a batch
	MultipleOf int  // lengths are rounded up to a multiple of this; 0: they are not
	Left       bool // pads come before the tokens
	ID, Type   int  // of a pad
}
