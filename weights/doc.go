// Package weights opens the files that models come in and gives their tensors by
// name. It does not know what a model is.
//
//	c, err := weights.Open("roberta.large.tar.gz")
//	defer c.Close()
//	t, ok := c.Tensor("encoder.sentence_encoder.embed_tokens.weight")
//	x := make([]float32, t.Len())
//	err = t.Float32s(x)
//
// It reads what torch.save wrote, before and since torch 1.6, safetensors,
// directories with one of these, whole or in shards, and archives of them; see
// Open. What a caller has no need of does not stop a file: tensors of types that are
// not read, objects of classes that are not known. The form is found from the content; the file's name does not matter. The
// file is mapped where the system allows it, and tensors stay in it until they are
// asked for: an optimizer's state, for instance, is never read.
//
// Names of tensors and settings are those in the file. Checkpoint.File reads the
// other files that came with it, such as a vocabulary or a config.json.
//
// # Files that change
//
// Replace a model's file by renaming a new one, as WriteFile does. Never rewrite it in
// place: who has it open sees the new bytes under the old names. A mapped file that is
// cut short cannot be read any more where it was cut; the methods here then return
// ErrChanged, and Checkpoint.Guard does so for memory that they handed out. WithoutMap
// opens files without mapping them.
//
// # Untrusted files
//
// A torch file is a pickle, a program for a small machine that can name any
// function of Python. The reader here is not that machine: it builds numbers,
// strings, containers and tensors, and keeps records of classes. Python's own
// functions and classes beyond a short list, functions of other packages, and calls
// of classes that are not known are refused with ErrForbidden. Nothing in a file is
// ever run. Names in archives are never used as paths.
//
// Memory grows with the size of a file, never with what the file claims. Lengths are
// checked against what is left of the file. What a file may unpack to, what its names
// and values may take, and what its tensors have together are multiples of its size:
// docs/formats.md lists them.
//
// References: pickle protocols 0 to 5, Lib/pickletools.py of CPython;
// torch/serialization.py; the safetensors format description.
package weights
