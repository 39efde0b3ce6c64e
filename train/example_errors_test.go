package train_test

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/goroberta/goroberta/train"
)

// What no head can be fitted on is an error that names the example.
func ExampleHead_errors() {
	ctx := context.Background()
	set := func(values ...float32) *train.Set {
		return &train.Set{Features: train.Features{Dim: 1, Values: values}, Labels: []string{"minus", "plus"}, Class: []int{0, 1}}
	}
	_, err := train.Head(ctx, set(-1, float32(math.NaN())))
	if e, ok := errors.AsType[*train.ExampleError](err); ok {
		fmt.Println("example", e.Index, errors.Is(err, train.ErrFeatures))
	}
	one := set(-1, 1)
	one.Class[0] = 1
	_, err = train.Head(ctx, one)
	fmt.Println(errors.Is(err, train.ErrExamples), err)
	_, err = train.Head(ctx, set(-1, 1), train.WithHeldOut(1))
	fmt.Println(errors.Is(err, train.ErrOption), err)
	// Output:
	// example 1 true
	// true train: unsuitable examples: none of class "minus"
	// true train: invalid option: a held-out share of 1
}
