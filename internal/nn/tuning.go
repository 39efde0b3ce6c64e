package nn

// The constants of the schedule. They decide who computes what and in which
// order, never what comes out.
//
// Each has its measurement: how much longer two layers of roberta.base take with other
// values, as "other value: shape +x %". Measured on one thread of Zen 3 (AVX2, 512 KiB
// of second-level cache) on 27 November 2026, beside other work: differences below 5 %
// are noise. What one thread cannot show is counted instead, and says so.
const (
	// blockFloats is how much of x a block of rows may hold: half of a
	// second-level cache of 1 MiB. The weights that stream past, the next ones and
	// the results need room as well.
	// 64 Ki: 1×512 +3 %. 256 Ki: 1×512 +3 %, 8×128 +22 %.
	blockFloats = 128 << 10
	// blockColumns is how many columns of x a product walks at a time, at most.
	// 512: 1×512 +1 %. 4096: 1×512 +14 %.
	blockColumns = 1024

	// walkFloats is how many floats of x may be read once for each pair of panels: a
	// good half of a second-level cache of 2 MiB. Larger blocks are walked 256
	// columns at a time.
	// 80 Ki: 1×512 +1 %, mix32 +4 %. 1280 Ki: 1×512 +4 %, mix32 +6 %.
	walkFloats = 320 << 10

	// activationFloats is how much output an item may have before its activation
	// function reads it again: it should still be in the second-level cache.
	// 32 Ki: 1×512 +3 %, mix32 +4 %. 512 Ki: 8×128 +3 %.
	activationFloats = 128 << 10

	// minItem is the least work of an item, in multiply-adds. Sharing less work
	// between threads takes longer than it saves.
	// Counted: 2^18 take 5 µs at 100 GFLOP/s. A cache line takes up to 0.2 µs from one
	// core to another, and an item passes some ten of them one after the other.
	minItem = 1 << 18

	// itemsPerThread is how many items of a product there are for each thread: if one
	// thread is delayed, others take its second item.
	// Counted: a thread that stops for a whole item then delays a product by a half,
	// not by all of it. Each further item reads x again.
	itemsPerThread = 2

	// idleEnough is the share of thread time that may be lost because the number of
	// items is no multiple of the number of threads.
	// Counted: 132 items on 64 threads lose 31 %, 192 lose none.
	idleEnough = 0.02

	// rowChunk is the number of rows in an item of a row-wise operation.
	// 4: 8×128 +3 %. 64: 8×128 +5 %, 1×512 +12 %.
	rowChunk = 16

	// queryTile is the number of queries whose scores are in memory at a time.
	// 28: 1×512 +1 %, 8×128 +7 %. 112: 1×512 +1 %, 8×128 +3 %.
	queryTile = 56

	// byHeadIdle is the share of thread time that may be lost when each thread
	// takes whole attention heads.
	// Counted: 12 heads lose nothing on 2, 3, 4, 6 and 12 threads, and 25 % on 8. The
	// other way waits twice more a layer, which on 2 threads is 1 to 2 % of 1×128.
	byHeadIdle = 0.05

	// partRows is how many rows a part of a batch, or a block of rows, has at most
	// if its sequences allow: 128 × 768 floats are half of a second-level cache.
	// 64: 8×128 +25 %, 1×512 +27 %. 256: 8×128 +1 %, mix32 +18 %.
	partRows = 128

	// leastRows is the fewest rows for which a thread reads all weights by itself.
	// Counted: a core of 100 GFLOP/s then reads 2 GB/s, and most machines have that
	// much memory bandwidth for each core.
	leastRows = 96

	// together is how much longer work takes when all threads share it, because
	// they wait for one another.
	// Counted from docs/performance.md: 1×512 in items has 88 % of the peak of two
	// cores, 8×128 in parts has 91 %.
	together = 1.03

	// lmPanels is the number of panels of the LM head that are packed at a time:
	// few enough to be in the second-level cache when the product reads them.
	// 4 and 64: logits of 32 tokens −5 %, which is noise.
	lmPanels = 16

	// lmRows is the number of rows whose logits are in memory at a time.
	// 16: logits of 32 tokens +3 %. 256: +1 %.
	lmRows = 64

	// logitFloats is how many logits are in memory at a time where they are not kept:
	// 128 MiB, which are 134 rows of XLM-R's vocabulary of 250,002.
	// Counted: the matrix is packed again for each such block of rows, which costs as
	// much as some twenty of them.
	logitFloats = 32 << 20

	// slabBytes is the size of a slab of weights.
	// Counted: a slab begins and ends in a huge page of 2 MiB that is not full, 6 % at
	// most.
	slabBytes = 64 << 20
)
