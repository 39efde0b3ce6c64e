package simd

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// An int8Golden is a product in Int8 or Int16 that tools/int8/golden.py computed, floats as
// their bits.
type int8Golden struct {
	M, N, K       int
	X, W, Base, Y []uint32
	RowScales     []uint32  `json:"row_scales"`
	ZeroPoints    []int32   `json:"zero_points"` // of Int8
	Rows          [][]int32 // Qx
	Scales        []uint32
	Features      [][]int32 // Qw
}

func fromBits(bits []uint32) []float32 {
	x := make([]float32, len(bits))
	for i, b := range bits {
		x[i] = math.Float32frombits(b)
	}
	return x
}

// readGoldens reads testdata/NAME.json.
func readGoldens(t *testing.T, name string) (goldens []int8Golden) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &goldens); err != nil {
		t.Fatal(err)
	}
	return goldens
}

// multiply computes a job with the golden's matrix and rows, and compares the result's bits.
func (g *int8Golden) multiply(t *testing.T, j Job) {
	t.Helper()
	ldd := Panels(g.N) * PanelWidth
	j.Dst, j.DstStride, j.Rows, j.Panels = make([]float32, g.M*ldd), ldd, g.M, j.W.All()
	j.Base = make([]float32, ldd)
	copy(j.Base, fromBits(g.Base))
	Multiply(&j, new(Scratch))
	for r := range g.M {
		for n := range g.N {
			if got, want := math.Float32bits(j.Dst[r*ldd+n]), g.Y[r*g.N+n]; got != want {
				t.Fatalf("y(%d, %d) is %#x, want %#x", r, n, got, want)
			}
		}
	}
}

// TestLevelsInt8Golden compares every integer and scale of a product with those of an
// independent computation.
func TestLevelsInt8Golden(t *testing.T) {
	goldens := readGoldens(t, "int8")
	testLevels(t, func(t *testing.T) {
		for _, g := range goldens {
			w := PackInt8(fromBits(g.W), g.K, g.N, g.K, nil, nil)
			extra := map[[2]int32]int32{}
			for _, l := range w.I8.Large {
				extra[[2]int32{l.N, l.K}] = l.Extra
			}
			for n, feature := range g.Features {
				if got := math.Float32bits(w.I8.Scales[n]); got != g.Scales[n] {
					t.Fatalf("scale of feature %d: %#x, want %#x", n, got, g.Scales[n])
				}
				for k, want := range feature {
					at := ((n/PanelWidth*wholeGroups(g.K)/4+k/4)*PanelWidth+n%PanelWidth)*4 + k%4
					if got := int32(int8(w.I8.Q[at])) + extra[[2]int32{int32(n), int32(k)}]; got != want {
						t.Fatalf("weight (%d, %d) is %d, want %d", n, k, got, want)
					}
				}
			}
			for _, f := range forms(t) {
				var q Int8Rows
				q.resetAs(f, g.M, g.K)
				q.Set(fromBits(g.X), g.K, 0, g.M, nil)
				for r, row := range g.Rows {
					if got := math.Float32bits(q.scales[r]); got != g.RowScales[r] {
						t.Fatalf("form %d: scale of row %d: %#x, want %#x", f, r, got, g.RowScales[r])
					}
					if f == unsignedBytes && q.zero[r] != g.ZeroPoints[r] {
						t.Fatalf("zero point of row %d: %d, want %d", r, q.zero[r], g.ZeroPoints[r])
					}
					for k, want := range row {
						if got := q.value(r, k); got != want {
							t.Fatalf("form %d: value (%d, %d) is %d, want %d", f, r, k, got, want)
						}
					}
				}
				g.multiply(t, Job{W: &w, Int8: &q})
			}
		}
	})
}

// TestLevelsInt16Golden is that of Int16, for a matrix given by its rows and by its columns.
func TestLevelsInt16Golden(t *testing.T) {
	goldens := readGoldens(t, "int16")
	testLevels(t, func(t *testing.T) {
		for _, g := range goldens {
			weights, columns := fromBits(g.W), make([]float32, g.N*g.K)
			for n := range g.N {
				for k := range g.K {
					columns[k*g.N+n] = weights[n*g.K+k]
				}
			}
			var rows Int16Rows
			ms := make([]Matrix, 2)
			PackInt16(&ms[0], weights, g.K, g.N, g.K, &rows)
			PackInt16Columns(&ms[1], columns, g.N, g.K, g.N)
			rows.Reset(g.M, g.K)
			rows.Set(fromBits(g.X), g.K)
			for r, row := range g.Rows {
				if got := math.Float32bits(rows.scales[r]); got != g.RowScales[r] {
					t.Fatalf("scale of row %d: %#x, want %#x", r, got, g.RowScales[r])
				}
				for k, want := range row {
					if got := int32(rows.words[r*rows.stride+k]); got != want {
						t.Fatalf("value (%d, %d) is %d, want %d", r, k, got, want)
					}
				}
			}
			for i, w := range ms {
				for n, feature := range g.Features {
					if got := math.Float32bits(w.I16.Scales[n]); got != g.Scales[n] {
						t.Fatalf("matrix %d: scale of feature %d: %#x, want %#x", i, n, got, g.Scales[n])
					}
					for k, want := range feature {
						at := (n/PanelWidth*wholePairs(g.K)+k/2*2)*PanelWidth + n%PanelWidth*2 + k%2
						if got := int32(w.I16.Q[at]); got != want {
							t.Fatalf("matrix %d: weight (%d, %d) is %d, want %d", i, n, k, got, want)
						}
					}
				}
				g.multiply(t, Job{W: &w, Int16: &rows})
			}
		}
	})
}
