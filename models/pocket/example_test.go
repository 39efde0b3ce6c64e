package pocket_test

import (
	"context"
	"fmt"
	"log"

	"github.com/goroberta/goroberta/models/pocket"
)

func Example() {
	m, err := pocket.Open()
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	fills, err := m.FillMask(context.Background(), "She opened the <mask> and walked into the house.", 1)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(fills[0].Text)
	// Output: She opened the door and walked into the house.
}
