package main

import (
	"strings"
	"testing"
)

// TestVNNI compares VPDPBUSD and VPDPWSSD with what binutils takes for the text beside them.
func TestVNNI(t *testing.T) {
	for _, c := range []struct {
		name      string
		w, x, sum int
		want      string
	}{
		{"VPDPBUSD", 0, 1, 2, "C4 E2 75 50 D0"},    // {vex} vpdpbusd ymm2, ymm1, ymm0
		{"VPDPBUSD", 8, 1, 2, "C4 C2 75 50 D0"},    // {vex} vpdpbusd ymm2, ymm1, ymm8
		{"VPDPBUSD", 0, 9, 2, "C4 E2 35 50 D0"},    // {vex} vpdpbusd ymm2, ymm9, ymm0
		{"VPDPBUSD", 0, 1, 10, "C4 62 75 50 D0"},   // {vex} vpdpbusd ymm10, ymm1, ymm0
		{"VPDPBUSD", 15, 15, 15, "C4 42 05 50 FF"}, // {vex} vpdpbusd ymm15, ymm15, ymm15
		{"VPDPBUSD", 12, 13, 3, "C4 C2 15 50 DC"},  // {vex} vpdpbusd ymm3, ymm13, ymm12
		{"VPDPBUSD", 13, 4, 14, "C4 42 5D 50 F5"},  // {vex} vpdpbusd ymm14, ymm4, ymm13
		{"VPDPBUSD", 7, 8, 9, "C4 62 3D 50 CF"},    // {vex} vpdpbusd ymm9, ymm8, ymm7
		{"VPDPWSSD", 0, 1, 2, "C4 E2 75 52 D0"},    // {vex} vpdpwssd ymm2, ymm1, ymm0
		{"VPDPWSSD", 13, 4, 14, "C4 42 5D 52 F5"},  // {vex} vpdpwssd ymm14, ymm4, ymm13
	} {
		m := &x86{file: &file{}}
		m.vnni(c.name, m.reg(c.w), m.reg(c.x), m.reg(c.sum))
		code, _, _ := strings.Cut(m.body.String(), "//")
		if got := strings.TrimSpace(strings.NewReplacer("BYTE $0x", "", "; ", " ").Replace(code)); got != c.want {
			t.Errorf("%s Y%d, Y%d, Y%d is %s, want %s", c.name, c.w, c.x, c.sum, got, c.want)
		}
	}
}
