package tokenizer

import "iter"

// Windows returns the inputs that together show a model all tokens of texts
// that are too long for one. A text that does not fit is read through windows
// of the size that truncation would leave of it; neighbouring windows share
// limit.Stride tokens, and the last one ends with the text. With limit.Left
// windows are counted from the text's end. Texts that fit are whole in every
// input; if several do not, there is an input for each combination of their
// windows, the last text's changing fastest.
//
// NoTruncation is LongestFirst here, since nothing is lost. If all fits there is
// one input. The error is a *LimitError if there is no room for a text, or if
// the stride is negative or not smaller than the window. Other errors are those of Check.
//
// Inputs are made as they are asked for and may be asked for several times.
func (tm Template) Windows(t Tokenizer, limit Limit, text string, more ...string) (iter.Seq[*Encoding], error) {
	in, err := tm.input(t, text, more)
	if err != nil {
		return nil, err
	}
	all, err := limit.cut(in.lengths(), in.special, true)
	if err != nil {
		return nil, err
	}
	return func(yield func(*Encoding) bool) {
		number := make([]int, len(all)) // of the window of each text
		current := make([]window, len(all))
		for {
			for i, w := range all {
				current[i] = w.at(number[i])
			}
			if !yield(in.encoding(current)) {
				return
			}
			i := len(all) - 1
			for i >= 0 && number[i]+1 == all[i].count() {
				number[i] = 0
				i--
			}
			if i < 0 {
				return
			}
			number[i]++
		}
	}, nil
}

// A window is the half-open range [lo, hi) of tokens of a text.
type window struct{ lo, hi int }

// windows are those of one text: each has size tokens and begins step tokens
// after the one before it. The last one ends with the text and may be shorter.
type windows struct {
	length, size int
	step         int  // 0: there is only the first
	left         bool // counted from the text's end
}

func (w windows) count() int {
	if w.step == 0 {
		return 1
	}
	return 1 + (w.length-w.size+w.step-1)/w.step
}

func (w windows) at(i int) window {
	lo := i * w.step
	hi := min(lo+w.size, w.length)
	if w.left {
		return window{w.length - hi, w.length - lo}
	}
	return window{lo, hi}
}
