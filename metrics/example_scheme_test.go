package metrics_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/goroberta/goroberta/metrics"
)

// One sentence in five schemes: a person of two words, then two places side by side.
func ExampleScheme() {
	sentences := map[metrics.Scheme]string{
		metrics.IOB1:  "I-PER I-PER O I-LOC B-LOC",
		metrics.IOB2:  "B-PER I-PER O B-LOC B-LOC",
		metrics.IOE2:  "I-PER E-PER O E-LOC E-LOC",
		metrics.IOBES: "B-PER E-PER O S-LOC S-LOC",
		metrics.BILOU: "B-PER L-PER O U-LOC U-LOC",
	}
	for _, s := range []metrics.Scheme{metrics.IOB1, metrics.IOB2, metrics.IOE2, metrics.IOBES, metrics.BILOU} {
		entities, err := metrics.StrictEntities(strings.Fields(sentences[s]), s)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(s, entities)
	}
	// Output:
	// IOB1 [{PER 0 1} {LOC 3 3} {LOC 4 4}]
	// IOB2 [{PER 0 1} {LOC 3 3} {LOC 4 4}]
	// IOE2 [{PER 0 1} {LOC 3 3} {LOC 4 4}]
	// IOBES [{PER 0 1} {LOC 3 3} {LOC 4 4}]
	// BILOU [{PER 0 1} {LOC 3 3} {LOC 4 4}]
}
