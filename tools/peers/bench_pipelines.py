#!/usr/bin/env python3
"""Measures what answers texts, side by side: sentence-transformers, transformers' pipelines, infinity and goroberta's pipelines.
pipelines.sh calls it; README.md explains it.

  bench_pipelines.py prepare --model small --work DIR     make models with random weights
  bench_pipelines.py run --model small --work DIR [...]   measure; one JSON object a line on standard output
  bench_pipelines.py table FILE...                        print such lines as Markdown

Text goes in and answers come out: tokens, batches and what is made of logits count. Each program is asked in turn, as in bench_peers.py.
"""
import argparse
import asyncio
import datetime
import importlib.metadata
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import time

from bench_peers import BUSY, Process, ask_quiet, converse, cpu_model, digits
from inputs import POSITIONS, VOCAB, dims, sentences

MODELS = {"small": "6x384x12x1536", "base": "base"}  # the size of a common embedder, and roberta.base
COUNT = {"small": 128, "base": 32}  # texts of a call
TASKS = "embed,embed-sparse,classify,tag,rank,zero-shot,fill-mask"
FIRST = 100  # values of a sparse vector that are compared
LABELS = ["politics", "science", "sport"]


def texts(task, count):
    """English texts of one to a few sentences."""
    r, all_ = random.Random(5), sentences()
    out = []
    for _ in range(count):
        at = r.randrange(len(all_) - 8)
        t = " ".join(all_[at:at + r.choice([1, 1, 1, 2, 2, 3, 5])])
        if task == "fill-mask":
            words = t.split(" ")
            words[r.randrange(1, len(words))] = "<mask>"
            t = " ".join(words)
        out.append({"text": t, **({"pair": r.choice(all_)} if task == "rank" else {})})
    return out


# ---------------------------------------------------------------- the models

def prepare(args):
    """Random weights, because speed does not depend on them, in folders as people have them."""
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")
    import torch
    import transformers as tf
    layers, d, heads, f = dims(MODELS[args.model])
    common = dict(vocab_size=VOCAB, hidden_size=d, num_hidden_layers=layers, num_attention_heads=heads, intermediate_size=f, max_position_embeddings=POSITIONS,
                  type_vocab_size=1, layer_norm_eps=1e-5, pad_token_id=1, bos_token_id=0, eos_token_id=2)
    names = lambda *x: dict(id2label=dict(enumerate(x)), label2id={n: i for i, n in enumerate(x)})
    makes = {
        "embed": (tf.RobertaModel, {}), "classify": (tf.RobertaForSequenceClassification, names("negative", "neutral", "positive")), "rank": (tf.RobertaForSequenceClassification, dict(num_labels=1)),
        "zero-shot": (tf.RobertaForSequenceClassification, names("contradiction", "neutral", "entailment")), "tag": (tf.RobertaForTokenClassification, names("O", "B-PER", "I-PER", "B-LOC", "I-LOC")),
        "fill-mask": (tf.RobertaForMaskedLM, {}), "embed-sparse": (tf.RobertaForMaskedLM, {})}
    for task, (cls, more) in makes.items():
        path = os.path.join(args.work, args.model, task)
        if os.path.exists(os.path.join(path, "ready")):
            continue
        torch.manual_seed(0)
        model = cls(tf.RobertaConfig(**common, **more)).eval()
        model.save_pretrained(path)
        subprocess.run([args.goroberta, "-vocabulary", path], check=True)
        tok = tf.RobertaTokenizerFast(os.path.join(path, "vocab.json"), os.path.join(path, "merges.txt"), model_max_length=POSITIONS - 2)
        tok.save_pretrained(path)
        if task == "embed":
            from sentence_transformers import SentenceTransformer, models
            body = models.Transformer(path, max_seq_length=POSITIONS - 2)
            SentenceTransformer(modules=[body, models.Pooling(d, "mean"), models.Normalize()], device="cpu").save(path)
        if task == "embed-sparse":
            from sentence_transformers import SparseEncoder
            from sentence_transformers.sparse_encoder.modules import MLMTransformer, SpladePooling
            SparseEncoder(modules=[MLMTransformer(path, max_seq_length=POSITIONS - 2), SpladePooling("max")], device="cpu").save(path)
        open(os.path.join(path, "ready"), "w").close()


# ---------------------------------------------------------------- the others (these run in the worker process)

class SentenceTransformers:
    title, package, tasks, batches = "sentence-transformers", "sentence-transformers", ("embed", "embed-sparse", "rank"), (1, 32)

    def load(self, task, path, batch):
        from sentence_transformers import CrossEncoder, SentenceTransformer, SparseEncoder
        self.task, self.batch = task, batch
        self.m = {"embed": SentenceTransformer, "embed-sparse": SparseEncoder, "rank": CrossEncoder}[task](path, device="cpu")

    def call(self, texts):
        if self.task == "embed":
            return self.m.encode([t["text"] for t in texts], batch_size=self.batch, show_progress_bar=False).tolist()
        if self.task == "embed-sparse":
            vectors = self.m.encode([t["text"] for t in texts], batch_size=self.batch, show_progress_bar=False, convert_to_tensor=False)
            return [v.coalesce().values()[:FIRST].tolist() for v in vectors]
        return [[float(x)] for x in self.m.predict([(t["text"], t["pair"]) for t in texts], batch_size=self.batch, show_progress_bar=False)]


class Transformers:
    title, package, tasks, batches = "transformers", "transformers", ("classify", "tag", "zero-shot", "fill-mask"), (1, 32)

    def load(self, task, path, batch):
        from transformers import AutoTokenizer, pipeline
        self.task, self.batch = task, batch
        name = {"classify": "text-classification", "tag": "token-classification", "zero-shot": "zero-shot-classification", "fill-mask": "fill-mask"}[task]
        self.p = pipeline(name, model=path, tokenizer=AutoTokenizer.from_pretrained(path), device="cpu")

    def call(self, texts):
        x = [t["text"] for t in texts]
        if self.task == "classify":
            return [[y["score"]] for y in self.p(x, batch_size=self.batch, truncation=True)]
        if self.task == "tag":
            return [[float(e["score"]) for e in y] for y in self.p(x, batch_size=self.batch, aggregation_strategy="simple")]
        if self.task == "zero-shot":
            return [y["scores"] for y in self.p(x, LABELS, batch_size=self.batch)]
        fills = self.p(x, batch_size=self.batch)
        return [[f["score"] for f in y] for y in (fills if len(x) > 1 else [fills])]


class Infinity:
    title, package, tasks, batches = "infinity", "infinity-emb", ("embed", "classify", "rank"), (32,)

    def load(self, task, path, batch):
        from infinity_emb import AsyncEmbeddingEngine, EngineArgs
        self.task, self.loop = task, asyncio.new_event_loop()
        self.e = AsyncEmbeddingEngine.from_args(EngineArgs(model_name_or_path=path, engine="torch", device="cpu", dtype="float32", bettertransformer=False, compile=False, model_warmup=False, batch_size=batch))
        self.loop.run_until_complete(self.e.astart())

    def call(self, texts):
        x = [t["text"] for t in texts]
        if self.task == "embed":
            return [y.tolist() for y in self.loop.run_until_complete(self.e.embed(sentences=x))[0]]
        if self.task == "classify":
            return [[max(z["score"] for z in y)] for y in self.loop.run_until_complete(self.e.classify(sentences=x))[0]]
        raise ValueError("it ranks the documents of one query, and these are pairs")


OTHERS = {"sentence-transformers": SentenceTransformers, "transformers": Transformers, "infinity": Infinity}


def worker(args):
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints must not get into the protocol

    def say(o):
        out.write(json.dumps(o) + "\n")

    peer, clock = OTHERS[args.peer](), time.perf_counter
    try:
        t0 = clock()
        import torch
        torch.set_num_threads(args.threads)
        t1 = clock()
        peer.load(args.task, os.path.join(args.work, args.model, args.task), args.batch)
        t2 = clock()
        peer.call(texts(args.task, 1))
        t3 = clock()
    except Exception as e:
        return say({"error": f"{type(e).__name__}: {str(e)[:300]}"})
    times = {"import_ms": 1e3 * (t1 - t0), "load_ms": 1e3 * (t2 - t1), "first_ms": 1e3 * (t3 - t2)}
    converse(say, peer.package, times, lambda q: peer.call(q["texts"]), lambda q: lambda: peer.call(q["texts"]))


# ---------------------------------------------------------------- parent

def different(a, b):
    """The largest difference of two lists of lists of numbers; None if their lengths differ."""
    if a is None or b is None or list(map(len, a)) != list(map(len, b)):
        return None
    return max((abs(x - y) for u, v in zip(a, b) for x, y in zip(u, v)), default=0)


def run(args):
    args.work, log = os.path.abspath(args.work), open(args.log, "a") if args.log else subprocess.DEVNULL
    cpus, rng = sorted(os.sched_getaffinity(0)), random.Random(0)
    print(json.dumps({"date": datetime.date.today().isoformat(), "cpu": cpu_model(), "cpus": len(cpus), "os": f"{platform.system()} {platform.release()} {platform.machine()}",
                      "command": args.command}), flush=True)
    for threads in map(int, args.threads.split(",")):
        for task in args.tasks.split(","):
            path, given = os.path.join(args.work, args.model, task), texts(task, COUNT[args.model])
            todo = [("goroberta", [args.goroberta, "-threads", str(threads), "-task", task, path])]
            for name, cls in OTHERS.items():
                todo += [(f"{name}, {b} at a time", [sys.executable, os.path.abspath(__file__), "worker", name, "--model", args.model, "--work", args.work,
                          "--threads", str(threads), "--task", task, "--batch", str(b)]) for b in cls.batches if task in cls.tasks]
            procs, own = [], None
            for name, cmd in todo:
                p = Process(name, cmd, threads, cpus[:threads], log)
                c = p.ready if "error" in p.ready else p.ask({"op": "check", "texts": given[:8]})
                if "error" in c:
                    print(f"{task}, {name}: {c['error']}, left out", file=sys.stderr)
                    p.close()
                    continue
                own = own or c["out"]
                procs.append(p)
                print(json.dumps({"peer": name, "model": args.model, "threads": threads, "task": task, "difference": different(own, c["out"]),
                                  **{k: round(v, 1) if isinstance(v, float) else v for k, v in p.ready.items()}}), flush=True)
            for rnd in range(args.rounds):
                print(f"{args.model}, {threads} thread{'s' * (threads > 1)}, {task}: round {rnd + 1} of {args.rounds}", file=sys.stderr)
                for p in rng.sample(procs, len(procs)):
                    q = {"op": "run", "texts": given, "warm": int(rnd == 0), "min_iters": 1, "max_iters": 200, "budget_s": args.budget}
                    r = p.ready if p.dead else ask_quiet(p, q, args)
                    if "times_ms" not in r:
                        print(f"{task}, {p.name}: {r.get('error', 'ended')}", file=sys.stderr)
                        continue
                    p.times.setdefault(task, []).append((r["foreign"], r["times_ms"]))
                    p.peak_rss = r["peak_rss_mb"]
            for p in procs:
                if t := p.times.get(task):
                    flat = sorted(x for r in ([r for f, r in t if f < BUSY] or [min(t)[1]]) for x in r)
                    print(json.dumps({"peer": p.name, "model": args.model, "threads": threads, "task": task, "texts": len(given), "median_ms": round(statistics.median(flat), 2), "min_ms": round(flat[0], 2),
                                      "iters": len(flat), "foreign_load": round(min(f for f, _ in t), 3), "peak_rss_mb": round(p.peak_rss)}), flush=True)
                p.close()


# ---------------------------------------------------------------- table

def table(args):
    rows, ready, runs = {}, {}, []
    for f in args.files:
        for line in open(f):
            o = json.loads(line)
            if "command" in o:
                runs.append(o)
            elif "median_ms" in o:
                rows[o["model"], o["threads"], o["peer"], o["task"]] = o
            else:
                ready[o["model"], o["threads"], o["peer"], o["task"]] = o
    if not rows:
        sys.exit("nothing was measured")
    own = next(o for k, o in ready.items() if k[2] == "goroberta")
    versions = dict.fromkeys(f"{k[2].split(',')[0]} {o['version']}" for k, o in ready.items() if k[2] != "goroberta")
    r = runs[0]
    print(f"{r['cpu']}, {r['cpus']} CPUs, {r['os']}; goroberta {own.get('version')} ({own.get('isa')}, {own.get('go')}); {', '.join(versions)}; PyTorch {importlib.metadata.version('torch')}; "
          f"{r['date']}; " + ", ".join(dict.fromkeys(f"`{x['command']}`" for x in runs)) + ".")
    for model, threads in dict.fromkeys(k[:2] for k in rows):
        tasks = list(dict.fromkeys(k[3] for k in rows if k[:2] == (model, threads)))
        peers = list(dict.fromkeys(k[2] for k in rows if k[:2] == (model, threads)))
        peers.sort(key=lambda p: p == "goroberta")
        print(f"\n### {model}, {threads} thread{'s' * (threads > 1)}\n\n| median ms for {COUNT[model]} texts | " + " | ".join(tasks) + " |\n| --- |" + " ---: |" * len(tasks))
        ms = {(p, t): rows[model, threads, p, t]["median_ms"] for p in peers for t in tasks if (model, threads, p, t) in rows}
        for p in peers:
            cells = [digits(ms[p, t]) + "\\*" * (rows[model, threads, p, t]["foreign_load"] >= BUSY) if (p, t) in ms else "–" for t in tasks]
            cells = [f"**{c}**" if (p, t) in ms and ms[p, t] == min(v for k, v in ms.items() if k[1] == t) else c for c, t in zip(cells, tasks)]
            print(f"| {p} | " + " | ".join(cells) + " |")
        best = {t: min((v for (p, x), v in ms.items() if x == t and p != "goroberta"), default=None) for t in tasks}
        print("| best other ÷ goroberta | " + " | ".join(f"{best[t] / ms['goroberta', t]:.2f}" if best[t] and ("goroberta", t) in ms else "–" for t in tasks) + " |")
        far = [max((o["difference"] for k, o in ready.items() if k[:2] == (model, threads) and k[3] == t and o["difference"] is not None), default=None) for t in tasks]
        print("| largest difference of answers | " + " | ".join("–" if d is None else f"{d:.0e}" for d in far) + " |")


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    s = a.add_subparsers(dest="cmd", required=True, metavar="{prepare,run,table}")
    for c in (prepare, run, worker):
        p = s.add_parser(c.__name__)
        p.add_argument("--model", default="small", choices=MODELS)
        p.add_argument("--work", required=True, help="folder for the models")
        if c is not worker:
            p.add_argument("--goroberta", required=True, help="the program that is built here")
        if c is worker:
            p.add_argument("peer")
            p.add_argument("--task")
            p.add_argument("--threads", type=int)
            p.add_argument("--batch", type=int)
        if c is run:
            p.add_argument("--threads", default="1", help="1, 2 or 1,2")
            p.add_argument("--tasks", default=TASKS)
            p.add_argument("--rounds", type=int, default=5)
            p.add_argument("--budget", type=float, default=0.5, help="seconds for one program, task and round")
            p.add_argument("--wait", type=float, default=5, help="longest wait, in seconds, for a quiet machine before a measurement")
            p.add_argument("--tries", type=int, default=3, help="attempts at a measurement that others disturb")
            p.add_argument("--log", help="file for what the programs print")
            p.add_argument("--command", default="bench_pipelines.py", help="what the table says it was made with")
    p = s.add_parser("table")
    p.add_argument("files", nargs="+")
    args = a.parse_args()
    {"prepare": prepare, "run": run, "worker": worker, "table": table}[args.cmd](args)


if __name__ == "__main__":
    main()
