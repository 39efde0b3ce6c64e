package nn

// The constants of the schedule. They decide who computes what and in which
// order, never what comes out.
const (
	// blockFloats is how much of x a block of rows may hold: half of a
	// second-level cache of 1 MiB. The weights that stream past, the next ones and
	// the results need room as well.
	blockFloats = 128 << 10
	// blockColumns is how many columns of x a product walks at a time, at most.
	blockColumns = 1024

	// walkFloats is how many floats of x may be read once for each pair of panels: a
	// good half of a second-level cache of 2 MiB. Larger blocks are walked 256
	// columns at a time.
	walkFloats = 320 << 10

	// activationFloats is how much output an item may have before its activation
	// function reads it again: it should still be in the second-level cache.
	activationFloats = 128 << 10

	// minItem is the least work of an item, in multiply-adds. Sharing less work
	// between threads takes longer than it saves.
	minItem = 1 << 18

	// itemsPerThread is how many items of a product there are for each thread: if one
	// thread is delayed, others take its second item.
	itemsPerThread = 2

	// idleEnough is the share of thread time that may be lost because the number of
	// items is no multiple of the number of threads.
	idleEnough = 0.02

	// rowChunk is the number of rows in an item of a row-wise operation.
	rowChunk = 16

	// queryTile is the number of queries whose scores are in memory at a time.
	queryTile = 56

	// byHeadIdle is the share of thread time that may be lost when each thread
	// takes whole attention heads.
	byHeadIdle = 0.05

	// partRows is how many rows a part of a batch, or a block of rows, has at most
	// if its sequences allow: 128 × 768 floats are half of a second-level cache.
	partRows = 128

	// leastRows is the fewest rows for which a thread reads all weights by itself. A
	// core of 100 GFLOP/s then reads 2 GB/s, and most machines have that much memory
	// bandwidth for each core.
	leastRows = 96

	// together is how much longer work takes when all threads share it, because
	// they wait for one another.
	together = 1.03

	// lmPanels is the number of panels of the LM head that are packed at a time:
	// few enough to be in the second-level cache when the product reads them.
	lmPanels = 16

	// lmRows is the number of rows whose logits are in memory at a time.
	lmRows = 64

	// slabBytes is the size of a slab of weights.
	slabBytes = 64 << 20
)
