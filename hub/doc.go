// Package hub opens models by name. It fetches what is missing and keeps it where
// Python's libraries keep theirs:
//
//	m, err := hub.Open(ctx, "hf:FacebookAI/roberta-large")
//	m, err := hub.Open(ctx, "hf:FacebookAI/roberta-large@722cf37b1afa9454edce342e7895e588b6ff1d59")
//	m, err := hub.Open(ctx, "fairseq:roberta.large.mnli")
//
// Path fetches in the same way and returns the folder.
//
// It is the only package of goroberta that connects to anything.
//
// # Hugging Face
//
// hf:NAME[@REVISION] is a repository of models. A revision is a branch, a tag or a
// commit, by default the branch main. Only a commit always means the same files; if
// they are in the cache, nothing is asked. For a branch or a tag the server is asked
// each time, in one request. If it does not answer, the cached files are used and the
// log says so.
//
// Fetched are config.json, the tokenizer's files, those of sentence-transformers, and
// weights in one form: what the cache has, or else model.safetensors, its shards,
// pytorch_model.bin, its shards, or model.pt. Never ONNX, TensorFlow or Flax.
//
// The cache is that of Python's huggingface_hub, version 2, and older versions read
// it too:
//
//	$HF_HUB_CACHE (default $HF_HOME/hub, ~/.cache/huggingface/hub)
//	  models--FacebookAI--roberta-large/
//	    refs/main                            the commit that main was, when last asked
//	    blobs/<etag>                         a file's content, named by its hash
//	    snapshots/<commit>/config.json       a relative link to its blob
//	    trees/<commit>.json                  which files the repository has
//	  .locks/models--FacebookAI--roberta-large/<etag>.lock
//
// Where links cannot be made, or HF_HUB_DISABLE_SYMLINKS is set, the file itself is in
// the snapshot, as huggingface_hub does it.
//
// # fairseq
//
// fairseq:NAME is an archive that torch.hub.load('pytorch/fairseq', NAME) takes; see
// FairseqNames. It is fetched over https, unpacked once into fairseq's own cache, in
// fairseq's own layout, and found there by fairseq, as is by this package what fairseq
// fetched. The archive itself is not kept: a folder is mapped into memory in an
// instant, an archive would be unpacked at each start. The server is asked only if no
// copy is there.
//
//	$PYTORCH_FAIRSEQ_CACHE (default $TORCH_HOME/pytorch_fairseq, ~/.cache/torch/pytorch_fairseq)
//	  <sha256 of the address>.<sha256 of the etag>/     dict.txt, model.pt, …
//	  <sha256 of the address>.<sha256 of the etag>.json
//
// # Downloads
//
// A download that was cut is resumed, also by a later process. A file appears under
// its name when it is complete and its size and hash are what the server announced: the
// sha256 of large files, git's hash of small ones. fairseq's server gives no hash of
// the content; the size and gzip's checksum count there. Locks in files keep two
// processes from fetching one file twice, Python's among them.
//
// Names that the server sends are used as paths only after they were checked. Sizes
// that it claims are never allocated.
//
// # Environment
//
//	HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME          where the cache is (also HUGGINGFACE_HUB_CACHE)
//	HF_TOKEN, HF_TOKEN_PATH, $HF_HOME/token        the access token
//	HF_ENDPOINT                                    another server than https://huggingface.co
//	HF_HUB_OFFLINE, TRANSFORMERS_OFFLINE           1: connect to nothing
//	HF_HUB_DISABLE_IMPLICIT_TOKEN, HF_HUB_DISABLE_SYMLINKS, HF_HUB_DISABLE_PROGRESS_BARS
//	HF_HUB_DOWNLOAD_TIMEOUT                        seconds without a byte until a connection counts as cut (30)
//	PYTORCH_FAIRSEQ_CACHE, TORCH_HOME              where fairseq's cache is
//	GOROBERTA_FAIRSEQ_ENDPOINT                     another server than https://dl.fbaipublicfiles.com/fairseq/models
//	HTTPS_PROXY, HTTP_PROXY, NO_PROXY              as everywhere
//
// Options come before the environment. The token is sent to the endpoint alone, never
// to the hosts that it redirects to. An https endpoint cannot redirect to http.
//
// # Why not go-huggingface
//
// github.com/gomlx/go-huggingface has a hub package. Of version 0.3.1 it was found: no
// HF_HOME, HF_HUB_CACHE, HF_TOKEN or offline mode; nothing is resumed and nothing
// checked against a hash or size; it follows the redirect of a HEAD request, so that
// blobs are named by the CDN's etag and Python does not find them; its locks are other
// files than Python's, it removes them while others may wait, and waiting ignores the
// context; it prints to standard output; errors have no types. It needs five modules.
// This package needs the standard library, golang.org/x/sys for locks and free space,
// and klauspost/compress, which goroberta has, for gzip.
//
// References: huggingface_hub 2.4, file_download.py and _snapshot_download.py;
// fairseq 0.12.3, file_utils.py and hub_utils.py.
package hub
