package hf

import (
	"fmt"
	"math"

	"github.com/goroberta/goroberta/tokenizer"
)

func (p *parser) truncation(n node) error {
	var l tokenizer.Limit
	strategy, err := n.str("strategy")
	if err != nil {
		return err
	}
	var ok bool
	if l.Truncation, ok = map[string]tokenizer.Truncation{"LongestFirst": tokenizer.LongestFirst, "OnlyFirst": tokenizer.OnlyFirst, "OnlySecond": tokenizer.OnlySecond}[strategy]; !ok {
		return fmt.Errorf("strategy %.40q is %w", strategy, ErrNotSupported)
	}
	if err := n.need("max_length", func(r *reader) { l.Length = r.integer(math.MaxInt) }); err != nil {
		return err
	}
	if err := n.need("stride", func(r *reader) { l.Stride = r.integer(math.MaxInt) }); err != nil {
		return err
	}
	if l.Left, err = n.left(false); err != nil {
		return err
	}
	p.t.info.Truncation = &l
	return nil
}

// left reads a direction.
func (n node) left(must bool) (bool, error) {
	if !must && !n.has("direction") {
		return false, nil
	}
	s, err := n.str("direction")
	if err == nil && s != "Left" && s != "Right" {
		err = fmt.Errorf("direction %.40q is %w", s, ErrNotSupported)
	}
	return s == "Left", err
}

func (p *parser) padding(n node) error {
	var d tokenizer.Padding
	err := n.need("strategy", func(r *reader) {
		if r.peek() == '"' {
			if s := r.str(); r.err == nil && s != "BatchLongest" {
				r.stop(fmt.Errorf("%.40q is %w", s, ErrNotSupported))
			}
			return
		}
		fixed := r.node()
		if r.err != nil {
			return
		}
		if err := fixed.need("Fixed", func(r *reader) { d.Length = r.integer(math.MaxInt) }); err != nil {
			r.stop(err)
		}
	})
	if err != nil {
		return err
	}
	if d.Left, err = n.left(true); err != nil {
		return err
	}
	if err := n.read("pad_to_multiple_of", func(r *reader) { d.MultipleOf = r.integer(math.MaxInt) }); err != nil {
		return err
	}
	if err := n.need("pad_id", func(r *reader) { d.ID = r.integer(math.MaxInt) }); err != nil {
		return err
	}
	if err := n.need("pad_type_id", func(r *reader) { d.Type = r.integer(math.MaxInt) }); err != nil {
		return err
	}
	p.t.info.Padding = &d
	return nil
}
