package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestWords compares instructions that are encoded by hand with those that
// binutils takes for the text beside them.
func TestWords(t *testing.T) {
	tested := map[string]bool{}
	for _, c := range []struct {
		op      string
		d, n, m V
		want    uint32
	}{
		{"FADD", 1, 2, 3, 0x4E23D441},     // fadd v1.4s, v2.4s, v3.4s
		{"FADD", 0, 31, 16, 0x4E30D7E0},   // fadd v0.4s, v31.4s, v16.4s
		{"FADD", 29, 8, 27, 0x4E3BD51D},   // fadd v29.4s, v8.4s, v27.4s
		{"FSUB", 1, 2, 3, 0x4EA3D441},     // fsub v1.4s, v2.4s, v3.4s
		{"FSUB", 0, 31, 16, 0x4EB0D7E0},   // fsub v0.4s, v31.4s, v16.4s
		{"FSUB", 29, 8, 27, 0x4EBBD51D},   // fsub v29.4s, v8.4s, v27.4s
		{"FMUL", 1, 2, 3, 0x6E23DC41},     // fmul v1.4s, v2.4s, v3.4s
		{"FMUL", 0, 31, 16, 0x6E30DFE0},   // fmul v0.4s, v31.4s, v16.4s
		{"FMUL", 29, 8, 27, 0x6E3BDD1D},   // fmul v29.4s, v8.4s, v27.4s
		{"FDIV", 1, 2, 3, 0x6E23FC41},     // fdiv v1.4s, v2.4s, v3.4s
		{"FDIV", 0, 31, 16, 0x6E30FFE0},   // fdiv v0.4s, v31.4s, v16.4s
		{"FDIV", 29, 8, 27, 0x6E3BFD1D},   // fdiv v29.4s, v8.4s, v27.4s
		{"FMAX", 1, 2, 3, 0x4E23F441},     // fmax v1.4s, v2.4s, v3.4s
		{"FMAX", 0, 31, 16, 0x4E30F7E0},   // fmax v0.4s, v31.4s, v16.4s
		{"FMAX", 29, 8, 27, 0x4E3BF51D},   // fmax v29.4s, v8.4s, v27.4s
		{"FMIN", 1, 2, 3, 0x4EA3F441},     // fmin v1.4s, v2.4s, v3.4s
		{"FMIN", 0, 31, 16, 0x4EB0F7E0},   // fmin v0.4s, v31.4s, v16.4s
		{"FMIN", 29, 8, 27, 0x4EBBF51D},   // fmin v29.4s, v8.4s, v27.4s
		{"FCMGT", 1, 2, 3, 0x6EA3E441},    // fcmgt v1.4s, v2.4s, v3.4s
		{"FCMGT", 0, 31, 16, 0x6EB0E7E0},  // fcmgt v0.4s, v31.4s, v16.4s
		{"FCMGT", 29, 8, 27, 0x6EBBE51D},  // fcmgt v29.4s, v8.4s, v27.4s
		{"FCMEQ", 1, 2, 3, 0x4E23E441},    // fcmeq v1.4s, v2.4s, v3.4s
		{"FCMEQ", 0, 31, 16, 0x4E30E7E0},  // fcmeq v0.4s, v31.4s, v16.4s
		{"FCMEQ", 29, 8, 27, 0x4E3BE51D},  // fcmeq v29.4s, v8.4s, v27.4s
		{"FMLA0", 1, 2, 3, 0x4F831041},    // fmla v1.4s, v2.4s, v3.s[0]
		{"FMLA0", 0, 31, 16, 0x4F9013E0},  // fmla v0.4s, v31.4s, v16.s[0]
		{"FMLA0", 29, 8, 27, 0x4F9B111D},  // fmla v29.4s, v8.4s, v27.s[0]
		{"FMLA1", 1, 2, 3, 0x4FA31041},    // fmla v1.4s, v2.4s, v3.s[1]
		{"FMLA1", 0, 31, 16, 0x4FB013E0},  // fmla v0.4s, v31.4s, v16.s[1]
		{"FMLA1", 29, 8, 27, 0x4FBB111D},  // fmla v29.4s, v8.4s, v27.s[1]
		{"FMLA2", 1, 2, 3, 0x4F831841},    // fmla v1.4s, v2.4s, v3.s[2]
		{"FMLA2", 0, 31, 16, 0x4F901BE0},  // fmla v0.4s, v31.4s, v16.s[2]
		{"FMLA2", 29, 8, 27, 0x4F9B191D},  // fmla v29.4s, v8.4s, v27.s[2]
		{"FMLA3", 1, 2, 3, 0x4FA31841},    // fmla v1.4s, v2.4s, v3.s[3]
		{"FMLA3", 0, 31, 16, 0x4FB01BE0},  // fmla v0.4s, v31.4s, v16.s[3]
		{"FMLA3", 29, 8, 27, 0x4FBB191D},  // fmla v29.4s, v8.4s, v27.s[3]
		{"BFDOT0", 1, 2, 3, 0x4F43F041},   // bfdot v1.4s, v2.8h, v3.2h[0]
		{"BFDOT0", 29, 8, 27, 0x4F5BF11D}, // bfdot v29.4s, v8.8h, v27.2h[0]
		{"BFDOT1", 0, 31, 16, 0x4F70F3E0}, // bfdot v0.4s, v31.8h, v16.2h[1]
		{"BFDOT2", 0, 31, 16, 0x4F50FBE0}, // bfdot v0.4s, v31.8h, v16.2h[2]
		{"BFDOT3", 29, 8, 27, 0x4F7BF91D}, // bfdot v29.4s, v8.8h, v27.2h[3]
		{"FSQRT", 1, 2, 0, 0x6EA1F841},    // fsqrt v1.4s, v2.4s
		{"FSQRT", 0, 31, 0, 0x6EA1FBE0},   // fsqrt v0.4s, v31.4s
		{"FSQRT", 29, 8, 0, 0x6EA1F91D},   // fsqrt v29.4s, v8.4s
		{"FCVTL", 1, 2, 0, 0x0E217841},    // fcvtl v1.4s, v2.4h
		{"FCVTL", 0, 31, 0, 0x0E217BE0},   // fcvtl v0.4s, v31.4h
		{"FCVTL", 29, 8, 0, 0x0E21791D},   // fcvtl v29.4s, v8.4h
		{"FCVTL2", 1, 2, 0, 0x4E217841},   // fcvtl2 v1.4s, v2.8h
		{"FCVTL2", 0, 31, 0, 0x4E217BE0},  // fcvtl2 v0.4s, v31.8h
		{"FCVTL2", 29, 8, 0, 0x4E21791D},  // fcvtl2 v29.4s, v8.8h
		{"FCVTN", 1, 2, 0, 0x0E216841},    // fcvtn v1.4h, v2.4s
		{"FCVTN", 0, 31, 0, 0x0E216BE0},   // fcvtn v0.4h, v31.4s
		{"FCVTN", 29, 8, 0, 0x0E21691D},   // fcvtn v29.4h, v8.4s
	} {
		tested[c.op] = true
		f := &file{}
		f.word(c.op, c.d, c.n, c.m)
		if got, want := strings.TrimSpace(f.body.String()), fmt.Sprintf("WORD $0x%08X ", c.want); !strings.HasPrefix(got, want) {
			t.Errorf("%s V%d, V%d, V%d is %s, want %s", c.op, c.d, c.n, c.m, got, want)
		}
	}
	for op := range words {
		if !tested[op] {
			t.Errorf("%s is not tested", op)
		}
	}
}
