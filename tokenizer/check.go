package tokenizer

// A Checker is a Tokenizer that some texts have no ids in. Most tokenizers encode every
// string and are none.
type Checker interface {
	Tokenizer
	// Check returns why text cannot be encoded, nil if it can be. Append and AppendSpans
	// append nothing for a text that it refuses.
	Check(text string) error
}

// Check returns the error of the first of some texts that a tokenizer cannot encode, nil
// if there is none. Functions of this package that return errors check their texts.
func Check(t Tokenizer, texts ...string) error {
	c, ok := t.(Checker)
	if !ok {
		return nil
	}
	for _, text := range texts {
		if err := c.Check(text); err != nil {
			return err
		}
	}
	return nil
}
