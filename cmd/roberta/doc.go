// Command roberta runs RoBERTa models: fairseq's checkpoints and what was made
// of them.
//
//	roberta encode "Hello world!"                       {"tokens":[0,31414,232,328,2]}
//	roberta decode 0 31414 232 328 2                    {"text":"Hello world!"}
//	roberta features -m roberta.large -o out.safetensors "Hello world!"
//	roberta predict -m roberta.large.mnli --head mnli "A premise." "A hypothesis."
//	roberta fill-mask "The capital of France is <mask>."
//	roberta align -o out.safetensors "Don't go." Do n't go .
//	roberta pronoun -m roberta.large.wsc --candidates "the trophy" --candidates "the suitcase" TEXT
//	roberta convert --packed roberta.large fast.safetensors
//	roberta inspect roberta.large
//	roberta synth --arch roberta.large big.safetensors
//	roberta bench --arch roberta.base --shapes 1x8,8x128
//
// # Streams
//
// Results are JSON on standard output, one object a line; tensors go to a
// safetensors file. Messages are on standard error, and there are none if all
// went well. The command exits with 0, with 1 and one line about an error, with
// 2 for a wrong command line, and with 130 if it was interrupted.
//
// Numbers are written with the fewest digits that read back as the same float32.
// JSON has no NaN and no infinities: a result with one is an error.
//
// # Input
//
// Arguments are taken verbatim; those that begin with a hyphen come after --.
// --input FILE reads requests in their place, - from standard input. A line is
// one of
//
//	{"text":…}
//	{"text":…,"pair":…}
//	{"texts":[…]}                         one input of several texts
//	{"tokens":[…]}
//	{"text":…,"words":[…]}                for align
//	{"text":…,"candidates":[…]}           for pronoun
//
// Other members are ignored, so are blank lines and a byte order mark. Results
// come in the same order, and tensors are numbered from 0 in it. Lines that are
// there already are computed together; a line that arrives alone is answered at
// once. A line that fails ends the command with its number, after the results
// of those before it; with --keep-going {"error":…} stands in its place, its
// number has no tensors, and the exit code is 1 at the end.
package main
