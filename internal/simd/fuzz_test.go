package simd

import (
	"math"
	"math/rand/v2"
	"testing"
)

// FuzzProduct compares products of any shape at every level with the portable one,
// also of infinities, NaN and the like.
func FuzzProduct(f *testing.F) {
	f.Add(uint8(1), uint8(16), uint16(1), uint8(0), uint64(1), false)
	f.Add(uint8(15), uint8(33), uint16(513), uint8(1), uint64(2), true)
	f.Add(uint8(29), uint8(64), uint16(31), uint8(2), uint64(3), false)
	f.Add(uint8(7), uint8(47), uint16(2), uint8(3), uint64(4), true)
	f.Fuzz(func(t *testing.T, m, n uint8, k uint16, base uint8, seed uint64, half bool) {
		c := productCase{m: int(m % 64), n: 1 + int(n%80), k: int(k % 1100), base: []string{"", "row", "matrix", "dst"}[base%4], hard: seed%2 == 0}
		if half {
			c.format = []Format{Float16, BFloat16}[seed/2%2]
		}
		rng := rand.New(rand.NewPCG(seed, 1))
		c.p1 = rng.IntN(Panels(c.n) + 1)
		c.p0 = rng.IntN(c.p1 + 1)
		for _, l := range Supported() {
			restore, err := Use(l)
			if err != nil {
				t.Fatal(err)
			}
			c.run(t, rand.New(rand.NewPCG(seed, 2)))
			restore()
		}
	})
}

// FuzzInt8 compares products in Int8 of any shape, at every level and with rows in
// every form, with the portable one: also of infinities, NaN and the like, and of matrices
// whose bytes, scales and large weights no rounding gave.
func FuzzInt8(f *testing.F) {
	f.Add(uint8(1), uint8(16), uint16(1), uint8(0), uint64(1), uint8(0))
	f.Add(uint8(15), uint8(33), uint16(513), uint8(1), uint64(2), uint8(3))
	f.Add(uint8(29), uint8(64), uint16(31), uint8(2), uint64(3), uint8(40))
	f.Add(uint8(7), uint8(47), uint16(2), uint8(3), uint64(4), uint8(255))
	f.Add(uint8(14), uint8(79), uint16(1030), uint8(2), uint64(6), uint8(17))
	f.Fuzz(func(t *testing.T, m, n uint8, k uint16, base uint8, seed uint64, large uint8) {
		rng := rand.New(rand.NewPCG(seed, 1))
		c := int8Case{m: int(m % 64), n: 1 + int(n%80), k: int(k % 1100), base: []string{"", "row", "matrix", "dst"}[base%4], hard: seed%2 == 0, any: seed%3 == 0, large: int(large)}
		c.p1 = rng.IntN(Panels(c.n) + 1)
		c.p0 = rng.IntN(c.p1 + 1)
		for _, l := range Supported() {
			restore, err := Use(l)
			if err != nil {
				t.Fatal(err)
			}
			for _, c.form = range []form{words, unsignedBytes, signedBytes} {
				c.run(t, rand.New(rand.NewPCG(seed, 2)))
			}
			restore()
		}
	})
}

// FuzzInt16 is that of products in Int16.
func FuzzInt16(f *testing.F) {
	f.Add(uint8(1), uint8(16), uint16(1), uint8(0), uint64(1))
	f.Add(uint8(56), uint8(64), uint16(511), uint8(1), uint64(2))
	f.Add(uint8(29), uint8(33), uint16(24), uint8(3), uint64(3))
	f.Fuzz(func(t *testing.T, m, n uint8, k uint16, kind uint8, seed uint64) {
		c := int16Case{m: int(m % 64), n: int(n % 80), k: int(k % 1100), columns: kind&1 > 0, base: kind&2 > 0, hard: seed%2 == 0}
		for _, l := range Supported() {
			restore, err := Use(l)
			if err != nil {
				t.Fatal(err)
			}
			c.compare(t, rand.New(rand.NewPCG(seed, 2)))
			restore()
		}
	})
}

// FuzzRow compares the functions of a row at every level with the portable ones.
// data is the bits of the row's floats.
func FuzzRow(f *testing.F) {
	f.Add([]byte("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123"))
	f.Add([]byte{0, 0, 0x80, 0x7f, 0, 0, 0xc0, 0x7f, 0, 0, 0x80, 0xff, 1, 0, 0, 0x80})
	f.Fuzz(func(t *testing.T, data []byte) {
		x := make([]float32, len(data)/4)
		for i := range x {
			x[i] = math.Float32frombits(uint32(data[4*i]) | uint32(data[4*i+1])<<8 | uint32(data[4*i+2])<<16 | uint32(data[4*i+3])<<24)
		}
		y := testFloats(len(x), 1)
		for _, o := range rowFunctions {
			want := append([]float32(nil), x...)
			onGeneric(t, func() { o.f(want, y) })
			for _, l := range Supported() {
				restore, err := Use(l)
				if err != nil {
					t.Fatal(err)
				}
				got := append([]float32(nil), x...)
				o.f(got, y)
				restore()
				for i := range got {
					if !same(got[i], want[i]) {
						t.Errorf("%s at %v, element %d of %d: %v, portable %v", o.name, l, i, len(x), got[i], want[i])
						break
					}
				}
			}
		}
	})
}

// FuzzToF16Exact: ToF16Exact accepts exactly the values that float16 has, at every
// level, and FromF16 gives the same bits back.
func FuzzToF16Exact(f *testing.F) {
	for _, v := range []float32{0, 1, 65504, 65520, 0x1p-24, 0x1.8p-24, 0x1p-25, 1 + 0x1p-11, float32(math.Inf(-1)), float32(math.NaN())} {
		f.Add(math.Float32bits(v), uint8(3))
	}
	f.Fuzz(func(t *testing.T, bits uint32, n uint8) {
		v := math.Float32frombits(bits)
		src, dst, back := make([]float32, 1+n%40), make([]uint16, 1+n%40), make([]float32, 1+n%40)
		src[n%40] = v
		exact := v == v && math.IsInf(float64(v), 0)
		if a := math.Abs(float64(v)); a < 65520 {
			// Multiples of the spacing of float16 around v.
			exp := max(-24, math.Ilogb(a)-10)
			exact = a == 0 || math.Ldexp(math.Floor(math.Ldexp(a, -exp)), exp) == a
		}
		for _, l := range Supported() {
			restore, err := Use(l)
			if err != nil {
				t.Fatal(err)
			}
			if got := ToF16Exact(dst, src); got != exact {
				t.Errorf("%v: ToF16Exact(%v, %#08x) = %v, want %v", l, v, bits, got, exact)
			}
			if exact {
				FromF16(back, dst)
				for i := range src {
					if math.Float32bits(back[i]) != math.Float32bits(src[i]) {
						t.Errorf("%v: %v comes back as %v", l, src[i], back[i])
					}
				}
			}
			restore()
		}
	})
}
