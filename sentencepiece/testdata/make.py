"""Makes this folder from the whole set of golden values (see README.md).

    python make.py --from DIR --out .      # sentencepiece 0.2.3

Models but xlmr lose their charsmap, which is most of their size; the tests put xlmr's in.
So their values are not those of the whole set: the library computes them here, with the
model as the tests see it.
"""
import argparse
import gzip
import json
import os
import random

import sentencepiece as spm
from sentencepiece import sentencepiece_model_pb2 as pb


def write(path, blob):
    with open(path + ".gz", "wb") as f, gzip.GzipFile(filename="", mode="wb", fileobj=f, mtime=0, compresslevel=9) as z:
        z.write(blob)


def lines(rows):
    return "".join(json.dumps(r, ensure_ascii=True, separators=(",", ":")) + "\n" for r in rows).encode()


def encode(sp, text):
    m = sp.encode(text, return_type="proto")
    return {"ids": [p.id for p in m.pieces], "off": [x for p in m.pieces for x in (p.begin, p.end)]}


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--from", dest="src", required=True)
    ap.add_argument("--out", required=True)
    a = ap.parse_args()
    src, out = lambda *p: os.path.join(a.src, *p), lambda *p: os.path.join(a.out, *p)
    rows = lambda *p: [json.loads(x) for x in (gzip.open(src(*p) + ".gz") if os.path.exists(src(*p) + ".gz") else open(src(*p), "rb"))]
    for d in ("spm", "fairseq/xlmr", "fairseq/camembert", "normalize"):
        os.makedirs(out(d), exist_ok=True)
    texts = json.load(open(src("texts.json"), encoding="ascii"))
    r = random.Random(1)
    marks = [i for i, t in enumerate(texts) if "<mask>" in t or "</s>" in t or "NOTUSED" in t]
    keep = sorted(set(range(0, 244, 3)) | set(r.sample(marks, 24)) | set(r.sample(range(244, len(texts)), 40)))
    texts = [texts[i] for i in keep]
    write(out("texts.json"), json.dumps(texts).encode())
    models = {}
    for f in sorted(os.listdir(src("spm"))):
        if f.endswith(".model.gz") and f != "bpe.model.gz":  # bpe_unused is the same and more
            m = models[f[:-9]] = pb.ModelProto()
            m.ParseFromString(gzip.open(src("spm", f)).read())
            m.trainer_spec.ClearField("input")
    charsmap = models["xlmr"].normalizer_spec.precompiled_charsmap
    bad = []
    for name, m in models.items():
        if m.normalizer_spec.precompiled_charsmap:
            m.normalizer_spec.precompiled_charsmap = charsmap
        sp = spm.SentencePieceProcessor(model_proto=m.SerializeToString())
        if name != "xlmr" and m.normalizer_spec.precompiled_charsmap:
            m.normalizer_spec.precompiled_charsmap = b"xlmr"
        write(out("spm", name + ".model"), m.SerializeToString())
        own = [w["text"] for w in rows("spm", name + ".jsonl")[:100]] if name == "ties" else None
        write(out("spm", name + ".jsonl"), lines([({"text": t} if own else {}) | encode(sp, t) | {"decoded": sp.decode(encode(sp, t)["ids"])} for t in own or texts]))
        write(out("spm", name + ".decode.jsonl"), lines([w if "error" in w else {"ids": w["ids"], "decoded": sp.decode(w["ids"])} for w in rows("spm", name + ".decode.jsonl")[:60]]))
        bad += [{"model": name, "hex": w["hex"]} | encode(sp, bytes.fromhex(w["hex"])) for w in rows("spm", "invalid_utf8.jsonl") if w["model"] == name][:50]
    write(out("spm", "invalid_utf8.jsonl"), lines(bad))
    for name in ("xlmr", "camembert"):
        write(out("fairseq", name, "dict.txt"), open(src("fairseq", name, "dict.txt"), "rb").read())
        all_rows = rows("fairseq", name, "encode.jsonl")
        write(out("fairseq", name, "encode.jsonl"), lines([all_rows[i] for i in keep]))
        e = json.load(open(src("fairseq", name, "expected.json")))
        write(out("fairseq", name, "expected.json"), json.dumps({"inputs": [{k: i[k] for k in ("texts", "tokens", "decoded")} for i in e["inputs"]]}).encode())
    write(out("differences.jsonl"), lines([{"model": w["model"], "i": keep.index(w["i"]), "python": w["python"]} for w in rows("differences.jsonl") if "python" in w and w["i"] in keep]))
    write(out("normalize", "flags.jsonl"), lines(rows("normalize", "flags.jsonl")[::9]))
    with open(out("normalize", "rules.json"), "w") as f:
        json.dump({k: v for k, v in json.load(open(src("normalize", "rules.json"))).items() if k in ("nmt_nfkc", "identity")}, f, indent=1)
        f.write("\n")


if __name__ == "__main__":
    main()
