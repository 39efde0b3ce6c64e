package hf_test

import "fmt"

// What becomes of a text, and why a word has these tokens.
func ExampleTokenizer_Explain() {
	tok := parse()
	const text = "LOWE"
	for _, s := range tok.Steps(text) {
		fmt.Printf("%s: %q\n", s.Name, s.Text)
	}
	for _, w := range tok.Words(text) {
		ex := tok.Explain(w)
		fmt.Println(ex.Parts)
		for _, m := range ex.Merges {
			fmt.Println(ex.Parts[m.From:m.Mid], "+", ex.Parts[m.Mid:m.To], "=", m.Made, m.Rank)
		}
		fmt.Println(ex.Pieces())
	}
	// Output:
	// Lowercase: "lowe"
	// [l o w e]
	// [l] + [o] = lo 0
	// [l o] + [w] = low 1
	// [low e]
}
