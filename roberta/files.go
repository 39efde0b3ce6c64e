package roberta

import (
	"encoding/json"
	"io/fs"
	"path"
	"slices"

	"github.com/goroberta/goroberta/weights"
)

// File reads a file that came with the checkpoint: one that lies beside its tensors or
// in its archive, or that a converted file holds, by its path from there, such as
// "modules.json" or "1_Pooling/config.json". What lies beside a converted file is not
// its own. The caller owns the result. Errors are ErrClosed and a *weights.FileError
// that names the file as it is called on disk; it wraps fs.ErrNotExist if there is no
// such file.
func (m *Model) File(name string) ([]byte, error) {
	if err := m.enter(); err != nil {
		return nil, err
	}
	defer m.leave()
	var data []byte
	err := m.file.Guard(func() (err error) {
		data, err = m.source.companion(name)
		return err
	})
	return data, err
}

// FileName is what the file that File reads is called on disk, for messages about what
// it holds. It is name itself after Close.
func (m *Model) FileName(name string) string {
	if m.enter() != nil {
		return name
	}
	defer m.leave()
	return m.file.FileName(name)
}

// companion reads a file that came with the checkpoint.
func (c *checkpoint) companion(name string) ([]byte, error) {
	if _, converted := c.file.Metadata()[settingsKey]; converted && !slices.Contains(c.file.Files(), name) {
		return nil, &weights.FileError{Entry: name, Offset: -1, Err: fs.ErrNotExist}
	}
	return c.file.File(name)
}

// modulesFile lists the modules of a sentence-transformers folder.
const modulesFile = "modules.json"

// sentenceFiles are the names that the Transformer module of a sentence-transformers
// folder has its settings under, today's first.
var sentenceFiles = []string{
	"sentence_bert_config.json", "sentence_roberta_config.json", "sentence_xlm-roberta_config.json",
	"sentence_camembert_config.json", "sentence_distilbert_config.json",
}

// embedderFiles lists the files that turn hidden states into the embeddings of
// sentence-transformers, as far as the checkpoint came with them: pipeline.NewEmbedder
// reads them, and a converted file holds them.
func (c *checkpoint) embedderFiles() []string {
	data, err := c.companion(modulesFile)
	if err != nil {
		return nil
	}
	names := []string{modulesFile, "config_sentence_transformers.json"}
	var modules []struct {
		Path string `json:"path"`
	}
	if json.Unmarshal(data, &modules) != nil {
		return names // whoever reads the file says what is wrong with it
	}
	names = append(names, sentenceFiles...)
	const most = 100 // real folders have two to six
	for i, m := range modules[:min(most, len(modules))] {
		switch {
		case m.Path == "" || !fs.ValidPath(m.Path):
		case i == 0:
			for _, name := range sentenceFiles {
				names = append(names, path.Join(m.Path, name))
			}
		default:
			for _, name := range []string{"config.json", "model.safetensors", "pytorch_model.bin"} {
				names = append(names, path.Join(m.Path, name))
			}
		}
	}
	return names
}
