package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goroberta/goroberta/roberta"
)

// A prompted is what an Embedder, a SparseEmbedder and a Reranker do with texts before the
// model reads them.
type prompted struct {
	sequencer *sequencer
	modules   *modules
	prompt    string
	given     bool // the caller chose the prompt
	budget    int  // tokens that are computed at a time
	skip      int  // tokens of the prompt that are not pooled
	notes     []string
}

// set makes what the model's files and the options say of p.modules. own is that of
// newSequencer.
func (p *prompted) set(m *roberta.Model, o *options, own int) error {
	p.notes = append(p.notes, p.modules.notes...)
	p.budget = o.budget
	p.sequencer = newSequencer(m, o, own)
	prompt, name := p.modules.prompts[p.modules.defaultPrompt], o.promptName
	switch {
	case o.prompt != nil:
		prompt, p.given = *o.prompt, true
	case name != "":
		var ok bool
		if prompt, ok = p.modules.prompts[name]; !ok {
			return fmt.Errorf("%w: no prompt %.100q, the model has %s", ErrOption, name, p.modules.promptNames())
		}
		p.given = true
	}
	p.setPrompt(prompt)
	return nil
}

// setPrompt sets the prompt while nobody uses p yet.
func (p *prompted) setPrompt(prompt string) {
	p.prompt, p.skip = prompt, 0
	if prompt != "" && !p.modules.includePrompt && p.sequencer.tok != nil {
		// As sentence-transformers counts them: the prompt with what stands before it.
		tok := p.sequencer.tok
		p.skip = len(tok.Template().IDs(tok, p.texts([]string{""})[0])) - 1
	}
}

// MaxLength is the longest input in tokens, special tokens included.
func (p *prompted) MaxLength() int { return p.sequencer.limit.Length }

// Notes are remarks that a user should know, such as what was assumed.
func (p *prompted) Notes() []string { return slices.Clone(p.notes) }

// Prompts returns the prompts of the model's files by name.
func (p *prompted) Prompts() map[string]string { return maps.Clone(p.modules.prompts) }

// The names of prompts in a model's files, for what is searched with and in.
var (
	queryPrompts    = []string{"query"}
	documentPrompts = []string{"document", "passage", "corpus"}
)

// as is e, an Embedder or a SparseEmbedder, with the first of these prompts that the
// model's files have; e itself if they have none or the caller chose the prompt.
func as[E any, P interface {
	*E
	base() *prompted
	bind() // makes the task anew
}](e P, names []string) P {
	if e.base().given {
		return e
	}
	for _, name := range names {
		if prompt, ok := e.base().modules.prompts[name]; ok {
			other := *e
			p := P(&other)
			p.base().given = true
			p.base().setPrompt(prompt)
			p.bind()
			return p
		}
	}
	return e
}

func (p *prompted) base() *prompted { return p }

// texts are what the tokenizer reads of texts.
func (p *prompted) texts(texts []string) []string {
	texts = slices.Clone(texts)
	texts[0] = p.prompt + texts[0]
	if p.modules.lowerCase {
		for i := range texts {
			texts[i] = lower(texts[i])
		}
	}
	return texts
}

func (p *prompted) prepare(in Input) (*job, error) {
	if err := in.check(embedder); err != nil {
		return nil, err
	}
	skip := 0
	if in.Texts != nil {
		in.Texts, skip = p.texts(in.Texts), p.skip
	}
	s, err := p.sequencer.input(in)
	if err != nil {
		return nil, err
	}
	tokens := len(s[0].IDs)
	if len(s) > 1 {
		if len(in.Texts) > 1 {
			return nil, fmt.Errorf("%w: %d texts that are too long together, and windows are for one", ErrInput, len(in.Texts))
		}
		s, tokens = placed(s, &p.sequencer.limit)
	}
	if skip > 0 && skip >= tokens {
		return nil, errNothingToPool
	}
	for i := range s {
		s[i].skip = skip
	}
	return &job{sequences: s}, nil
}

// promptNames lists the prompts for messages.
func (o *modules) promptNames() string {
	names := slices.Sorted(maps.Keys(o.prompts))
	if len(names) == 0 {
		return "none"
	}
	const most = 20
	if len(names) > most {
		names = append(names[:most], fmt.Sprintf("and %d more", len(o.prompts)-most))
	}
	for i := range names {
		names[i] = fmt.Sprintf("%.100s", names[i])
	}
	return strings.Join(names, ", ")
}

// inputsOf makes an Input of each text.
func inputsOf(texts []string) []Input {
	inputs := make([]Input, len(texts))
	for i := range texts {
		inputs[i] = Input{Texts: texts[i : i+1]}
	}
	return inputs
}
