package simd

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
)

// A Level is a set of instructions.
type Level uint8

// The levels, from the one that is everywhere to the fastest.
const (
	Generic Level = iota
	NEON
	AVX2
	AVX512
)

var levelNames = []string{"generic", "neon", "avx2", "avx512"}

// String is the level's name as GOROBERTA_SIMD takes it.
func (l Level) String() string { return levelNames[l] }

// EnvLevel is the environment variable that lowers the level.
const EnvLevel = "GOROBERTA_SIMD"

var (
	active   atomic.Uint32
	levelErr error
)

func init() {
	levels := Supported()
	level := levels[len(levels)-1]
	if word := os.Getenv(EnvLevel); word != "" {
		level, levelErr = lowered(word, levels)
	}
	active.Store(uint32(level))
}

// lowered is the level that word asks for; if that cannot be, the best one and
// an error that names the word.
func lowered(word string, levels []Level) (Level, error) {
	best := levels[len(levels)-1]
	i := slices.Index(levelNames, word)
	if i < 0 {
		return best, fmt.Errorf("simd: %s=%q, want one of %s", EnvLevel, word, strings.Join(levelNames, ", "))
	}
	if !slices.Contains(levels, Level(i)) {
		return best, fmt.Errorf("simd: %s=%q, which this processor or build does not have (it has %v)", EnvLevel, word, levels)
	}
	return Level(i), nil
}

// Err is what was wrong with GOROBERTA_SIMD at start: a misspelt level, or one
// that is not there. Callers should refuse to compute then, lest a comparison
// of levels compares one with itself.
func Err() error { return levelErr }

// Active is the level that operations use.
func Active() Level { return Level(active.Load()) }

// Supported lists the levels that the processor and the build have, lowest first.
func Supported() []Level { return append([]Level{Generic}, supported()...) }

// Use changes the level, for tests and benchmarks. restore changes it back.
func Use(l Level) (restore func(), err error) {
	if !slices.Contains(Supported(), l) {
		return nil, fmt.Errorf("simd: no level %v here", l)
	}
	old := active.Swap(uint32(l))
	return func() { active.Store(old) }, nil
}
