package main

import (
	"strings"
	"testing"
)

// TestWords compares instructions that are encoded by hand with what binutils
// makes of their text.
func TestWords(t *testing.T) {
	for _, c := range []struct {
		op      string
		d, n, m int
		want    string
	}{
		{"add", 1, 2, 3, "$0x4E23D441"},     // fadd v1.4s, v2.4s, v3.4s
		{"sub", 0, 31, 4, "$0x4EA4D7E0"},    // fsub v0.4s, v31.4s, v4.4s
		{"mul", 29, 28, 27, "$0x6E3BDF9D"},  // fmul v29.4s, v28.4s, v27.4s
		{"div", 8, 9, 10, "$0x6E2AFD28"},    // fdiv v8.4s, v9.4s, v10.4s
		{"max", 5, 6, 7, "$0x4E27F4C5"},     // fmax v5.4s, v6.4s, v7.4s
		{"min", 5, 6, 7, "$0x4EA7F4C5"},     // fmin v5.4s, v6.4s, v7.4s
		{"greater", 1, 2, 3, "$0x6EA3E441"}, // fcmgt v1.4s, v2.4s, v3.4s
		{"widen", 24, 29, 0, "$0x0E217BB8"}, // fcvtl v24.4s, v29.4h
		{"widen2", 3, 4, 0, "$0x4E217883"},  // fcvtl2 v3.4s, v4.8h
	} {
		if got := word(c.op, c.d, c.n, c.m); !strings.Contains(got, c.want) {
			t.Errorf("%s V%d, V%d, V%d is %s, want %s", c.op, c.d, c.n, c.m, got, c.want)
		}
	}
}

// TestRows: every row of the highest tile has an address of its own.
func TestRows(t *testing.T) {
	seen := map[string]int{}
	for r := range 14 {
		a := x86Row(r, 0)
		if old, ok := seen[a]; ok {
			t.Errorf("rows %d and %d share %s", old, r, a)
		}
		seen[a] = r
	}
}
