package roberta_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/goroberta/goroberta/roberta"
)

// A model in 8 bits: a file of about a quarter of the size, and results a little off.
func ExampleWithPrecision() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	small := filepath.Join(dir, "int8.safetensors")
	if err := roberta.Convert(ctx, tinyCheckpoint, small, roberta.ConvertPrecision(roberta.Int8)); err != nil {
		log.Fatal(err)
	}

	full := open(tinyCheckpoint)
	defer full.Close()
	rounded, err := roberta.Open(tinyCheckpoint, roberta.WithPrecision(roberta.Int8))
	if err != nil {
		log.Fatal(err)
	}
	defer rounded.Close()
	converted := open(small)
	defer converted.Close()
	for _, m := range []*roberta.Model{full, rounded, converted} {
		p, err := m.Predict(ctx, "mnli", m.Encode("it was"))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%v: %.3f\n", m.Precision(), p.Row(0)[0])
	}

	// The float32 weights are not in that file.
	_, err = roberta.Open(small, roberta.WithPrecision(roberta.Float32))
	fmt.Println(errors.Is(err, roberta.ErrPrecision))
	// Output:
	// fp32: -1.727
	// int8: -1.705
	// int8: -1.705
	// true
}

func ExamplePrecision_UnmarshalText() {
	var p roberta.Precision
	fmt.Println(p.UnmarshalText([]byte("bf16")), p == roberta.BFloat16)
	fmt.Println(p.UnmarshalText([]byte("fp8")))
	name, err := p.MarshalText()
	fmt.Printf("%s %v\n", name, err)
	// Output:
	// <nil> true
	// roberta: precision "fp8", want one of [fp32 bf16 int8]
	// bf16 <nil>
}

// Texts of the kind that the model will read decide how it is rounded.
func ExampleCalibrate() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	m := open(tinyCheckpoint)
	defer m.Close()
	texts := roberta.Inputs(m.Encode("it was the first time"), m.Encode("he was not"))
	err = m.Save(ctx, filepath.Join(dir, "int8.safetensors"), roberta.ConvertPrecision(roberta.Int8),
		roberta.Calibrate(texts, func(c roberta.Calibration) {
			fmt.Println(c.Texts, "texts,", c.Tokens, "tokens,", c.Sampled, "of them computed")
			fmt.Println(c.Changed, "of", c.Matrices, "matrices are rounded otherwise")
			fmt.Printf("relative error %.4f, without texts %.4f\n", c.Error, c.Without)
		}))
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// 2 texts, 12 tokens, 12 of them computed
	// 11 of 12 matrices are rounded otherwise
	// relative error 0.0058, without texts 0.0062
}
