package pipeline

import (
	"errors"
	"io/fs"
	"os"
	"testing"

	"github.com/goroberta/goroberta/weights"
)

// fileMap is the files of a folder in memory.
type fileMap map[string]string

func (m fileMap) File(name string) ([]byte, error) {
	if data, ok := m[name]; ok {
		return []byte(data), nil
	}
	return nil, &weights.FileError{Entry: name, Offset: -1, Err: fs.ErrNotExist}
}

func (m fileMap) FileName(name string) string { return name }

// FuzzModules reads files of a sentence-transformers folder. What is wrong with them is
// said with a file's name, and if nothing is, its layers make vectors of as many values
// as it says.
func FuzzModules(f *testing.F) {
	const C = 32
	const all = `[{"path":"","type":"a.Transformer"},{"path":"1","type":"b.Pooling"},{"path":"2","type":"c.Dense"},{"path":"2","type":"d.Normalize"}]`
	dense, err := os.ReadFile("testdata/dense-chain/4_Dense/model.safetensors") // [24, 40]
	if err != nil {
		f.Fatal(err)
	}
	norm, err := os.ReadFile("testdata/dense-chain/3_LayerNorm/model.safetensors") // [40]
	if err != nil {
		f.Fatal(err)
	}
	f.Add(all, `{"pooling_mode_mean_tokens":true,"include_prompt":false}`, `{"in_features":32,"out_features":2}`, dense, `{"max_seq_length":9,"do_lower_case":true}`, `{"prompts":{"a":"the "},"default_prompt_name":"a"}`)
	f.Add(all, `{"pooling_mode":["cls","weightedmean"]}`, `{"in_features":64,"out_features":2,"bias":false,"use_residual":true}`, dense, `{}`, `{}`)
	f.Add(`[{"path":"","type":"Transformer"},{"path":"1","type":"Pooling"},{"path":"2","type":"LayerNorm"}]`, `{}`, `{"dimension":40}`, norm, `{"max_seq_length":1}`, `{"prompts":null}`)
	f.Add(`[{"path":"","type":"a.MLMTransformer"},{"path":"1","type":"b.SpladePooling"}]`, `{"pooling_strategy":"sum","activation_function":"log1p_relu","word_embedding_dimension":32}`, `{}`, norm, `{"max_seq_length":60}`, `{"similarity_fn_name":"dot"}`)
	f.Add(`{}`, `{"pooling_mode":3}`, `{"in_features":40,"out_features":24,"activation_function":"torch.nn.ReLU"}`, []byte("x"), `[`, `{"default_prompt_name":"x"}`)
	f.Fuzz(func(t *testing.T, list, pooling, config string, tensors []byte, sentence, prompts string) {
		files := folder{fileMap{
			"modules.json": list, "1/config.json": pooling, "2/config.json": config, "2/model.safetensors": string(tensors),
			"sentence_bert_config.json": sentence, "config_sentence_transformers.json": prompts,
		}}
		for _, c := range []int{C, 40} {
			sparse, err := readModules(files, c, sparseVectors)
			if err == nil && sparse != nil && (spladeActivations[sparse.splade.activation] == nil || sparse.splade.pooling != "max" && sparse.splade.pooling != "sum") {
				t.Errorf("sparse vectors by %+v", sparse.splade)
			}
			if fe, ok := errors.AsType[*weights.FileError](err); err != nil && (!ok || fe.Entry+fe.Path == "" || len(err.Error()) > 800) {
				t.Errorf("error %v, want a FileError with a name", err)
			}
			m, err := readModules(files, c, denseVectors)
			if err != nil {
				if fe, ok := errors.AsType[*weights.FileError](err); !ok || fe.Entry+fe.Path == "" || len(err.Error()) > 800 {
					t.Errorf("error %v, want a FileError with a name", err)
				}
				continue
			}
			v := make([]float32, c*len(m.pooling))
			for _, l := range m.layers {
				v = l.apply(v)
			}
			if len(v) != m.dim(c) || len(m.pooling) == 0 || m.maxLength < 0 {
				t.Errorf("%d values, want %d; poolings %q, longest text %d", len(v), m.dim(c), m.pooling, m.maxLength)
			}
		}
	})
}
