"""Cuts small Hugging Face models and what transformers computed with them down to one input: only the rows of the token and position embeddings
that it uses are kept, and the tokens are numbered anew. Nothing that is compared changes by that.

    python reduce.py FAMILIES OUT     FAMILIES/models/NAME/{config.json,model.safetensors,expected.json,expected.safetensors}
"""
import json
import os
import sys

import numpy as np

MODELS = {"xlmr-xl": 0, "roberta-prelayernorm": 0, "own-ids": 0, "segments": 1, "gelu-new": 1, "camembert-ner": 1}


def load(path):
    b = open(path, "rb").read()
    n = int.from_bytes(b[:8], "little")
    types = {"F32": "<f4", "I32": "<i4"}
    return {k: np.frombuffer(b[8 + n + v["data_offsets"][0]:8 + n + v["data_offsets"][1]], types[v["dtype"]]).reshape(v["shape"])
            for k, v in json.loads(b[8:8 + n]).items() if k != "__metadata__"}


def save(path, tensors):
    head, at = {"__metadata__": {"format": "pt"}}, 0
    for k, v in sorted(tensors.items()):
        head[k] = {"dtype": {"<f4": "F32", "<i4": "I32"}[v.dtype.str], "shape": list(v.shape), "data_offsets": [at, at + v.nbytes]}
        at += v.nbytes
    j = json.dumps(head).encode()
    j += b" " * (-len(j) % 8)
    with open(path, "wb") as f:
        f.write(len(j).to_bytes(8, "little") + j + b"".join(np.ascontiguousarray(v).tobytes() for _, v in sorted(tensors.items())))


for name, i in MODELS.items():
    src, out = os.path.join(sys.argv[1], "models", name), os.path.join(sys.argv[2], name)
    os.makedirs(out, exist_ok=True)
    conf, want = json.load(open(os.path.join(src, "config.json"))), json.load(open(os.path.join(src, "expected.json")))
    model, values = load(os.path.join(src, "model.safetensors")), load(os.path.join(src, "expected.safetensors"))
    tokens = want["inputs"][i]["tokens"]
    rows = [0, 1, 2, 3] + sorted(set(tokens) - {0, 1, 2, 3})
    rows += [k for k in range(4, 60) if k not in rows][:60 - len(rows)]  # others, so that a wrong row shows
    new = {old: k for k, old in enumerate(rows)}
    positions = len(tokens) + conf["pad_token_id"] + 4
    for k in list(model):
        if model[k].shape[:1] == (conf["vocab_size"],):
            model[k] = model[k][rows]
        elif "position_embeddings" in k:
            model[k] = model[k][:positions]
    got = {"tokens": np.array([new[t] for t in tokens], "<i4")}
    for k in values:
        part = k.split(".")
        if len(part) < 2 or part[1] != str(i):
            continue
        v = values[k]
        got[".".join(part[:1] + part[2:])] = v[..., rows] if v.shape[-1] == conf["vocab_size"] else v
    if "token_type_ids" in want:
        got["types"] = np.array(want["token_type_ids"][i], "<i4")
    conf["vocab_size"], conf["max_position_embeddings"] = len(rows), positions
    for k in ("bos_token_id", "eos_token_id"):
        conf[k] = new[conf[k]]
    json.dump(conf, open(os.path.join(out, "config.json"), "w", encoding="ascii"), indent=1)
    save(os.path.join(out, "model.safetensors"), model)
    save(os.path.join(out, "expected.safetensors"), got)
