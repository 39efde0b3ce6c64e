package simd

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

// envRequire is the environment variable that lists levels, separated by commas, whose
// tests fail instead of being skipped on a machine without them. dot stands for
// instructions for dot products of bytes.
const envRequire = "GOROBERTA_REQUIRE_SIMD"

func required() []string { return strings.Split(os.Getenv(envRequire), ",") }

// testLevels runs f once for each level, the portable one included.
func testLevels(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	for i, name := range levelNames {
		t.Run(name, func(t *testing.T) {
			restore, err := Use(Level(i))
			if err != nil {
				if slices.Contains(required(), name) {
					t.Fatalf("%s=%s: %v", envRequire, name, err)
				}
				t.Skip(err)
			}
			defer restore()
			f(t)
		})
	}
}

func TestSupported(t *testing.T) {
	levels := Supported()
	if levels[0] != Generic || !slices.IsSorted(levels) {
		t.Errorf("Supported() = %v, want the levels in order from generic", levels)
	}
	best := levels[len(levels)-1]
	if os.Getenv(EnvLevel) == "" && Active() != best {
		t.Errorf("Active() = %v, want %v", Active(), best)
	}
	for _, l := range levels {
		restore, err := Use(l)
		if err != nil {
			t.Fatalf("Use(%v): %v", l, err)
		}
		if Active() != l {
			t.Errorf("after Use(%v) Active() = %v", l, Active())
		}
		restore()
	}
	if s := Level(200).String(); s != "Level(200)" {
		t.Errorf("Level(200).String() = %q", s)
	}
	if _, err := Use(Level(200)); err == nil {
		t.Error("Use(Level(200)) succeeded")
	}
}

func TestChooseLevel(t *testing.T) {
	for _, c := range []struct {
		word string
		have []Level
		want Level
		ok   bool
	}{
		{"", []Level{Generic}, Generic, true},
		{"", []Level{Generic, AVX2, AVX512}, AVX512, true},
		{"avx2", []Level{Generic, AVX2, AVX512}, AVX2, true},
		{"avx512", []Level{Generic, AVX2}, AVX2, false},
		{"neon", []Level{Generic, AVX2}, AVX2, false},
		{"neon", []Level{Generic, NEON}, NEON, true},
		{"generic", []Level{Generic, NEON}, Generic, true},
		{"AVX2", []Level{Generic, AVX2}, AVX2, false},
		{"avx", []Level{Generic, AVX2}, AVX2, false},
		{" avx2", []Level{Generic, AVX2}, AVX2, false},
	} {
		got, err := choose(c.word, c.have)
		if got != c.want || (err == nil) != c.ok {
			t.Errorf("choose(%q, %v) = %v, %v, want %v", c.word, c.have, got, err, c.want)
		}
		var le *LevelError
		if err != nil && (!errors.As(err, &le) || le.Word != c.word || !strings.Contains(err.Error(), c.word)) {
			t.Errorf("choose(%q, %v): error %q does not name the word", c.word, c.have, err)
		}
	}
}
