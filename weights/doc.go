// Package weights opens the files that models come in and gives their tensors by
// name. What a model is, it does not know.
//
//	c, err := weights.Open("roberta.large.tar.gz")
//	defer c.Close()
//	t, ok := c.Tensor("encoder.sentence_encoder.embed_tokens.weight")
//	x := make([]float32, t.Len())
//	err = t.Float32s(x)
//
// It reads what torch.save wrote, before and since torch 1.6, safetensors,
// directories with one of these, whole or in shards, and archives of them; see
// Open. The form is found from the content; the file's name does not matter. The
// file is mapped where the system allows it, and tensors stay in it until they are
// asked for: an optimizer's state, for instance, is never read.
//
// Names of tensors and settings are those in the file. Checkpoint.File reads the
// other files that came with it, such as a vocabulary or a config.json.
//
// # Untrusted files
//
// A torch file is a pickle, a program for a small machine that can name any
// function of Python. The reader here is not that machine: it builds numbers,
// strings, containers and tensors, knows a short list of classes, of which it
// keeps records, and refuses every other name with ErrForbidden. Nothing in a
// file is ever run. Lengths are checked against what is left of the file before
// memory is allocated for them, archives may not unpack to much more than
// weights ever do, and names in archives are never used as paths.
//
// References: pickle protocols 0 to 5, Lib/pickletools.py of CPython;
// torch/serialization.py; the safetensors format description.
package weights
