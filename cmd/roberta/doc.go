// Command roberta runs RoBERTa models: fairseq's checkpoints, their conversions,
// and Hugging Face's.
//
//	roberta encode "Hello world!"                       {"tokens":[0,31414,232,328,2]}
//	roberta decode 0 31414 232 328 2                    {"text":"Hello world!"}
//	roberta explain "unbelievableness"
//	roberta features -m roberta.large -o out.safetensors "Hello world!"
//	roberta predict -m roberta.large.mnli --head mnli "A premise." "A hypothesis."
//	roberta classify --head topic "Click the button to open the window."
//	roberta tag -m camembert-ner "Zoë Müller travaille à Paris."
//	roberta answer -m roberta-base-squad2 --context "Zoë left in 1988." "When did Zoë leave?"
//	roberta choose -m a-multiple-choice-model --choice "He sings." --choice "He sleeps." "A man takes a guitar."
//	roberta zero-shot --labels cooking,travel,games "Bring the stock to a boil."
//	roberta rank -m stsb-distilroberta-base --input docs.jsonl "a query"
//	roberta embed -m all-distilroberta-v1 --truncate right "A sentence." "Another one."
//	roberta search -m all-distilroberta-v1 --corpus texts.jsonl "A question."
//	roberta fill-mask "The capital of France is <mask>."
//	roberta score "The capital of France is Paris."
//	roberta fit --input train.jsonl --head topic with-topic.safetensors
//	roberta evaluate -m roberta.large.mnli --task mnli MNLI/dev_matched.tsv
//	roberta align -o out.safetensors "Don't go." Do n't go .
//	roberta pronoun -m roberta.large.wsc --candidates "the trophy" --candidates "the suitcase" TEXT
//	roberta convert --packed roberta.large fast.safetensors
//	roberta inspect roberta.large
//	roberta synth --arch roberta.large big.safetensors
//	roberta bench --arch roberta.base --shapes 1x8,8x128
//	roberta completion bash
//	roberta help predict
//
// # Models
//
// A model is a file or a directory; pocket, the small one inside the program;
// hf:NAME[@REVISION] from Hugging Face; or fairseq:NAME, as torch.hub has them. What the
// caches of huggingface_hub and fairseq lack is fetched into them, and with
// HF_HUB_OFFLINE=1 nothing is. encode and decode fetch no weights. Package hub has the
// rest: folders, tokens, mirrors.
//
// # Streams
//
// Results are JSON on standard output, one object a line. Tensors go to a file.
// Messages are on standard error, and there are none if all went well. The exit
// code is 0; 1 after an error, which is reported in one line; 2 for a wrong command
// line; 128 and the signal's number after SIGINT, SIGTERM or SIGHUP. A command that
// a signal ends says how far it got. If standard error is a terminal, long runs
// show there how far they are.
//
// Numbers are written with the fewest digits that read back as the same float32.
// JSON has no NaN and no infinities: a result with one is an error.
//
// # Input
//
// Arguments are taken verbatim; embed and search answer each, rank takes a query and documents, and
// for other commands they are one input. Those that begin with a hyphen come after --.
// --input FILE reads requests in their place, - from standard input. A line is
// one of
//
//	{"text":…}
//	{"text":…,"pair":…}
//	{"texts":[…]}                         one input of several texts
//	{"tokens":[…]}
//	{"text":…,"words":[…]}                for align
//	{"words":[…]}                         for tag
//	{"question":…,"context":…}            for answer
//	{"text":…,"choices":[…]}              for choose
//	{"text":…,"labels":[…]}               for zero-shot, and for evaluate
//	{"text":…,"candidates":[…]}           for pronoun
//	{"text":…,"label":…}                  for fit and evaluate, with a "pair" or without
//	{"words":[…],"labels":[…]}            for fit and evaluate
//
// An "id" of any kind comes back in the result as it was written. Members that no
// command knows are ignored, and a warning names the first. A byte order mark is
// skipped.
//
// --shard I/N takes every N-th line alone, from the I-th on: I of 1 to N. So N processes,
// or machines, share an input without cutting it. Lines, tensors and rows keep the
// numbers that they have in the whole input.
//
// Results come in the order of the lines, one line each; rank writes one line for all. Tensors are numbered by
// line, from 0. Lines that are there already are computed together; a line that
// arrives alone is answered at once.
//
// A line that fails ends the command with its number, after the results of the
// lines before it. With --keep-going {"error":…} stands in its place, it has no
// tensors, and the exit code is 1 at the end. A line of more than 64 MiB fails. A
// blank line also gets {"error":…}, but does not end the command.
//
// # Tokenizers and long texts
//
// -m of encode, decode and inspect also takes a tokenizer alone: tokenizer.json, a
// SentencePiece .model, or a folder with the files of one. Which of a folder's files count
// is said in package tokenizer/auto. <mask>, </s> and other special tokens in a text are
// those tokens in a Hugging Face folder and letters for fairseq's checkpoints; --plain
// makes them letters everywhere.
//
// Nothing is cut unasked. --truncate says which text of an input that is too long gives
// way, --truncate-side at which end, --max-length how long inputs may be. --stride N reads
// a long text through windows that share N tokens; encode then writes {"windows":[…]}.
// --truncate file and encode's --pad follow the sections of tokenizer.json, which count
// only then.
//
// # Output files
//
// A file appears when it is complete. Until then an old file of that name stays
// as it is, and if the command ends early, by whatever signal, nothing else is left
// behind. (SIGKILL can leave a hidden file .unfinished-… where the system has no
// files without names: outside Linux, and on some network file systems.) A
// file that is replaced keeps its mode. A write-protected one is not replaced, nor
// is a file that the command reads.
//
// Names end in .safetensors, or in .npy for one tensor alone. The name - is standard
// output; if a command has result lines too, they go to standard error.
package main
