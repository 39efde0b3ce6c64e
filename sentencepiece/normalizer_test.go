package sentencepiece

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"testing"
	"unicode/utf8"
)

// charsmaps holds the charsmap of each rule that the golden values have.
func charsmaps(t *testing.T) map[string][]byte {
	t.Helper()
	maps := map[string][]byte{"identity": nil}
	for rule, model := range map[string]string{"nmt_nfkc": "xlmr", "nmt_nfkc_cf": "symbols", "nfkc": "suffix", "nfkc_cf": "noprefix"} {
		s, err := readSpec(open(t, "spm", model+".model"))
		if err != nil {
			t.Fatal(err)
		}
		maps[rule] = s.normalizer.charsmap
	}
	return maps
}

// TestAllCodePoints: every code point but surrogates, normalised alone.
func TestAllCodePoints(t *testing.T) {
	maps := charsmaps(t)
	var want map[string]struct {
		SHA256  string `json:"all_code_points_sha256"`
		Changed int
	}
	if err := json.Unmarshal(open(t, "normalize", "rules.json"), &want); err != nil {
		t.Fatal(err)
	}
	if len(want) < 2 {
		t.Errorf("%d rules, want nmt_nfkc and identity at least", len(want))
	}
	for rule, w := range want {
		n, err := newNormalizer(&normalizerSpec{charsmap: maps[rule]}, false, nil)
		if err != nil {
			t.Fatal(err)
		}
		h := sha256.New()
		changed := 0
		var d normalized
		for c := range utf8.MaxRune + 1 {
			if !utf8.ValidRune(c) {
				continue
			}
			n.normalize(&d, string(c), false)
			if string(d.text) != string(c) {
				changed++
			}
			h.Write(append(d.text, '\n'))
		}
		if got := hex.EncodeToString(h.Sum(nil)); got != w.SHA256 || changed != w.Changed {
			t.Errorf("%s: sha256 %s, %d changed, want %s, %d", rule, got, changed, w.SHA256, w.Changed)
		}
	}
}

// TestFlagsGolden: the three switches, with offsets.
func TestFlagsGolden(t *testing.T) {
	charsmap := charsmaps(t)["nmt_nfkc"]
	c := mismatch{t: t}
	for _, w := range rows[struct {
		DummyPrefix bool `json:"add_dummy_prefix"`
		Extra       bool `json:"remove_extra_whitespaces"`
		Escape      bool `json:"escape_whitespaces"`
		Text, Norm  string
		Offsets     []int // in code points, one for each of Norm and one more
	}](t, "normalize", "flags.jsonl") {
		n, err := newNormalizer(&normalizerSpec{charsmap: charsmap, dummyPrefix: w.DummyPrefix, removeExtraSpaces: w.Extra, escapeSpaces: w.Escape}, false, nil)
		if err != nil {
			t.Fatal(err)
		}
		var d normalized
		n.normalize(&d, w.Text, true)
		var offsets []int
		for i := range string(d.text) {
			offsets = append(offsets, utf8.RuneCountInString(w.Text[:d.origin[i]]))
		}
		offsets = append(offsets, utf8.RuneCountInString(w.Text[:d.origin[len(d.text)]]))
		c.check(string(d.text) == w.Norm && slices.Equal(offsets, w.Offsets), "%q (prefix %v, extra %v, escape %v): %q %v, want %q %v", w.Text, w.DummyPrefix, w.Extra, w.Escape, d.text, offsets, w.Norm, w.Offsets)
		n.normalize(&d, w.Text, false)
		c.check(string(d.text) == w.Norm, "%q without offsets: %q, want %q", w.Text, d.text, w.Norm)
	}
	c.done()
}

func TestRuleGoldens(t *testing.T) {
	if families() == "testdata" {
		t.Skip("GOROBERTA_FAMILIES does not name the whole set")
	}
	all := texts(t)
	for rule, charsmap := range charsmaps(t) {
		if rule == "identity" {
			continue
		}
		n, err := newNormalizer(&normalizerSpec{charsmap: charsmap}, false, nil)
		if err != nil {
			t.Fatal(err)
		}
		c := mismatch{t: t}
		for i, w := range rows[struct{ Norm string }](t, "normalize", rule+".jsonl") {
			var d normalized
			n.normalize(&d, all[i], false)
			c.check(string(d.text) == w.Norm, "%s %q: %q, want %q", rule, all[i], d.text, w.Norm)
		}
		c.done()
	}
}
