package sentencepiece_test

import "fmt"

// The lattice of a word: the pieces that a unigram model may cut it into. The path with
// the largest sum of scores is taken.
func ExampleTokenizer_Explain() {
	tok := model().Tokenizer()
	const text = "Ｔhe  river"
	for _, s := range tok.Steps(text) {
		fmt.Printf("%s: %q\n", s.Name, s.Text)
	}
	for _, w := range tok.Words(text) {
		ex := tok.Explain(w)
		fmt.Println(w.Text, len(ex.Lattice), "pieces may be taken:", ex.Pieces())
		sum := 0.0
		for _, c := range ex.Lattice {
			if c.Best {
				sum += c.Score
			}
		}
		fmt.Printf("%.2f\n", sum)
	}
	// Output:
	// normalizer: "▁The▁river"
	// ▁The 7 pieces may be taken: [▁The]
	// -8.90
	// ▁river 10 pieces may be taken: [▁ ri ver]
	// -15.61
}
