package roberta_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/tokenizer"
)

// A model in a file system, such as one that is embedded in the program.
func ExampleOpenFS() {
	m, err := roberta.OpenFS(os.DirFS(tinyCheckpoint), "model.pt", roberta.WithoutMap())
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	fmt.Println(m.Encode("it was"), len(m.Notes()))

	dict, err := m.File("dict.txt")
	fmt.Println(m.FileName("dict.txt"), len(dict), err)
	// Output:
	// [0 405 21 2] 0
	// dict.txt 12752 <nil>
}

// A file that is open, or in memory. Nothing is looked for beside it.
func ExampleLoad() {
	f, err := os.Open(filepath.Join(tinyCheckpoint, "model.pt"))
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		log.Fatal(err)
	}
	m, err := roberta.Load(f, st.Size())
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	_, err = m.Tokenizer() // its dict.txt is another file
	fmt.Println(m.Config().Layers, errors.Is(err, roberta.ErrNoVocabulary))
	// Output: 3 true
}

// A tokenizer without its model's weights.
func ExampleOpenTokenizer() {
	tok, info, err := roberta.OpenTokenizer(tinyCheckpoint)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tokenizer.Encode(tok, "it was"), info.Kind, "for", info.MaxLength, "tokens")

	m := open(tinyCheckpoint)
	defer m.Close()
	fmt.Println(m.TokenizerInfo().Kind)
	// Output:
	// [0 405 21 2] byte-level BPE for 40 tokens
	// byte-level BPE
}

// The options that say how a model is opened.
func ExampleOption() {
	ctx, cancel := context.WithCancel(context.Background())
	options := []roberta.Option{
		roberta.WithContext(ctx), // ends opening, not the model
		roberta.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, nil))),
		roberta.WithPlainText(), // "<mask>" in a text is letters
	}
	m, err := roberta.Open(tinyCheckpoint, options...)
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	fmt.Println(len(m.Encode("it was")))

	cancel()
	_, err = roberta.Open(tinyCheckpoint, options...)
	fmt.Println(errors.Is(err, context.Canceled))
	// Output:
	// 4
	// true
}

func ExampleConfig() {
	m := open(tinyCheckpoint)
	defer m.Close()
	c := m.Config()
	switch c.Positions {
	case roberta.LearnedPositions:
		fmt.Println("a row for each of", c.MaxPositions, "positions")
	case roberta.SinusoidalPositions:
		fmt.Println("sines and cosines")
	case roberta.NoPositions:
		fmt.Println("a bag of words")
	}
	// Output: a row for each of 40 positions
}

// Results do not depend on the instructions that they are computed with.
func ExampleSIMDLevel() {
	fmt.Println(slices.Contains([]string{"generic", "neon", "avx2", "avx512"}, roberta.SIMDLevel()))
	// Output: true
}

// What a converted file does not hold goes to a log.
func ExampleConvertLogger() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	warnings := roberta.ConvertLogger(slog.New(slog.NewTextHandler(os.Stderr, nil)))
	ctx, out := context.Background(), filepath.Join(dir, "tiny.safetensors")
	err = roberta.Convert(ctx, tinyCheckpoint, out, roberta.Packed(), roberta.Zstd(), warnings)
	fmt.Println(errors.Is(err, roberta.ErrConvert)) // what is compressed cannot be mapped
	fmt.Println(roberta.Convert(ctx, tinyCheckpoint, out, roberta.Zstd(), warnings))
	// Output:
	// true
	// <nil>
}
