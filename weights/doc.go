// Package weights opens the checkpoints that RoBERTa models come in and gives
// their tensors by name.
//
//	c, err := weights.Open("roberta.large.tar.gz")
//	defer c.Close()
//	t, ok := c.Tensor("encoder.sentence_encoder.embed_tokens.weight")
//	x := make([]float32, t.Len())
//	err = t.Float32s(x)
//
// It reads what torch.save wrote, before and since torch 1.6, safetensors,
// Hugging Face's directories, and archives of these; see Open. What a file is
// shows in its content, not in its name. Tensors stay in the file, which is
// mapped where the system allows it, until they are asked for: an optimizer's
// state, for instance, is never read.
//
// Names and settings are fairseq's of today, whichever version of fairseq wrote
// the file, and also for Hugging Face's models.
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
// torch/serialization.py; the safetensors format description;
// fairseq/checkpoint_utils.py and fairseq/models/roberta/model.py.
package weights
