// Package pocket embeds a small RoBERTa, so that programs and examples run with
// nothing else at hand:
//
//	m, err := pocket.Open()
//	defer m.Close()
//	fills, err := m.FillMask(ctx, "She opened the <mask> and walked into the house.", 5)
//
// The model has 4 layers of 256, GPT-2's vocabulary, a language-model head and
// the heads "mnli" (contradiction, neutral, entailment), "topic" (8 classes),
// "sentiment" (negative, positive) and "entities" (people, places, organisations;
// for each token). It takes up to 256 tokens, is English only, and knows
// little: README.md says what it can and cannot do. It is a module of its own,
// because it adds 29 MB to a program.
package pocket

import (
	"embed"
	"io/fs"

	"github.com/goroberta/goroberta/roberta"
)

//go:embed pocket.safetensors.zst
var files embed.FS

// Name is the model's file in FS.
const Name = "pocket.safetensors.zst"

// FS is a file system with the model's file, for roberta.OpenFS and
// weights.OpenFS.
func FS() fs.FS { return files }

// Open opens the model. Each call unpacks it into memory again (33 MB). A program
// needs one Model only, which many goroutines may use at once.
func Open(opts ...roberta.Option) (*roberta.Model, error) {
	return roberta.OpenFS(files, Name, opts...)
}
