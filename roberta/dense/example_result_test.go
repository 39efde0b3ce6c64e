package dense_test

import (
	"errors"
	"fmt"

	"gorgonia.org/tensor"

	"github.com/goroberta/goroberta/roberta"
	"github.com/goroberta/goroberta/roberta/dense"
)

// grid is a result of a program's own.
type grid [2][3]float32

func (g *grid) Shape() roberta.Shape { return roberta.Shape{2, 3} }

func (g *grid) Float32s() []float32 { return append(g[0][:], g[1][:]...) }

func ExampleResult() {
	var x dense.Result = &grid{{1, 2, 3}, {4, 5, 6}}
	fmt.Println(x.Shape(), x.Float32s())
	fmt.Println(dense.Of(x).Shape())

	_, err := dense.Tokens(tensor.New(tensor.WithBacking([]string{"0", "2"})))
	fmt.Println(errors.Is(err, dense.ErrTokens))
	// Output:
	// (2, 3) [1 2 3 4 5 6]
	// (2, 3)
	// true
}
