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
func (l Level) String() string {
	if int(l) < len(levelNames) {
		return levelNames[l]
	}
	return fmt.Sprintf("Level(%d)", uint8(l))
}

// EnvLevel is the environment variable that lowers the level.
const EnvLevel = "GOROBERTA_SIMD"

// A LevelError says that GOROBERTA_SIMD names no level, or one that the processor or
// the build does not have.
type LevelError struct {
	Word      string  // the variable's value
	Known     bool    // whether the word is a level at all
	Available []Level // what this processor and build have
}

func (e *LevelError) Error() string {
	if !e.Known {
		return fmt.Sprintf("simd: %s=%q, want one of %s", EnvLevel, e.Word, strings.Join(levelNames, ", "))
	}
	return fmt.Sprintf("simd: %s=%q, which this processor or build does not have (it has %v)", EnvLevel, e.Word, e.Available)
}

// EnvDots is the environment variable that leaves out instructions for dot products of
// 8-bit integers and of bfloat16, if it is off: AVX512-VNNI, AVX-VNNI, SDOT,
// AVX512-BF16 and BFDOT, which a level may have.
const EnvDots = "GOROBERTA_DOT"

var (
	active   atomic.Uint32
	dots     atomic.Bool
	levelErr error
)

func init() {
	level, err := choose(os.Getenv(EnvLevel), Supported())
	active.Store(uint32(level))
	word := os.Getenv(EnvDots)
	dots.Store(word != "off")
	if err == nil && word != "off" && word != "" {
		err = fmt.Errorf("simd: %s=%q, want off or nothing", EnvDots, word)
	}
	levelErr = err
}

// choose is the level that word names. It is the best of levels if word is empty,
// and also, with a *LevelError, if word names none of levels.
func choose(word string, levels []Level) (Level, error) {
	best := levels[len(levels)-1]
	if word == "" {
		return best, nil
	}
	i := slices.Index(levelNames, word)
	if i < 0 || !slices.Contains(levels, Level(i)) {
		return best, &LevelError{Word: word, Known: i >= 0, Available: levels}
	}
	return Level(i), nil
}

// Err is a *LevelError if GOROBERTA_SIMD was misspelt at start or asked for a
// level that the processor or the build does not have, else nil. After an error the
// best level is active. Callers should refuse to compute, or comparing two levels
// would measure one twice.
func Err() error { return levelErr }

// Active is the level that operations use.
func Active() Level { return Level(active.Load()) }

// UseDots says whether instructions for dot products are used where the active level has
// them, for tests; restore changes it back. It does not change results, but see BF16Exact.
func UseDots(on bool) (restore func()) {
	old := dots.Swap(on)
	return func() { dots.Store(old) }
}

// Dots reports whether products in Int8 use instructions for dot products of bytes; those in
// Int16 then use such of words on x86.
func Dots() bool { return int8Form() != words }

// Supported lists the levels that the processor and the build have, lowest first.
func Supported() []Level { return append([]Level{Generic}, supported()...) }

// Use changes the level, for tests and benchmarks; restore changes it back. It
// fails for a level that is not in Supported. As all levels give the same bits,
// a change while others compute is harmless.
func Use(l Level) (restore func(), err error) {
	if !slices.Contains(Supported(), l) {
		return nil, fmt.Errorf("simd: this processor or build has no level %v", l)
	}
	old := active.Swap(uint32(l))
	return func() { active.Store(old) }, nil
}
