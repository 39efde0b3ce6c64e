package auto

import (
	"fmt"
	"slices"
	"strings"
)

// A kind says how a tokenizer is made of a plan's files.
type kind int

const (
	nothing           kind = iota
	builtIn                // GPT-2's vocabulary
	tokenizerJSON          // tokenizer.json
	sentencePieceHF        // a .model with the ids of Hugging Face's class
	sentencePieceOwn       // a .model with its own ids
	byteLevel              // vocab.json, merges.txt
	fastBPE                // vocab.txt, bpe.codes
	dictionary             // dict.txt, perhaps encoder.json and vocab.bpe
	dictSentencePiece      // dict.txt and a .model
	dictByteLevel          // dict.txt, vocab.json and merges.txt
	dictFastBPE            // dict.txt and bpe.codes
)

// gpt2Size is the size of the vocabulary that RoBERTa was published with.
const gpt2Size = 50265

// choose finds the files that count. The plan is not nil whatever the error.
func choose(src Source) (*plan, error) {
	p := &plan{Source: src, files: map[string][]byte{}, called: map[string]string{}}
	for _, name := range src.Inside {
		p.only = p.only || slices.Contains(vocabularyNames, name) || name == src.SentencePiece
	}
	if p.only {
		p.Fairseq = slices.Contains(src.Inside, dictNames[0])
	}
	find := p.huggingFace
	if p.Fairseq {
		find = p.fairseq
	}
	err := find()
	if p.failed != nil {
		return p, p.failed
	}
	return p, err
}

// uses sets what is made of which file.
func (p *plan) uses(k kind, main string) { p.kind, p.main = k, main }

// huggingFace finds the files of a folder of Hugging Face's.
func (p *plan) huggingFace() error {
	if err := p.readConfig(); err != nil {
		return err
	}
	class := p.config.class()
	if p.take("tokenizer.json") {
		p.uses(tokenizerJSON, "tokenizer.json")
		return nil
	}
	pieces := slices.Contains([]string{"XLMRobertaTokenizer", "CamembertTokenizer"}, class)
	if name, ok := p.takeFirst(sentencePieceNames...); ok && !pieces && class != "" && p.take("vocab.json") {
		delete(p.files, name)
		p.notes = append(p.notes, fmt.Sprintf("%s is read, as %s does; %s beside it is not", p.called["vocab.json"], class, p.called[name]))
	} else if ok {
		p.uses(sentencePieceHF, name)
		other := &plan{Source: p.Source, only: p.only, files: map[string][]byte{}, called: map[string]string{}}
		if other.take("vocab.json") && other.take("merges.txt") {
			p.notes = append(p.notes, fmt.Sprintf("%s is read; %s and %s beside it are not", p.called[name], other.called["vocab.json"], other.called["merges.txt"]))
		}
		switch {
		case pieces:
		case class == "" && p.VocabSize == 0 && !p.take("dict.txt"):
			p.kind = sentencePieceOwn // the folder holds nothing else
		case class == "" && p.take("dict.txt"):
			p.kind = dictSentencePiece
		case class == "":
			return p.in(name, fmt.Errorf("no config.json or tokenizer_config.json says how the pieces of this SentencePiece model are numbered"))
		default:
			return p.in(name, fmt.Errorf("a SentencePiece model, and no rule is known for how %s numbers its pieces", class))
		}
		return nil
	}
	if p.take("vocab.json") {
		p.uses(byteLevel, "vocab.json")
		if !p.take("merges.txt") {
			return p.in("merges.txt", fmt.Errorf("the file is missing: %s alone does not tell how text is cut", p.called["vocab.json"]))
		}
		if !slices.Contains(byteLevelClasses, class) {
			return p.in("vocab.json", fmt.Errorf("a byte-level BPE, and no rule is known for the special tokens of %s", class))
		}
		return nil
	}
	if p.take("vocab.txt") {
		p.uses(fastBPE, "vocab.txt")
		codes, ok := p.takeFirst(codesNames...)
		switch {
		case strings.HasPrefix(class, "Bert") && class != "BertweetTokenizer" || !ok && p.failed == nil && class != "BertweetTokenizer" && class != "PhobertTokenizer":
			return p.in("vocab.txt", fmt.Errorf("a WordPiece vocabulary (%s), which is not supported", orBert(class)))
		case !ok:
			return p.in(codesNames[0], fmt.Errorf("the file is missing: %s alone does not tell how text is cut", p.called["vocab.txt"]))
		}
		p.rename(codes, codesNames[0])
		return nil
	}
	if p.take("dict.txt", dictNames[1:]...) || p.take("encoder.json") && p.take("vocab.bpe") {
		return p.fairseqGPT2()
	}
	return p.none()
}

// byteLevelClasses are the classes of tokenizers that read vocab.json and merges.txt and
// put RoBERTa's special tokens around texts.
var byteLevelClasses = []string{"", "RobertaTokenizer", "BartTokenizer", "LongformerTokenizer", "LEDTokenizer", "MvpTokenizer", "PreTrainedTokenizer", "TokenizersBackend"}

func orBert(class string) string {
	if strings.HasPrefix(class, "Bert") {
		return class
	}
	return "BertTokenizer"
}

// rename gives a file the name under which it is looked for.
func (p *plan) rename(name, to string) {
	if name != to {
		p.files[to], p.called[to] = p.files[name], p.called[name]
		delete(p.files, name)
	}
}

// fairseq finds the files of a checkpoint of fairseq's.
func (p *plan) fairseq() error {
	dict := p.take("dict.txt", dictNames[1:]...)
	missing := func(names ...string) error {
		return p.in(names[0], fmt.Errorf("the file is missing, which fairseq's bpe %s needs", p.BPE))
	}
	if dict {
		p.main = dictNames[0]
	}
	switch p.BPE {
	case "", "gpt2":
		if p.BPE == "" && dict && !numeric(p.files["dict.txt"]) {
			if name, ok := p.takeFirst(p.SentencePiece, sentencePieceNames[0]); ok {
				p.notes = append(p.notes, fmt.Sprintf("the checkpoint does not name its BPE; %s is used, as fairseq's hub does", p.called[name]))
				p.uses(dictSentencePiece, name)
				return nil
			}
		}
		return p.fairseqGPT2()
	case "sentencepiece":
		name, ok := p.takeFirst(slices.Concat([]string{p.SentencePiece}, sentencePieceNames)...)
		if !ok {
			return missing(sentencePieceNames[0])
		}
		p.uses(dictSentencePiece, name)
	case "hf_byte_bpe":
		p.uses(dictByteLevel, "dict.txt")
		for _, name := range []string{"vocab.json", "merges.txt"} {
			if !p.take(name) {
				return missing(name)
			}
		}
		if p.PrefixSpace {
			return p.in("vocab.json", fmt.Errorf("fairseq's setting bpe_add_prefix_space is not supported"))
		}
	case "fastbpe":
		codes, ok := p.takeFirst(codesNames...)
		if !ok {
			return missing(codesNames[0])
		}
		p.rename(codes, codesNames[0])
		p.uses(dictFastBPE, codesNames[0])
	default:
		return fmt.Errorf("tokenizer: fairseq's bpe %.100q is not supported, want gpt2, sentencepiece, hf_byte_bpe or fastbpe", p.BPE)
	}
	if !dict {
		return missing("dict.txt")
	}
	return nil
}

// fairseqGPT2 finds the files of fairseq's bpe gpt2, or of a model whose texts are
// symbols. GPT-2's dictionary is built in.
func (p *plan) fairseqGPT2() error {
	encoder := p.take("encoder.json") && p.take("vocab.bpe")
	switch {
	case p.take("dict.txt", dictNames[1:]...):
		p.uses(dictionary, "dict.txt")
	case encoder && !p.Fairseq:
		p.uses(dictionary, "encoder.json")
	case p.Fairseq && p.VocabSize == gpt2Size:
		p.kind = builtIn
	default:
		return p.none()
	}
	return nil
}

// none is what follows if there is no file.
func (p *plan) none() error {
	if p.VocabSize == gpt2Size {
		p.kind = builtIn
		p.notes = append(p.notes, fmt.Sprintf("no tokenizer came with the model; GPT-2's vocabulary is assumed, as the model has its %d tokens", gpt2Size))
		return nil
	}
	size := ""
	if p.VocabSize > 0 {
		size = fmt.Sprintf(": the model's %d tokens are not GPT-2's %d", p.VocabSize, gpt2Size)
	}
	return fmt.Errorf("%w%s; looked for %s", ErrNone, size, strings.Join(p.looked, ", "))
}

// numeric reports whether a dict.txt holds ids of a BPE: whether its first lines do.
func numeric(dict []byte) bool {
	text, n := strings.TrimPrefix(string(dict[:min(len(dict), 1<<10)]), "\ufeff"), 0
	for line := range strings.Lines(text) {
		symbol, _, ok := strings.Cut(line, " ")
		if !ok {
			break // the line is cut off
		}
		if strings.Trim(symbol, "0123456789") != "" && !strings.HasPrefix(symbol, "madeupword") {
			return false
		}
		n++
	}
	return n > 0
}
