package train

import (
	"fmt"
	"math"
)

// Features are what a head reads: a row of Dim float32 values for each example, end to
// end.
type Features struct {
	Dim    int
	Values []float32 // [rows, Dim], row-major
}

// Len is the number of rows.
func (f *Features) Len() int {
	if f.Dim < 1 {
		return 0
	}
	return len(f.Values) / f.Dim
}

// Row is row i, in the Features' own memory.
func (f *Features) Row(i int) []float32 { return f.Values[i*f.Dim:][:f.Dim:f.Dim] }

// check is an error for features that no head can be fitted on.
func (f *Features) check() error {
	if f.Dim < 1 || len(f.Values)%f.Dim != 0 {
		return fmt.Errorf("%w: %d values in rows of %d", ErrFeatures, len(f.Values), f.Dim)
	}
	for i, v := range f.Values {
		if x := float64(v); math.IsNaN(x) || math.IsInf(x, 0) {
			return &ExampleError{i / f.Dim, fmt.Errorf("%w: value %d is %v", ErrFeatures, i%f.Dim, v)}
		}
	}
	return nil
}

// moments are the mean and the deviation (1/n) of each column. A column without
// deviation has 1, as in scikit-learn's StandardScaler.
func (f *Features) moments() (mean, deviation []float64) {
	mean, deviation = make([]float64, f.Dim), make([]float64, f.Dim)
	n := float64(f.Len())
	for i := range f.Len() {
		for j, v := range f.Row(i) {
			mean[j] += float64(v)
		}
	}
	for j := range mean {
		mean[j] /= n
	}
	for i := range f.Len() {
		for j, v := range f.Row(i) {
			d := float64(v) - mean[j]
			deviation[j] += float64(d * d)
		}
	}
	for j := range deviation {
		deviation[j] = math.Sqrt(deviation[j] / n)
		// What rounding leaves of a constant column is no deviation.
		if deviation[j] <= 10*epsilon*math.Abs(mean[j]) {
			deviation[j] = 1
		}
	}
	return mean, deviation
}

const epsilon = 0x1p-52
