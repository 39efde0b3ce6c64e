//go:build purego || !(amd64 || arm64)

package simd

// A Scratch is the working memory of Multiply. It must not be used by two
// goroutines at once.
type Scratch struct{}

func multiply(j *Job, _ *Scratch) { multiplyGeneric(j) }

func multiplyIntegers(j *Job, _ *Scratch) { multiplyIntegersGeneric(j) }

func hasPairs(Level) bool { return false }

func int8Form() form  { return words }
func int8Bytes() bool { return false }

// tilesLarge is nothing without tiles.
type tilesLarge struct{}

func (p *Int8Panels) forTiles(int) tilesLarge    { return tilesLarge{} }
func (t tilesLarge) between(int, int) tilesLarge { return t }

func extremesVec(*[5]lanes, []float32) int { return 0 }
