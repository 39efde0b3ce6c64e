//go:build race

package weights

// raceDetector says that tests run under the race detector, which slows Go code
// down some ten times and has nothing to find in a single computation.
const raceDetector = true
