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
		{"FCVTNS", 1, 2, 0, 0x4E21A841},   // fcvtns v1.4s, v2.4s
		{"FCVTNS", 0, 31, 0, 0x4E21ABE0},  // fcvtns v0.4s, v31.4s
		{"FCVTNS", 29, 8, 0, 0x4E21A91D},  // fcvtns v29.4s, v8.4s
		{"SQXTN", 1, 2, 0, 0x0E614841},    // sqxtn v1.4h, v2.4s
		{"SQXTN", 0, 31, 0, 0x0E614BE0},   // sqxtn v0.4h, v31.4s
		{"SQXTN", 29, 8, 0, 0x0E61491D},   // sqxtn v29.4h, v8.4s
		{"SQXTN2", 1, 2, 0, 0x4E614841},   // sqxtn2 v1.8h, v2.4s
		{"SQXTN2", 0, 31, 0, 0x4E614BE0},  // sqxtn2 v0.8h, v31.4s
		{"SQXTN2", 29, 8, 0, 0x4E61491D},  // sqxtn2 v29.8h, v8.4s
		{"XTN", 1, 2, 0, 0x0E212841},      // xtn v1.8b, v2.8h
		{"XTN", 0, 31, 0, 0x0E212BE0},     // xtn v0.8b, v31.8h
		{"XTN", 29, 8, 0, 0x0E21291D},     // xtn v29.8b, v8.8h
		{"XTN2", 1, 2, 0, 0x4E212841},     // xtn2 v1.16b, v2.8h
		{"XTN2", 0, 31, 0, 0x4E212BE0},    // xtn2 v0.16b, v31.8h
		{"XTN2", 29, 8, 0, 0x4E21291D},    // xtn2 v29.16b, v8.8h
		{"SCVTF", 1, 2, 0, 0x4E21D841},    // scvtf v1.4s, v2.4s
		{"SCVTF", 0, 31, 0, 0x4E21DBE0},   // scvtf v0.4s, v31.4s
		{"SCVTF", 29, 8, 0, 0x4E21D91D},   // scvtf v29.4s, v8.4s
		{"SXTL", 1, 2, 0, 0x0F08A441},     // sxtl v1.8h, v2.8b
		{"SXTL", 0, 31, 0, 0x0F08A7E0},    // sxtl v0.8h, v31.8b
		{"SXTL", 29, 8, 0, 0x0F08A51D},    // sxtl v29.8h, v8.8b
		{"SXTL2", 1, 2, 0, 0x4F08A441},    // sxtl2 v1.8h, v2.16b
		{"SXTL2", 0, 31, 0, 0x4F08A7E0},   // sxtl2 v0.8h, v31.16b
		{"SXTL2", 29, 8, 0, 0x4F08A51D},   // sxtl2 v29.8h, v8.16b
		{"MUL", 1, 2, 3, 0x4EA39C41},      // mul v1.4s, v2.4s, v3.4s
		{"MUL", 0, 31, 16, 0x4EB09FE0},    // mul v0.4s, v31.4s, v16.4s
		{"MUL", 29, 8, 27, 0x4EBB9D1D},    // mul v29.4s, v8.4s, v27.4s
		{"MLS", 1, 2, 3, 0x6EA39441},      // mls v1.4s, v2.4s, v3.4s
		{"MLS", 0, 31, 16, 0x6EB097E0},    // mls v0.4s, v31.4s, v16.4s
		{"MLS", 29, 8, 27, 0x6EBB951D},    // mls v29.4s, v8.4s, v27.4s
		{"SSHL", 1, 2, 3, 0x4EA34441},     // sshl v1.4s, v2.4s, v3.4s
		{"SSHL", 0, 31, 16, 0x4EB047E0},   // sshl v0.4s, v31.4s, v16.4s
		{"SSHL", 29, 8, 27, 0x4EBB451D},   // sshl v29.4s, v8.4s, v27.4s
		{"SDOT0", 1, 2, 3, 0x4F83E041},    // sdot v1.4s, v2.16b, v3.4b[0]
		{"SDOT0", 0, 31, 16, 0x4F90E3E0},  // sdot v0.4s, v31.16b, v16.4b[0]
		{"SDOT0", 29, 8, 27, 0x4F9BE11D},  // sdot v29.4s, v8.16b, v27.4b[0]
		{"SDOT1", 1, 2, 3, 0x4FA3E041},    // sdot v1.4s, v2.16b, v3.4b[1]
		{"SDOT1", 0, 31, 16, 0x4FB0E3E0},  // sdot v0.4s, v31.16b, v16.4b[1]
		{"SDOT1", 29, 8, 27, 0x4FBBE11D},  // sdot v29.4s, v8.16b, v27.4b[1]
		{"SDOT2", 1, 2, 3, 0x4F83E841},    // sdot v1.4s, v2.16b, v3.4b[2]
		{"SDOT2", 0, 31, 16, 0x4F90EBE0},  // sdot v0.4s, v31.16b, v16.4b[2]
		{"SDOT2", 29, 8, 27, 0x4F9BE91D},  // sdot v29.4s, v8.16b, v27.4b[2]
		{"SDOT3", 1, 2, 3, 0x4FA3E841},    // sdot v1.4s, v2.16b, v3.4b[3]
		{"SDOT3", 0, 31, 16, 0x4FB0EBE0},  // sdot v0.4s, v31.16b, v16.4b[3]
		{"SDOT3", 29, 8, 27, 0x4FBBE91D},  // sdot v29.4s, v8.16b, v27.4b[3]
	} {
		tested[c.op] = true
		f := &file{}
		f.word(c.op, c.d, c.n, c.m)
		if got, want := strings.TrimSpace(f.body.String()), fmt.Sprintf("WORD $0x%08X ", c.want); !strings.HasPrefix(got, want) {
			t.Errorf("%s V%d, V%d, V%d is %s, want %s", c.op, c.d, c.n, c.m, got, want)
		}
	}
	for _, c := range []struct {
		op      string
		d, n, m V
		i       int
		want    uint32
	}{
		{"SMLAL", 1, 2, 3, 0, 0x0F432041},    // smlal v1.4s, v2.4h, v3.h[0]
		{"SMLAL", 0, 31, 15, 7, 0x0F7F2BE0},  // smlal v0.4s, v31.4h, v15.h[7]
		{"SMLAL", 29, 8, 11, 1, 0x0F5B211D},  // smlal v29.4s, v8.4h, v11.h[1]
		{"SMLAL", 17, 5, 0, 2, 0x0F6020B1},   // smlal v17.4s, v5.4h, v0.h[2]
		{"SMLAL", 8, 30, 14, 4, 0x0F4E2BC8},  // smlal v8.4s, v30.4h, v14.h[4]
		{"SMLAL", 31, 0, 7, 5, 0x0F57281F},   // smlal v31.4s, v0.4h, v7.h[5]
		{"SMLAL2", 1, 2, 3, 0, 0x4F432041},   // smlal2 v1.4s, v2.8h, v3.h[0]
		{"SMLAL2", 0, 31, 15, 7, 0x4F7F2BE0}, // smlal2 v0.4s, v31.8h, v15.h[7]
		{"SMLAL2", 29, 8, 11, 1, 0x4F5B211D}, // smlal2 v29.4s, v8.8h, v11.h[1]
		{"SMLAL2", 17, 5, 0, 2, 0x4F6020B1},  // smlal2 v17.4s, v5.8h, v0.h[2]
		{"SMLAL2", 8, 30, 14, 4, 0x4F4E2BC8}, // smlal2 v8.4s, v30.8h, v14.h[4]
		{"SMLAL2", 31, 0, 7, 5, 0x4F57281F},  // smlal2 v31.4s, v0.8h, v7.h[5]
	} {
		tested[c.op] = true
		f := &file{}
		f.lane(c.op, c.d, c.n, c.m, c.i)
		if got, want := strings.TrimSpace(f.body.String()), fmt.Sprintf("WORD $0x%08X ", c.want); !strings.HasPrefix(got, want) {
			t.Errorf("%s V%d, V%d, V%d.H[%d] is %s, want %s", c.op, c.d, c.n, c.m, c.i, got, want)
		}
	}
	for op := range words {
		if !tested[op] {
			t.Errorf("%s is not tested", op)
		}
	}
}
