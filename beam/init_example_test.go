package robertabeam_test

import (
	"fmt"
	"log"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	robertabeam "github.com/goroberta/goroberta/beam"
)

func ExampleInit() {
	if err := robertabeam.Init(); err != nil { // does not return in a worker
		log.Fatal(err)
	}
	fmt.Println(beam.Initialized())
	// Output: true
}
