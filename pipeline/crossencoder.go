package pipeline

import (
	"cmp"
	"strings"
)

// readCrossEncoder reads the files of a folder that sentence-transformers' CrossEncoder has
// saved: what becomes of a pair before the model reads it, and the function of the score.
// Of any other folder it reads config.json alone, as CrossEncoder does. function is nil if
// the caller has one.
func readCrossEncoder(f folder, function func(float64) float64) (*modules, func(float64) float64, error) {
	var saved struct {
		Type string  `json:"model_type"`
		Path *string `json:"activation_fn"`
	}
	if _, err := f.has(promptsFile, &saved); err != nil {
		return nil, nil, err
	}
	var o *modules
	var err error
	if saved.Type == "CrossEncoder" {
		if o, err = readModules(f, 0, pairScores); err != nil {
			return nil, nil, err
		}
	}
	if o == nil { // without modules.json none of its kin counts
		o, saved.Path = &modules{}, nil
	}
	if function == nil {
		function, err = activation(f, saved.Path)
	}
	return o, function, err
}

// activation is the function that the files name for scores. saved is what
// config_sentence_transformers.json says, which counts before config.json.
func activation(f folder, saved *string) (func(float64) float64, error) {
	const file = "config.json"
	var conf struct {
		Now struct {
			Path *string `json:"activation_fn"`
		} `json:"sentence_transformers"`
		Before *string `json:"sbert_ce_default_activation_function"`
	}
	if _, err := f.has(file, &conf); err != nil {
		return nil, err
	}
	path, name := cmp.Or(saved, conf.Now.Path, conf.Before), file
	if saved != nil {
		name = promptsFile
	}
	if path == nil {
		return activations["Sigmoid"], nil
	}
	a, ok := activations[(*path)[strings.LastIndexByte(*path, '.')+1:]]
	if !ok || !strings.HasPrefix(*path, "torch.") {
		return nil, f.unsupported(name, "the function %.100q for scores; WithFunction says which to use", *path)
	}
	return a, nil
}
