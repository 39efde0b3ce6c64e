package main

import (
	"context"
	"strconv"

	"github.com/goroberta/goroberta/roberta"
)

// featuresCmd is `roberta features`.
type featuresCmd struct {
	textFlags
	limitFlags
	tensorFlags
	AllHiddens bool     `help:"Also write the hidden states of all layers; 0 is the embedding layer."`
	LMLogits   bool     `name:"lm-logits" help:"Also write the language-model head's logits."`
	Attentions bool     `help:"Also write the attention weights of all layers: how much of each token goes into each."`
	Pooler     bool     `help:"Also write the pooler's output for the first token, where the model has a pooler."`
	Texts      []string `arg:"" optional:"" name:"text" help:"The text, verbatim; several make one input."`
}

// Help is shown by kong below the summary.
func (featuresCmd) Help() string {
	return `Writes float32 tensors "0" [tokens, width], "0.hidden.0" and so on, "0.logits" [tokens, vocabulary], ` +
		`"0.attention.0" and so on [heads, tokens, tokens], and "0.pooler" [width]. ` +
		`The tensors of --input begin with "0", "1" and so on, by line. Lines of --input are ` + inputForm + `.`
}

// Validate is called by kong.
func (c *featuresCmd) Validate() error {
	if c.npy() && (c.AllHiddens || c.LMLogits || c.Attentions || c.Pooler) {
		return usagef("%s: a .npy file holds one tensor, not hidden states, logits, attention weights or the pooler's output too", c.Output)
	}
	return nil
}

// resultBytes is how much memory the results of a batch may take.
const resultBytes = 128 << 20

// Run is called by kong.
func (c *featuresCmd) Run(ctx context.Context, s *session) error {
	return answerTexts(ctx, s, &c.textFlags, &c.tensorFlags, textRequest(c.Texts), inputForm, func(m *roberta.Model, out *spool) (t task[roberta.Input, features], err error) {
		if c.LMLogits && !m.HasLMHead() {
			return t, roberta.ErrNoLMHead
		}
		if c.Pooler && !m.HasPooler() {
			return t, roberta.ErrNoPooler
		}
		prepare, err := encode(m, &c.limitFlags)
		if err != nil {
			return t, err
		}
		return task[roberta.Input, features]{
			prepare: func(r request) (roberta.Input, int, error) {
				in, tokens, err := prepare(r)
				return in, c.bytes(m.Config(), tokens), err
			},
			run: func(ctx context.Context, inputs []roberta.Input) ([]features, error) {
				return c.compute(ctx, m, inputs)
			},
			result: func(index int, _ roberta.Input, f features) (any, error) {
				return nil, f.write(out, strconv.Itoa(index))
			},
			budget: resultBytes,
		}, nil
	})
}

// want is what the flags ask for.
func (c *featuresCmd) want() roberta.Want {
	want := roberta.WantFeatures
	for _, f := range []struct {
		flag bool
		roberta.Want
	}{
		{c.AllHiddens, roberta.WantHiddens}, {c.LMLogits, roberta.WantLogits}, {c.Attentions, roberta.WantAttentions}, {c.Pooler, roberta.WantPooler},
	} {
		if f.flag {
			want |= f.Want
		}
	}
	return want
}

// bytes is how much memory the results of an input take, or if that is little, what
// makes batches of tokenBudget tokens.
func (c *featuresCmd) bytes(cfg roberta.Config, tokens int) int {
	perToken := float64(cfg.Dim)
	if c.AllHiddens {
		perToken *= float64(cfg.Layers + 2)
	}
	if c.LMLogits {
		perToken += 2 * float64(cfg.VocabSize)
	}
	if c.Attentions {
		perToken += float64(cfg.Layers) * float64(cfg.Heads) * float64(tokens)
	}
	return int(min(float64(tokens)*max(4*perToken, resultBytes/tokenBudget), resultBytes+1))
}

// A features is the results of one sequence of a batch.
type features struct {
	*roberta.Result
	sequence int
}

// compute computes what the flags ask for.
func (c *featuresCmd) compute(ctx context.Context, m *roberta.Model, inputs []roberta.Input) ([]features, error) {
	res, err := m.Compute(ctx, roberta.Request{Inputs: inputs, Want: c.want()})
	if err != nil {
		return nil, err
	}
	all := make([]features, len(inputs))
	for i := range all {
		all[i] = features{res, i}
	}
	return all, nil
}

// write adds the tensors of request name to a file.
func (f *features) write(out *spool, name string) error {
	states := func(name string, s *roberta.States) error {
		if s == nil {
			return nil
		}
		return out.add(name, s.Len(f.sequence), s.Shape()[2], func(token int) []float32 { return s.Row(f.sequence, token) })
	}
	if err := states(name, f.Features); err != nil {
		return err
	}
	for l, h := range f.Hidden {
		if err := states(name+".hidden."+strconv.Itoa(l), h); err != nil {
			return err
		}
	}
	if err := states(name+".logits", f.Logits); err != nil {
		return err
	}
	for l, a := range f.Attentions {
		shape, weights := a.Shape(f.sequence), a.Float32s(f.sequence)
		n := shape[2]
		if err := out.addShaped(name+".attention."+strconv.Itoa(l), shape, func(i int) []float32 { return weights[i*n:][:n] }); err != nil {
			return err
		}
	}
	if f.Pooler == nil {
		return nil
	}
	return out.addShaped(name+".pooler", []int{f.Pooler.Shape()[1]}, func(int) []float32 { return f.Pooler.Row(f.sequence) })
}
