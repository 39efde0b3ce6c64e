package auto

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/goroberta/goroberta/tokenizer"
)

// mapFiles are files in memory, called as if they lay in a folder m.
type mapFiles map[string]string

func (f mapFiles) File(name string) ([]byte, error) {
	data, ok := f[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return []byte(data), nil
}

func (f mapFiles) FileName(name string) string { return "m/" + name }

// with returns f with other files, nil ones left out.
func (f mapFiles) with(more mapFiles) mapFiles {
	all := maps.Clone(f)
	for name, data := range more {
		if all[name] = data; data == "" {
			delete(all, name)
		}
	}
	return all
}

const (
	vocabJSON = `{"<s>":0,"<pad>":1,"</s>":2,"<unk>":3,"a":4,"b":5,"Ġ":6,"ab":7,"Ġab":8,"<mask>":9}`
	mergesTxt = "#version: 0.2\na b\nĠ ab\n"
	// Its ids are others, so that a test sees which file counts.
	tokJSON = `{"version":"1.0","added_tokens":[{"id":0,"content":"<s>","special":true,"single_word":false,"lstrip":false,"rstrip":false,"normalized":false},
		{"id":2,"content":"</s>","special":true,"single_word":false,"lstrip":false,"rstrip":false,"normalized":false},
		{"id":3,"content":"<mask>","special":true,"single_word":false,"lstrip":true,"rstrip":false,"normalized":false}],
		"normalizer":null,"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true},
		"post_processor":{"type":"RobertaProcessing","sep":["</s>",2],"cls":["<s>",0],"trim_offsets":true,"add_prefix_space":true},
		"decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true},
		"truncation":{"direction":"Right","max_length":8,"strategy":"LongestFirst","stride":1},
		"padding":{"strategy":{"Fixed":8},"direction":"Left","pad_to_multiple_of":null,"pad_id":1,"pad_type_id":0,"pad_token":"<pad>"},
		"model":{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":"","end_of_word_suffix":"","fuse_unk":false,
		"vocab":{"<s>":0,"<pad>":1,"</s>":2,"<mask>":3,"b":4,"a":5,"Ġ":6,"ab":7,"Ġab":8},"merges":["a b","Ġ ab"]}}`
	// fairseq's: GPT-2's ids of "a" and "b" are 64 and 65, of " a" 257.
	dictTxt = "64 9\n65 9\n257 8\n"
	words   = "▁ab 1\nb 1\n"
)

// model is a SentencePiece model: <unk>, <s>, </s> and the pieces ▁ab, ▁, a and b.
var model = func() string {
	var out []byte
	for i, p := range []string{"<unk>", "<s>", "</s>", "▁ab", "▁", "a", "b"} {
		var m []byte
		m = append(append(m, 0x0A, byte(len(p))), p...)
		m = binary.LittleEndian.AppendUint32(append(m, 0x15), math.Float32bits(-float32(i)))
		switch i {
		case 0:
			m = append(m, 0x18, 2)
		case 1, 2:
			m = append(m, 0x18, 3)
		}
		out = append(append(out, 0x0A, byte(len(m))), m...)
	}
	return string(out)
}()

var (
	hfFolder   = mapFiles{"vocab.json": vocabJSON, "merges.txt": mergesTxt, "config.json": `{"model_type":"roberta"}`}
	fastFolder = mapFiles{"vocab.txt": "ab 9\nab@@ 8\nb 7\n", "bpe.codes": "a b</w> 2\na b 1\n", "config.json": `{"model_type":"roberta"}`}
	spFolder   = mapFiles{"sentencepiece.bpe.model": model, "config.json": `{"model_type":"xlm-roberta"}`}
)

// TestRead: which files count, what ids they give, and what the errors name.
func TestRead(t *testing.T) {
	prefix := func(class string, add string) mapFiles {
		return mapFiles{"tokenizer_config.json": fmt.Sprintf(`{"tokenizer_class":%q%s}`, class, add)}
	}
	for _, c := range []struct {
		name  string
		src   Source
		files mapFiles
		text  string
		want  []int
		file  string
		says  []string // of the error
	}{
		// The order of files in Hugging Face's folders.
		{"all", Source{}, hfFolder.with(spFolder).with(fastFolder).with(mapFiles{"tokenizer.json": tokJSON, "dict.txt": dictTxt}), "ab", []int{0, 8, 2}, "tokenizer.json", nil},
		{"model before vocab.json", Source{}, hfFolder.with(fastFolder).with(spFolder), "ab", []int{0, 4, 2}, "sentencepiece.bpe.model", nil},
		{"unless the class reads vocab.json", Source{}, spFolder.with(fastFolder).with(hfFolder), "ab", []int{0, 7, 2}, "vocab.json", nil},
		{"vocab.json before vocab.txt", Source{}, fastFolder.with(hfFolder), "ab", []int{0, 7, 2}, "vocab.json", nil},
		{"vocab.txt before dict.txt", Source{}, fastFolder.with(mapFiles{"dict.txt": dictTxt}), "ab", []int{0, 4, 2}, "vocab.txt", nil},
		{"dict.txt", Source{}, mapFiles{"dict.txt": dictTxt}, "ab a", []int{0, 3, 6, 2}, "dict.txt", nil},
		{"none", Source{VocabSize: 10}, mapFiles{"config.json": "{}"}, "ab", nil, "", []string{"no tokenizer", "10", "m/tokenizer.json", "m/vocab.json"}},
		{"none of GPT-2's size", Source{VocabSize: gpt2Size}, mapFiles{}, "Hello world!", []int{0, 31414, 232, 328, 2}, "", nil},

		// tokenizer.json and add_prefix_space.
		{"as the file says", Source{}, mapFiles{"tokenizer.json": tokJSON}, "ab", []int{0, 8, 2}, "tokenizer.json", nil},
		{"false where it is absent", Source{}, prefix("RobertaTokenizer", "").with(mapFiles{"tokenizer.json": tokJSON}), "ab", []int{0, 7, 2}, "tokenizer.json", nil},
		{"true", Source{}, prefix("RobertaTokenizerFast", `,"add_prefix_space":true`).with(mapFiles{"tokenizer.json": strings.ReplaceAll(tokJSON, `"add_prefix_space":true`, `"add_prefix_space":false`)}), "ab", []int{0, 8, 2}, "tokenizer.json", nil},
		{"another class", Source{}, prefix("PreTrainedTokenizerFast", "").with(mapFiles{"tokenizer.json": tokJSON}), "ab", []int{0, 8, 2}, "tokenizer.json", nil},
		{"of vocab.json", Source{}, prefix("RobertaTokenizer", `,"add_prefix_space":true`).with(hfFolder), "ab", []int{0, 8, 2}, "vocab.json", nil},
		{"malformed", Source{}, mapFiles{"tokenizer.json": "{"}, "ab", nil, "", []string{"m/tokenizer.json"}},

		// vocab.json and merges.txt as they lie around.
		{"rows to spare", Source{VocabSize: 16}, hfFolder, "ab ab", []int{0, 7, 8, 2}, "vocab.json", nil},
		{"rows too few", Source{VocabSize: 9}, hfFolder, "ab", nil, "", []string{"m/vocab.json", "10", "9"}},
		{"a mask takes the space before it", Source{}, hfFolder, "ab <mask> ab</s>", []int{0, 7, 9, 8, 2, 2}, "vocab.json", nil},
		{"added tokens", Source{}, hfFolder.with(mapFiles{"added_tokens.json": `{"<e2>":11,"<e1>":10}`}), "<e1>ab <e2>", []int{0, 10, 7, 6, 11, 2}, "vocab.json", nil},
		{"added tokens of tokenizer_config.json", Source{}, hfFolder.with(mapFiles{"tokenizer_config.json": `{"added_tokens_decoder":{"10":{"content":"<e1>","lstrip":true,"special":true}}}`}), "ab <e1>", []int{0, 7, 10, 2}, "vocab.json", nil},
		{"an extra special token", Source{}, hfFolder.with(mapFiles{"special_tokens_map.json": `{"additional_special_tokens":["<e1>"]}`}), "ab<e1>", []int{0, 7, 10, 2}, "vocab.json", nil},
		{"added tokens beyond the rows", Source{VocabSize: 10}, hfFolder.with(mapFiles{"added_tokens.json": `{"<e1>":10}`}), "ab", nil, "", []string{"m/added_tokens.json", `"<e1>"`, "id 10", "10 rows"}},
		{"a special token beyond the rows", Source{VocabSize: 10}, hfFolder.with(mapFiles{"special_tokens_map.json": `{"cls_token":"<s>","additional_special_tokens":["<e1>"]}`}), "ab", nil, "", []string{"m/special_tokens_map.json", `"<e1>"`, "id 10", "10 rows"}},
		{"added tokens after a hole", Source{VocabSize: 9}, spFolder.with(mapFiles{"tokenizer_config.json": `{"added_tokens_decoder":{"12":{"content":"<e1>"}}}`}), "ab", nil, "", []string{"m/tokenizer_config.json", `"<e1>"`, "id 12", "9 rows"}},
		{"added tokens beside too large a vocabulary", Source{VocabSize: 9}, hfFolder.with(mapFiles{"added_tokens.json": `{"<e1>":10}`}), "ab", nil, "", []string{"m/vocab.json", "11", "9"}},
		{"added tokens of SentencePiece beyond the rows", Source{VocabSize: 9}, spFolder.with(mapFiles{"added_tokens.json": `{"<e1>":9}`}), "ab", nil, "", []string{"m/added_tokens.json", `"<e1>"`, "id 9", "9 rows"}},
		{"a hole", Source{}, hfFolder.with(mapFiles{"vocab.json": strings.ReplaceAll(vocabJSON, ":9}", ":12}")}), "ab<mask>", []int{0, 7, 12, 2}, "vocab.json", nil},
		{"a merge without its token", Source{}, hfFolder.with(mapFiles{"merges.txt": "a b\nb b\n"}), "ab", nil, "", []string{"m/merges.txt", "m/vocab.json", `"bb"`}},
		{"no merges", Source{}, hfFolder.with(mapFiles{"merges.txt": ""}), "ab", nil, "", []string{"m/merges.txt", "missing", "m/vocab.json"}},
		{"names of special_tokens_map.json", Source{}, hfFolder.with(mapFiles{
			"vocab.json":              `{"[A]":7,"[Z]":6,"[P]":5,"a":0,"b":1,"ab":2,"[M]":3}`,
			"merges.txt":              "a b",
			"special_tokens_map.json": `{"bos_token":"[A]","eos_token":"[Z]","cls_token":"[A]","sep_token":{"content":"[Z]"},"pad_token":"[P]","mask_token":"[M]"}`,
		}), "a[M]b", []int{7, 0, 3, 1, 6}, "vocab.json", nil},
		{"ids of config.json", Source{}, hfFolder.with(mapFiles{
			"vocab.json": `{"[A]":7,"[Z]":6,"[P]":5,"a":0,"b":1,"ab":2}`, "merges.txt": "a b",
			"config.json": `{"model_type":"roberta","bos_token_id":7,"eos_token_id":6,"pad_token_id":5}`,
		}), "ab", []int{7, 2, 6}, "vocab.json", nil},
		{"no special tokens", Source{}, hfFolder.with(mapFiles{"vocab.json": `{"a":0,"b":1,"ab":2}`, "merges.txt": "a b"}), "ab", nil, "", []string{"m/vocab.json", "<s>"}},
		{"another class", Source{}, hfFolder.with(prefix("GPT2Tokenizer", "")), "ab", nil, "", []string{"m/vocab.json", "GPT2Tokenizer"}},
		{"no JSON", Source{}, hfFolder.with(mapFiles{"tokenizer_config.json": "x"}), "ab", nil, "", []string{"m/tokenizer_config.json"}},
		{"odd members", Source{}, hfFolder.with(mapFiles{"tokenizer_config.json": `{"model_max_length":NaN,"tokenizer_class":null,"mask_token":7,"added_tokens_decoder":[],"additional_special_tokens":{"a":1},"add_prefix_space":"x"}`,
			"added_tokens.json": `{"<e>":"x","<f>":-Infinity}`}), "ab", []int{0, 7, 2}, "vocab.json", nil},

		// SentencePiece.
		{"XLM-R", Source{VocabSize: 9}, spFolder, "ab b<mask>", []int{0, 4, 5, 7, 8, 2}, "sentencepiece.bpe.model", nil},
		{"CamemBERT", Source{}, spFolder.with(mapFiles{"config.json": `{"model_type":"camembert"}`}), "ab", []int{5, 7, 6}, "sentencepiece.bpe.model", nil},
		{"by class", Source{}, mapFiles{"spm.model": model, "tokenizer_config.json": `{"tokenizer_class":"CamembertTokenizerFast"}`}, "ab", []int{5, 7, 6}, "spm.model", nil},
		{"an added token", Source{}, spFolder.with(mapFiles{"special_tokens_map.json": `{"additional_special_tokens":["<e>"]}`}), "<e>ab", []int{0, 9, 4, 2}, "sentencepiece.bpe.model", nil},
		{"another class", Source{}, spFolder.with(mapFiles{"config.json": `{"tokenizer_class":"T5Tokenizer"}`}), "ab", nil, "", []string{"m/sentencepiece.bpe.model", "T5Tokenizer"}},
		{"no family", Source{VocabSize: 9}, spFolder.with(mapFiles{"config.json": "{}"}), "ab", nil, "", []string{"m/sentencepiece.bpe.model", "numbered"}},
		{"other special tokens", Source{}, spFolder.with(mapFiles{"special_tokens_map.json": `{"cls_token":"[CLS]"}`}), "ab", nil, "", []string{"cls_token", "[CLS]"}},
		{"rows too few", Source{VocabSize: 8}, spFolder, "ab", nil, "", []string{"m/sentencepiece.bpe.model", "9", "8"}},
		{"no model", Source{}, spFolder.with(mapFiles{"sentencepiece.bpe.model": "x"}), "ab", nil, "", []string{"m/sentencepiece.bpe.model"}},

		// fastBPE and WordPiece.
		{"PhoBERT", Source{}, fastFolder, "ab abb <mask>", []int{0, 4, 5, 6, 7, 2}, "vocab.txt", nil},
		{"BERTweet's tweets", Source{}, fastFolder.with(mapFiles{"vocab.txt": "ab 1\n@USER 2\n", "bpe.codes": "a b</w> 1\n@ U 1\nS E 1\nSE R</w> 1\n@U SER</w> 1\n", "tokenizer_config.json": `{"tokenizer_class":"BertweetTokenizer","normalization":true}`}), "@me", []int{0, 5, 2}, "vocab.txt", nil},
		{"no codes", Source{}, fastFolder.with(mapFiles{"bpe.codes": "", "tokenizer_config.json": `{"tokenizer_class":"PhobertTokenizer"}`}), "ab", nil, "", []string{"m/bpe.codes", "missing", "m/vocab.txt"}},
		{"WordPiece", Source{}, mapFiles{"vocab.txt": "[PAD]\n[UNK]\n", "tokenizer_config.json": `{"tokenizer_class":"BertTokenizerFast"}`}, "ab", nil, "", []string{"m/vocab.txt", "WordPiece", "(BertTokenizer)"}},
		{"WordPiece without a class", Source{}, mapFiles{"vocab.txt": "[PAD]\n[UNK]\n"}, "ab", nil, "", []string{"m/vocab.txt", "WordPiece"}},
		{"bad codes", Source{}, fastFolder.with(mapFiles{"bpe.codes": "a b\n"}), "ab", nil, "", []string{"m/bpe.codes:1"}},

		// fairseq's checkpoints.
		{"gpt2", Source{Fairseq: true, BPE: "gpt2"}, mapFiles{"dict.txt": dictTxt}.with(hfFolder), "a a<", []int{0, 4, 6, 3, 2}, "dict.txt", nil},
		{"input0", Source{Fairseq: true}, mapFiles{"input0/dict.txt": dictTxt}, "a", []int{0, 4, 2}, "input0/dict.txt", nil},
		{"symbols", Source{Fairseq: true}, mapFiles{"dict.txt": words}, "b ▁ab x", []int{0, 5, 4, 3, 2}, "dict.txt", nil},
		{"released", Source{Fairseq: true, VocabSize: gpt2Size}, mapFiles{}, "Hello world!", []int{0, 31414, 232, 328, 2}, "", nil},
		{"another size", Source{Fairseq: true, VocabSize: 10}, mapFiles{"dict.txt": dictTxt}, "a", nil, "", []string{"m/dict.txt", "8", "10"}},
		{"own BPE", Source{Fairseq: true}, mapFiles{"dict.txt": "64 1\n", "encoder.json": "{", "vocab.bpe": "x"}, "a", nil, "", []string{"m/encoder.json"}},
		{"sentencepiece", Source{Fairseq: true, BPE: "sentencepiece"}, spFolder.with(mapFiles{"dict.txt": words}), "ab<", []int{0, 4, 3, 2}, "sentencepiece.bpe.model", nil},
		{"sentencepiece by its setting", Source{Fairseq: true, BPE: "sentencepiece", SentencePiece: "x.model"}, spFolder.with(mapFiles{"dict.txt": words, "x.model": model}), "ab", []int{0, 4, 2}, "x.model", nil},
		{"sentencepiece unsaid", Source{Fairseq: true}, spFolder.with(mapFiles{"dict.txt": words}), "ab", []int{0, 4, 2}, "sentencepiece.bpe.model", nil},
		{"sentencepiece beside GPT-2's ids", Source{Fairseq: true}, spFolder.with(mapFiles{"dict.txt": dictTxt}), "a", []int{0, 4, 2}, "dict.txt", nil},
		{"sentencepiece without its model", Source{Fairseq: true, BPE: "sentencepiece"}, mapFiles{"dict.txt": words}, "ab", nil, "", []string{"m/sentencepiece.bpe.model", "missing"}},
		{"sentencepiece without dict.txt", Source{Fairseq: true, BPE: "sentencepiece"}, spFolder, "ab", nil, "", []string{"m/dict.txt", "missing"}},
		{"fastbpe", Source{Fairseq: true, BPE: "fastbpe"}, fastFolder.with(mapFiles{"dict.txt": "ab@@ 1\nb 1\n"}), "abb", []int{0, 4, 5, 2}, "bpe.codes", nil},
		{"fastbpe's codes by their other name", Source{Fairseq: true, BPE: "fastbpe"}, mapFiles{"bpecodes": "a b</w> 1\n", "dict.txt": "ab 1\n"}, "ab", []int{0, 4, 2}, "bpecodes", nil},
		{"hf_byte_bpe without merges.txt", Source{Fairseq: true, BPE: "hf_byte_bpe"}, mapFiles{"dict.txt": dictTxt, "vocab.json": vocabJSON}, "a", nil, "", []string{"m/merges.txt", "hf_byte_bpe"}},
		{"another bpe", Source{Fairseq: true, BPE: "bytes"}, mapFiles{"dict.txt": dictTxt}, "a", nil, "", []string{`"bytes"`, "sentencepiece"}},

		// Converted files.
		{"inside", Source{Fairseq: true, Inside: []string{"vocab.json", "merges.txt", "config.json"}}, hfFolder.with(mapFiles{"tokenizer.json": tokJSON, "dict.txt": dictTxt}), "ab", []int{0, 7, 2}, "vocab.json", nil},
		{"dict.txt inside", Source{Inside: []string{"dict.txt"}}, hfFolder.with(mapFiles{"tokenizer.json": tokJSON, "dict.txt": dictTxt}), "a", []int{0, 4, 2}, "dict.txt", nil},
		{"only labels inside", Source{Inside: []string{"labels.json"}}, hfFolder, "ab", []int{0, 7, 2}, "vocab.json", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.src.Files = c.files
			tok, info, err := Read(c.src)
			if c.says != nil {
				if err == nil {
					t.Fatalf("%v, want an error that says %q", tokenizer.Encode(tok, c.text), c.says)
				}
				for _, s := range c.says {
					if !strings.Contains(err.Error(), s) {
						t.Errorf("error %q does not say %q", err, s)
					}
				}
				if len(err.Error()) > 600 || strings.Contains(err.Error(), "\n") {
					t.Errorf("error %q", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := tokenizer.Encode(tok, c.text); !slices.Equal(got, c.want) {
				t.Errorf("%q: %v, want %v", c.text, got, c.want)
			}
			if want := "m/" + c.file; info.Kind == "" || c.file != "" && info.File != want || c.file == "" && info.File != "" {
				t.Errorf("info %+v, want file %s", info, want)
			}
			// What Gather takes along gives the same.
			files, err := Gather(c.src)
			if err != nil {
				t.Fatal(err)
			}
			alone := c.src
			alone.Inside = slices.Sorted(maps.Keys(files))
			inside := mapFiles{}
			for name, data := range files {
				inside[name] = string(data)
			}
			alone.Files = inside
			again, _, err := Read(alone)
			if err != nil {
				t.Fatalf("of %q: %v", alone.Inside, err)
			}
			if got := tokenizer.Encode(again, c.text); !slices.Equal(got, c.want) {
				t.Errorf("of %q: %v, want %v", alone.Inside, got, c.want)
			}
		})
	}
}

// TestHFByteBPE: ids of vocab.json are looked up in dict.txt, and nothing is special.
func TestHFByteBPE(t *testing.T) {
	vocab, dict := []byte(`{"ab":256`), []byte("256 9\n")
	printable := func(b int) bool { return '!' <= b && b <= '~' || 0xA1 <= b && b <= 0xAC || b >= 0xAE }
	other := rune(0x100)
	for b := range 256 {
		r := rune(b)
		if !printable(b) {
			r = other
			other++
		}
		vocab = fmt.Appendf(vocab, ",%q:%d", string(r), b)
		dict = fmt.Appendf(dict, "%d 1\n", b)
	}
	src := Source{Fairseq: true, BPE: "hf_byte_bpe", Files: mapFiles{"vocab.json": string(vocab) + "}", "merges.txt": "a b\n", "dict.txt": string(dict)}}
	tok, info, err := Read(src)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := tokenizer.Encode(tok, "ab<"), []int{0, 4, 5 + '<', 2}; !slices.Equal(got, want) || info.File != "m/dict.txt" {
		t.Errorf("%v, want %v; %+v", got, want, info)
	}
	src.PrefixSpace = true
	if _, _, err := Read(src); err == nil || !strings.Contains(err.Error(), "bpe_add_prefix_space") {
		t.Errorf("with bpe_add_prefix_space: %v", err)
	}
}

// TestNotes: what is assumed or left out is said.
func TestNotes(t *testing.T) {
	for _, c := range []struct {
		src   Source
		files mapFiles
		says  string
	}{
		{Source{VocabSize: gpt2Size}, mapFiles{}, "GPT-2"},
		{Source{Fairseq: true}, spFolder.with(mapFiles{"dict.txt": words}), "does not name its BPE"},
		{Source{Fairseq: true, BPE: "sentencepiece"}, spFolder.with(mapFiles{"dict.txt": words}), "lacks 2 pieces"},
		{Source{}, hfFolder.with(spFolder), "m/sentencepiece.bpe.model is read; m/vocab.json and m/merges.txt beside it are not"},
		{Source{}, hfFolder.with(spFolder).with(mapFiles{"config.json": `{"model_type":"camembert"}`}), "m/sentencepiece.bpe.model is read;"},
		{Source{}, spFolder.with(hfFolder), "m/vocab.json is read, as RobertaTokenizer does; m/sentencepiece.bpe.model beside it is not"},
		{Source{}, mapFiles{"tokenizer.json": tokJSON, "added_tokens.json": `{"<e1>":9}`}, `"<e1>"`},
	} {
		c.src.Files = c.files
		_, info, err := Read(c.src)
		if err != nil || !strings.Contains(strings.Join(info.Notes, "\n"), c.says) {
			t.Errorf("notes %q, %v, want %q among them", info.Notes, err, c.says)
		}
	}
	for _, src := range []Source{{Files: hfFolder, VocabSize: 16}, {Files: spFolder, VocabSize: 20}, {Fairseq: true, VocabSize: gpt2Size, Files: mapFiles{}}} {
		if _, info, err := Read(src); err != nil || len(info.Notes) > 0 {
			t.Errorf("notes %q, %v, want none", info.Notes, err)
		}
	}
}

// TestInfo: lengths and sections.
func TestInfo(t *testing.T) {
	for _, c := range []struct {
		config, sentence string
		want             int
		left             bool
	}{
		{`{"model_max_length":512,"truncation_side":"left"}`, "", 512, true},
		{`{"model_max_length":512}`, `{"max_seq_length":128}`, 128, false},
		{`{"model_max_length":1000000000000000019884624838656}`, `{"max_seq_length":null}`, 0, false},
		{`{"model_max_length":1e30,"truncation_side":"right"}`, "{}", 0, false},
		{"", "", 0, false},
	} {
		_, info, err := Read(Source{Files: hfFolder.with(mapFiles{"tokenizer_config.json": c.config, "sentence_bert_config.json": c.sentence})})
		if err != nil || info.MaxLength != c.want || info.TruncateLeft != c.left {
			t.Errorf("%s %s: %+v, %v", c.config, c.sentence, info, err)
		}
	}
	_, info, err := Read(Source{Files: mapFiles{"tokenizer.json": tokJSON}})
	want := tokenizer.Limit{Length: 8, Truncation: tokenizer.LongestFirst, Stride: 1}
	if err != nil || info.Truncation == nil || *info.Truncation != want || info.Padding == nil || !info.Padding.Left || info.Padding.Length != 8 {
		t.Errorf("%+v, %v", info, err)
	}
}

// TestPlainText: no special token is found in a text, whatever the kind.
func TestPlainText(t *testing.T) {
	for name, files := range map[string]mapFiles{
		"tokenizer.json": {"tokenizer.json": tokJSON}, "vocab.json": hfFolder, "model": spFolder, "fastBPE": fastFolder,
	} {
		for _, opts := range [][]Option{nil, {WithPlainText()}} {
			tok, _, err := Read(Source{Files: files}, opts...)
			if err != nil {
				t.Fatal(err)
			}
			got := tok.Append(nil, "ab<mask></s>")
			if found := slices.Contains(got, tok.Special().Mask) || slices.Contains(got, tok.Special().EOS); found != (opts == nil) {
				t.Errorf("%s: %v with %d options", name, got, len(opts))
			}
		}
	}
}

// TestUnreadable: a file that is there and cannot be read is an error, not a missing file.
func TestUnreadable(t *testing.T) {
	broken := errors.New("broken disk")
	src := Source{Files: failing{hfFolder, "merges.txt", broken}}
	if _, _, err := Read(src); !errors.Is(err, broken) {
		t.Errorf("Read: %v", err)
	}
	if _, err := Gather(src); !errors.Is(err, broken) {
		t.Errorf("Gather: %v", err)
	}
	if files, err := Gather(Source{Files: mapFiles{"config.json": "{}"}}); err != nil || len(files) > 0 {
		t.Errorf("Gather without a tokenizer: %q, %v", files, err)
	}
	if files, err := Gather(Source{Files: fastFolder, Fairseq: true, BPE: "bytes"}); err != nil || len(files) > 0 {
		t.Errorf("Gather of an unknown bpe: %q, %v", files, err)
	}
}

type failing struct {
	mapFiles
	name string
	err  error
}

func (f failing) File(name string) ([]byte, error) {
	if name == f.name {
		return nil, f.err
	}
	return f.mapFiles.File(name)
}

// TestNames: every file that a test reads by is among the names.
func TestNames(t *testing.T) {
	for _, name := range []string{"tokenizer.json", "sentencepiece.bpe.model", "vocab.json", "merges.txt", "vocab.txt", "bpe.codes", "dict.txt", "encoder.json", "vocab.bpe", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "config.json", "sentence_bert_config.json"} {
		if !slices.Contains(Names(), name) {
			t.Errorf("%s is not among %q", name, Names())
		}
	}
}

// FuzzConfig: whatever the files beside a vocabulary hold, a tokenizer that is made has
// only ids of its own, and the same files give the same one.
func FuzzConfig(f *testing.F) {
	f.Add([]byte(`{"tokenizer_class":"RobertaTokenizer","added_tokens_decoder":{"9":{"content":"<mask>","lstrip":true}}}`), []byte(`{"bos_token":"a"}`), []byte(`{"<e>":10}`), []byte(`{"bos_token_id":4}`))
	f.Add([]byte(`{"cls_token":{"content":"<c>"},"extra_special_tokens":["x"]}`), []byte(`{"mask_token":""}`), []byte(`{"":-1}`), []byte(`{"model_type":"bert"}`))
	f.Fuzz(func(t *testing.T, tokenizerConfig, special, added, config []byte) {
		more := mapFiles{"tokenizer_config.json": string(tokenizerConfig), "special_tokens_map.json": string(special), "added_tokens.json": string(added), "config.json": string(config)}
		for _, files := range []mapFiles{hfFolder, spFolder, fastFolder, {"tokenizer.json": tokJSON}} {
			src := Source{Files: files.with(more)}
			tok, info, err := Read(src)
			if err != nil {
				if len(err.Error()) > 1000 {
					t.Fatalf("error of %d bytes: %.300s", len(err.Error()), err)
				}
				continue
			}
			ids := tokenizer.Encode(tok, "ab <mask> x<e></s>")
			for _, id := range ids {
				if id >= tok.Len() {
					t.Fatalf("id %d of %d", id, tok.Len())
				}
			}
			again, info2, err := Read(src)
			if err != nil || info.File != info2.File || !slices.Equal(ids, tokenizer.Encode(again, "ab <mask> x<e></s>")) {
				t.Fatalf("a second time: %v, %+v, %v", tokenizer.Encode(again, "ab <mask> x<e></s>"), info2, err)
			}
			if raw, _ := tokenizer.DecodeRaw(tok, ids); bytes.ContainsRune([]byte(raw), 0) && !bytes.ContainsRune(tokenizerConfig, 0) {
				t.Logf("decoded %q", raw)
			}
		}
	})
}
