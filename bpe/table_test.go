package bpe

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// tableOf returns the table of a vocabulary.
func tableOf(e *Encoder) Table {
	v := e.vocabulary
	t := Table{File: "x.json", Merges: make([][3]uint32, v.ranks)}
	for i := range v.len() {
		t.Tokens = append(t.Tokens, v.token(uint32(i)))
		t.IDs = append(t.IDs, v.id(uint32(i)))
	}
	for _, p := range v.pairs.entries {
		if p.rank != noRank {
			t.Merges[p.rank] = [3]uint32{uint32(p.pair >> 32), uint32(p.pair), p.made}
		}
	}
	return t
}

func TestNewFromTable(t *testing.T) {
	e, err := NewFromTable(tableOf(Default()))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"", "Hello world!", " don't  stop\n\n", "naïve 中文 \xff\xfe", strings.Repeat("ab ", 100) + strings.Repeat("a", 100)} {
		if got, want := e.Append(nil, s), Default().Append(nil, s); !slices.Equal(got, want) {
			t.Errorf("Append(%q) = %v, want %v", s, got, want)
		}
	}
	// U+16EA0 is a letter since Unicode 17.0: fairseq knows it, the tokenizers library does not.
	if got := NextPiece("a\U00016EA0", 0); got != 1 {
		t.Errorf("NextPiece = %d, want 1", got)
	}
	if got := nextPiece("a\U00016EA0", 0, newest); got != 5 {
		t.Errorf("nextPiece = %d, want 5", got)
	}
}

func TestAppendAfterSpace(t *testing.T) {
	e := Default()
	for _, s := range []string{"a", "word and more", " word", "\tx", "\n\n", " ", "'s", "don't", "é", "\xff", "  x", strings.Repeat("longer", 20) + " x", "1234567890123456 x", "123456789012345 x"} {
		if got, want := e.AppendAfterSpace(nil, s), e.Append(nil, " "+s); !slices.Equal(got, want) {
			t.Errorf("AppendAfterSpace(%q) = %v, want %v", s, got, want)
		}
	}
}

func TestWhole(t *testing.T) {
	table := tableOf(Default())
	table.Merges = nil
	table.Whole = true
	e, err := NewFromTable(table)
	if err != nil {
		t.Fatal(err)
	}
	id := func(token string) int { return slices.Index(table.Tokens, token) }
	if got, want := e.Append(nil, "the cat qqq"), []int{id("the"), id(" cat"), id(" "), id("q"), id("q"), id("q")}; !slices.Equal(got, want) {
		t.Errorf("Append = %v, want %v", got, want)
	}
	long := " Telecommunications" // longer than what is cached
	if got, want := e.AppendPiece(nil, long), []int{id(long)}; id(long) >= 0 && !slices.Equal(got, want) {
		t.Errorf("AppendPiece(%q) = %v, want %v", long, got, want)
	}
	without := e.WithoutWhole([]string{"the"})
	if got := without.AppendPiece(nil, "the"); len(got) != 3 {
		t.Errorf("WithoutWhole: AppendPiece = %v, want three letters", got)
	}
	if got := e.AppendPiece(nil, "the"); len(got) != 1 {
		t.Errorf("after WithoutWhole: AppendPiece = %v, want one token", got)
	}
	if Default().WithoutWhole([]string{"the"}) != Default() {
		t.Error("WithoutWhole copies an Encoder without whole pieces")
	}
}

func TestTableErrors(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(t *Table)
		want   error
	}{
		{"a byte less", func(t *Table) { t.Tokens[0] = "zzz" }, ErrUnknownToken},
		{"a byte twice", func(t *Table) { t.Tokens[300] = "a" }, ErrDuplicate},
		{"an id twice", func(t *Table) { t.IDs[5] = 6 }, ErrDuplicate},
		{"a negative id", func(t *Table) { t.IDs[5] = -1 }, ErrDuplicate},
		{"ids missing", func(t *Table) { t.IDs = t.IDs[1:] }, ErrFormat},
		{"a merge of no token", func(t *Table) { t.Merges[7][1] = 1 << 30 }, ErrFormat},
		{"a merge that makes another token", func(t *Table) { t.Merges[7][2] = 3 }, ErrFormat},
	} {
		table := tableOf(Default())
		test.change(&table)
		_, err := NewFromTable(table)
		if v := (*VocabularyError)(nil); !errors.Is(err, test.want) || !errors.As(err, &v) || v.File != "x.json" {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}
