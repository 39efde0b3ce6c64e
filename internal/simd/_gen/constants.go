package main

import (
	"fmt"
	"math"
)

// constants are the values of package simd's exp.go and activation.go. A test of
// that package compares the assembly with Go code that uses its own, so the two
// cannot drift apart unseen.
var constants = []struct {
	name string
	bits uint32
}{
	f("one", 1), f("two", 2), f("zero", 0), f("half", 0.5), f("minusHalf", -0.5), f("quarter", 0.25),
	{"absMask", 0x7fffffff}, {"signMask", 0x80000000},

	f("expLow", -87.33), f("log2E", 1.442695), f("roundBig", 12582912), f("minusLn2High", -0.693145752), f("minusLn2Low", -1.42860677e-6),
	{"exponentOne", 0x3f800000},
	f("exp0", 0x1.fffffcp-2), f("exp1", 0x1.555492p-3), f("exp2", 0x1.5558f2p-5), f("exp3", 0x1.1239e4p-7), f("exp4", 0x1.6a242cp-10),

	f("gauss0", -2.436289651086554e-05), f("gauss1", 0.10028138011693954), f("gauss2", 0.09439298510551453), f("gauss3", 0.1235363706946373),
	f("gauss4", -0.02603250928223133), f("gauss5", 0.3149665296077728), f("gauss6", -0.34605610370635986), f("gauss7", 0.40445223450660706),
	f("gauss8", -0.2002088576555252), f("gauss9", 0.034692320972681046),

	f("tanh0", -0.3333328068256378), f("tanh1", 0.13331441581249237), f("tanh2", -0.05373970791697502), f("tanh3", 0.020639069378376007),
	f("tanh4", -0.005704969633370638), f("tanhSplit", 0.625), f("tanhOne", 9.5),
	f("geluTanhScale", 0.79788458), f("geluTanhCube", 0.044715),
}

func f(name string, v float32) struct {
	name string
	bits uint32
} {
	return struct {
		name string
		bits uint32
	}{name, math.Float32bits(v)}
}

func constantsName(m machine) string { return "constants" + m.name() }

func constantOffset(name string) int {
	for i, c := range constants {
		if c.name == name {
			return 4 * i
		}
	}
	panic("no constant " + name)
}

func writeConstants(f *file, m machine) {
	name := constantsName(m)
	for i, c := range constants {
		fmt.Fprintf(&f.body, "DATA %s<>+%d(SB)/4, $0x%08x // %s\n", name, 4*i, c.bits, c.name)
	}
	fmt.Fprintf(&f.body, "GLOBL %s<>(SB), RODATA|NOPTR, $%d\n", name, 4*len(constants))
}
