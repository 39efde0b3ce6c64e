package weights

import (
	"fmt"
	"math"
)

// What a file may cost, however it was made. Each limit is a constant or a multiple
// of the file, so that memory grows with what a file is and never with what it
// claims. docs/formats.md has the same numbers in one table.
const (
	// A compressed file, and all compressed parts of a zip archive together, may
	// unpack to freeUnpacked bytes and unpackRatio times the file. Weights shrink
	// little: float32 of values that fit float16, to about a half; a model in which
	// 95 % of the weights are zero, to about a tenth. The constant is for small
	// files, whose ratio says little. WriteFile keeps to it; see pad.
	unpackRatio  = 16
	freeUnpacked = 16 << 20
	// Content that was unpacked may hold compressed parts, which unpack to
	// freeUnpacked bytes and once their container: limits do not multiply.

	// claimRatio is how many times a compressed file the size of its content may
	// be, for memory of that size to be allocated at once. Larger content is read
	// into memory that grows with it.
	claimRatio = 4

	// mostWindow is the largest window of a zstd file: that of zstd's --long=31, on a
	// 64-bit system. A decoder allocates it before it has seen the content, so a frame
	// gets no larger window than it can fill; see zstdFrames.
	mostWindow = min(1<<31, math.MaxInt/2+1)

	// What a pickle or a header holds (numbers, texts, containers, tensors' names and
	// shapes) may take freeValues bytes of memory and valueRatio times the file, by
	// the costs below. A tensor of a pickle costs up to 2 kB, one of a header 0.6 kB.
	freeValues = 32 << 20
	valueRatio = 16

	// All tensors of a torch file together may have freeViews bytes and viewRatio
	// times the file with what it unpacked to. Tensors that share a storage are
	// read one by one: an embedding that is tied twice, three times.
	freeViews = 1 << 20
	viewRatio = 3

	// maxDims is the number of dimensions that a tensor may have, as in torch.
	maxDims = 64

	// maxHeader is the largest safetensors header in bytes, as in the format's own
	// library.
	maxHeader = 100_000_000

	// maxMember is the most bytes that a header may say of one tensor: room for the
	// name of the type and maxDims dimensions of up to 20 digits.
	maxMember = 4096

	// maxName and maxDepth bound the names of an archive's files: their bytes, and
	// the folders in them. Each folder is an entry in memory.
	maxName  = 512
	maxDepth = 16

	// maxFile is the size in bytes of the largest file that is read beside the
	// tensors. A tokenizer.json of 250,000 pieces has 17 MB.
	maxFile = 64 << 20

	// maxQuote is how many bytes of a file's text an error quotes; maxReason is
	// the most that it says about the cause.
	maxQuote  = 100
	maxReason = 400
)

// What values cost in bytes of memory, with what is left behind on the way to them.
const (
	growCost   = 48  // a slot by which the stack grows, with the copy that is left behind
	valueCost  = 32  // a boxed number, or the header of a string or tuple
	slotCost   = 16  // an item of a tuple
	dictCost   = 64  // an empty container
	pairCost   = 192 // a key, its value, and its place in the index
	memoCost   = 64  // an entry of the memo
	madeCost   = 128 // what a call makes: a tensor or an object
	tensorCost = 512 // a tensor of a header, and reading what is said of it
)

var errValues = fmt.Errorf("%w: names and values take far more memory than those of a checkpoint of its size", ErrTooLarge)

// A budget is what is left of a limit on memory.
type budget int64

// spend takes n bytes and says whether they were left.
func (b *budget) spend(n int64) bool {
	*b -= budget(n)
	return *b >= 0
}

// times is free + ratio·size, without overflow.
func times(free, ratio, size int64) int64 {
	if size > (1<<62)/ratio {
		return 1 << 62
	}
	return free + ratio*size
}
