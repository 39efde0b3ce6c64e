//go:build !race

package roberta

const raceDetector = false
