#!/usr/bin/env python3
"""Measures RoBERTa encoders on a CPU, side by side, all in one precision. run.sh calls it; README.md explains it.

  bench_peers.py prepare --model base --work DIR      make random weights in every peer's format
  bench_peers.py run --model base --work DIR [...]    measure; one JSON object a line on standard output
  bench_peers.py table FILE...                        print such lines as Markdown

Each peer runs in a process of its own, so that its memory and its threads are its own. The parent
asks the processes in turn, shape by shape and round by round: whatever disturbs the machine
disturbs all of them alike. Other programs take part with --exec NAME=COMMAND.
"""
import argparse
import datetime
import importlib
import importlib.metadata
import json
import math
import os
import platform
import random
import re
import select
import shlex
import statistics
import subprocess
import sys
import time

import numpy as np

from inputs import LARGE_SHAPES, SHAPES, flops, shape_lengths, token_ids
from prepare import PRECISIONS, prepare

BUSY = 0.05  # a measurement during which others took more of one CPU than this is disturbed
PATIENCE_S = 300  # a peer that does not answer for so long is given up


# ---------------------------------------------------------------- peers (these run in the worker process)

def padded(ids):
    n = max(map(len, ids))
    x, mask = np.ones((len(ids), n), np.int64), np.zeros((len(ids), n), np.int64)
    for i, row in enumerate(ids):
        x[i, :len(row)] = row
        mask[i, :len(row)] = 1
    return x, mask


class Torch:
    """transformers' RobertaModel with PyTorch's fused attention."""
    files, package, title = {"fp32": "hf", "bf16": "hf"}, "torch", "PyTorch"

    def load(self, torch, path, threads):
        from transformers import RobertaModel
        torch.set_num_threads(threads)
        dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[self.precision]
        m = RobertaModel.from_pretrained(path, add_pooling_layer=False, attn_implementation="sdpa", dtype=dtype).eval()
        self.m, self.torch = m, torch

    def inputs(self, ids):
        x, mask = padded(ids)
        t = self.torch.from_numpy
        return t(x), (None if mask.all() else t(mask))  # without a mask it takes a faster way

    def call(self, inp):
        with self.torch.inference_mode():
            return self.m(input_ids=inp[0], attention_mask=inp[1])[0].float()


class OnnxRuntime:
    """In int8 with dynamic quantisation, a scale for each channel of the weights."""
    files, package, title = {"fp32": "ort.onnx", "int8": "ort-int8.onnx"}, "onnxruntime", "ONNX Runtime"

    def load(self, ort, path, threads):
        o = ort.SessionOptions()
        o.intra_op_num_threads, o.inter_op_num_threads = threads, 1
        o.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
        self.s = ort.InferenceSession(path, o, providers=["CPUExecutionProvider"])
        self.types = {i.name: "int32" if "int32" in i.type else "int64" for i in self.s.get_inputs()}

    def inputs(self, ids):
        x, mask = padded(ids)
        return {n: a.astype(self.types[n]) for n, a in (("input_ids", x), ("attention_mask", mask)) if n in self.types}

    def call(self, inp):
        return self.s.run(None, inp)[0]


class OpenVino:
    """In int8 with NNCF's quantisation of weights and activations, the preset for transformers."""
    files, package, title = {"fp32": "openvino", "bf16": "openvino", "int8": "openvino-int8"}, "openvino", "OpenVINO"

    def load(self, ov, path, threads):
        conf = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"}
        if self.precision != "int8":  # there the model says it
            conf["INFERENCE_PRECISION_HINT"] = {"fp32": "f32", "bf16": "bf16"}[self.precision]  # its default is bf16 where the CPU has that
        core = ov.Core()
        if self.precision == "bf16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            raise RuntimeError("this CPU has no bf16 for it")  # it would compute in float32 and not say so
        self.r = core.compile_model(core.read_model(os.path.join(path, "model.xml")), "CPU", conf).create_infer_request()

    def inputs(self, ids):
        x, mask = padded(ids)
        return {"input_ids": x, "attention_mask": mask}

    def call(self, inp):
        return self.r.infer(inp, share_inputs=True, share_outputs=True)[0]


class CTranslate2:
    files, package, title = {"fp32": "ct2", "int8": "ct2"}, "ctranslate2", "CTranslate2"

    def load(self, ct2, path, threads):
        kind = {"fp32": "float32", "int8": "int8_float32"}[self.precision]
        self.m = ct2.Encoder(path, device="cpu", compute_type=kind, intra_threads=threads, inter_threads=1)

    def inputs(self, ids):
        return ids

    def call(self, inp):
        return self.m.forward_batch(inp).last_hidden_state


PEERS = {"torch": Torch, "ort": OnnxRuntime, "openvino": OpenVino, "ct2": CTranslate2}

# A larger difference from PyTorch's features in float32 means that something else was computed.
BOUNDS = {"fp32": 1e-3, "bf16": 0.2, "int8": 1}


def memory_mb():
    v = dict(re.findall(r"(VmRSS|VmHWM):\s+(\d+)", open("/proc/self/status").read()))
    return int(v["VmRSS"]) / 1024, int(v["VmHWM"]) / 1024


def worker(args):
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints must not get into the protocol
    sys.modules["openvino_telemetry"] = None  # else OpenVINO reports its use to its maker

    def say(o):
        out.write(json.dumps(o) + "\n")

    peer, clock = PEERS[args.peer](), time.perf_counter
    peer.precision = args.precision
    try:
        t0 = clock()
        library = importlib.import_module(peer.package)
        t1 = clock()
        peer.load(library, os.path.join(args.work, args.model, peer.files[args.precision]), args.threads)
        t2 = clock()
        peer.call(peer.inputs(token_ids([8])))
        t3 = clock()
    except Exception as e:
        return say({"error": f"{type(e).__name__}: {str(e)[:300]}"})
    times = {"import_ms": 1e3 * (t1 - t0), "load_ms": 1e3 * (t2 - t1), "first_ms": 1e3 * (t3 - t2)}

    def passes(q):
        calls = [peer.inputs([r]) for r in q["ids"]] if q["each"] else [peer.inputs(q["ids"])]
        return lambda: [peer.call(c) for c in calls]
    converse(say, peer.package, times, lambda q: np.array(peer.call(peer.inputs(q["ids"])))[:, :, :8].tolist(), passes)


def converse(say, package, times, check, passes):
    """Answers the parent until its requests end. check gives a few results of a request; passes makes the function whose time counts."""
    rss, peak = memory_mb()
    say({"ready": True, "version": importlib.metadata.version(package), **times, "load_rss_mb": rss, "load_peak_mb": peak})
    for line in sys.stdin:
        q = json.loads(line)
        try:
            if q["op"] == "quit":
                return
            if q["op"] == "check":
                say({"out": check(q)})
                continue
            once, clock = passes(q), time.perf_counter
            for _ in range(q["warm"]):
                once()
            times, end = [], clock() + q["budget_s"]
            while len(times) < q["min_iters"] or (len(times) < q["max_iters"] and clock() < end):
                t = clock()
                once()
                times.append(1e3 * (clock() - t))
            rss, peak = memory_mb()
            say({"times_ms": times, "rss_mb": rss, "peak_rss_mb": peak})
        except Exception as e:
            say({"error": f"{type(e).__name__}: {str(e)[:300]}"})


# ---------------------------------------------------------------- parent

class Process:
    def __init__(self, name, cmd, threads, cpus, log):
        env = dict(os.environ, OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads), GOMAXPROCS=str(threads),
                   HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error", TOKENIZERS_PARALLELISM="false")
        self.name, self.dead, self.times, self.peaks, self.peak_rss = name, False, {}, [], 0
        self.p = subprocess.Popen(cmd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, env=env,
                                  preexec_fn=lambda: os.sched_setaffinity(0, cpus))
        self.ready = self.read()

    def read(self):
        if not select.select([self.p.stdout], [], [], PATIENCE_S)[0]:
            self.p.kill()
        try:
            r = json.loads(self.p.stdout.readline() or '{"error": "the process ended, or did not answer"}')
        except ValueError as e:
            r = {"error": f"not a line of the protocol: {e}"}
        if "peak_gflops" in r:
            self.peaks.append(r["peak_gflops"])
        return r

    def ask(self, q):
        try:
            self.p.stdin.write(json.dumps(q) + "\n")
            self.p.stdin.flush()
        except BrokenPipeError:
            pass  # read tells
        r = self.read()
        self.dead = self.p.poll() is not None
        return r

    def close(self):
        try:
            self.p.stdin.close()  # a peer ends with its input
            self.p.wait(20)
        except (OSError, subprocess.TimeoutExpired):
            self.p.kill()


TICKS = os.sysconf("SC_CLK_TCK")


def busy_s():
    """CPU seconds spent on the whole machine so far, time stolen by its host included."""
    f = [int(x) for x in open("/proc/stat").readline().split()[1:9]]
    return (f[0] + f[1] + f[2] + f[5] + f[6] + f[7]) / TICKS


def process_s(pid):
    f = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(f[11]) + int(f[12])) / TICKS


def wait_until_quiet(limit_s):
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        b, t = busy_s(), time.monotonic()
        time.sleep(0.15)
        if (busy_s() - b) / (time.monotonic() - t) < 0.1:
            return


def ask_quiet(p, q, args):
    """Asks again where others disturbed the measurement, and keeps the least disturbed."""
    best = None
    for _ in range(args.tries):
        wait_until_quiet(args.wait)
        b, own, t = busy_s(), process_s(p.p.pid), time.monotonic()
        r = p.ask(q)
        if "error" in r:
            return r
        # The counters move in steps of 10 ms: two of them are forgiven.
        r["foreign"] = max(0.0, (busy_s() - b - (process_s(p.p.pid) - own) - 0.02) / (time.monotonic() - t))
        if best is None or r["foreign"] < best["foreign"]:
            best = r
        if r["foreign"] < BUSY:
            break
        q = dict(q, warm=0)
    return best


def start(args, path, threads, cpus, log):
    """Starts the peers and compares what they compute; those that cannot take part are named and left out."""
    todo = []
    for n in filter(None, args.peers.split(",")):
        if n not in PEERS:
            sys.exit(f"unknown peer {n!r}; there are {', '.join(PEERS)}")
        if args.precision not in PEERS[n].files:
            continue
        if not os.path.exists(os.path.join(path, PEERS[n].files[args.precision])):
            print(f"{n}: not prepared, left out", file=sys.stderr)
            continue
        todo.append((n, [sys.executable, os.path.abspath(__file__), "worker", n, "--model", args.model, "--work", args.work,
                         "--precision", args.precision, "--threads", str(threads)]))
    for e in args.exec or []:
        name, cmd = e.split("=", 1)
        todo.append((name, [a.replace("{dir}", path).replace("{threads}", str(threads)).replace("{precision}", args.precision) for a in shlex.split(cmd)]))
    ref, ids, procs = np.load(os.path.join(path, "reference.npy")), token_ids([17, 17]), []
    for name, cmd in todo:
        try:
            p = Process(name, cmd, threads, cpus, log)
        except OSError as e:
            print(f"{name}: {e}, left out", file=sys.stderr)
            continue
        c = p.ready if "error" in p.ready else p.ask({"op": "check", "ids": ids})
        if "error" in c:
            print(f"{name}: {c['error']}, left out", file=sys.stderr)
            p.close()
            continue
        diff = None if c["out"] is None else float(np.abs(np.array(c["out"]) - ref).max())
        if diff is not None and not diff < BOUNDS[args.precision]:
            print(f"{name}: differs from PyTorch by {diff:.1g}: it computes something else", file=sys.stderr)
        procs.append(p)
        print(json.dumps({"peer": name, "model": args.model, "precision": args.precision, "threads": threads, "max_abs_diff": diff,
                          **{k: round(v, 1) if isinstance(v, float) else v for k, v in p.ready.items()}}), flush=True)
    return procs


def run(args):
    args.work = os.path.abspath(args.work)
    path, rng = os.path.join(args.work, args.model), random.Random(0)
    shapes = (args.shapes or (LARGE_SHAPES if args.model == "large" else SHAPES)).split(",")
    for shape in shapes:
        shape_lengths(shape)  # ends here if the shape is unknown
    log = open(args.log, "a") if args.log else subprocess.DEVNULL
    cpus = sorted(os.sched_getaffinity(0))
    threads_list = [int(t) for t in args.threads.split(",")]
    if max(threads_list) > len(cpus):
        sys.exit(f"{max(threads_list)} threads, but only {len(cpus)} CPUs")
    print(json.dumps({"date": datetime.date.today().isoformat(), "cpu": cpu_model(), "cpus": len(cpus), "used": max(threads_list),
                      "os": f"{platform.system()} {platform.release()} {platform.machine()}",
                      "command": args.command or shlex.join(["bench_peers.py"] + sys.argv[1:])}), flush=True)
    for threads in threads_list:
        procs = start(args, path, threads, cpus[:threads], log)
        for rnd in range(args.rounds):
            print(f"{args.model}, {args.precision}, {threads} thread{'s' * (threads > 1)}: round {rnd + 1} of {args.rounds}", file=sys.stderr)
            for shape in shapes:
                lengths, each = shape_lengths(shape)
                q = {"op": "run", "ids": token_ids(lengths), "each": each, "warm": int(rnd == 0), "min_iters": 2 if rnd == 0 else 1,
                     "max_iters": 200, "budget_s": args.budget}
                for p in rng.sample(procs, len(procs)):
                    if p.dead or p.times.get(shape) == "failed":
                        continue
                    r = ask_quiet(p, q, args)
                    if "error" in r:
                        print(f"{p.name} {shape}: {r['error']}", file=sys.stderr)
                        p.times[shape] = "failed"
                        continue
                    p.times.setdefault(shape, []).append((r["foreign"], r["times_ms"]))
                    p.peak_rss = r["peak_rss_mb"]
            report(args, procs, shapes, threads)  # every round: a run that is cut short leaves its last full one
        for p in procs:
            p.close()


def cpu_model():
    """The name, and with it the family, as virtual machines often say no more than the maker's."""
    info = dict(re.findall(r"^(model name|cpu family|model)\s*: (.*)$", open("/proc/cpuinfo").read(), re.M))
    if "model name" not in info:
        return platform.processor() or platform.machine()
    return info["model name"] + (f" (family {info['cpu family']}, model {info['model']})" if "model" in info else "")


def report(args, procs, shapes, threads):
    for p in procs:
        for shape in shapes:
            t = p.times.get(shape)
            if not t or t == "failed":
                continue
            # Disturbed rounds count only where there is nothing else.
            flat = sorted(x for r in ([r for f, r in t if f < BUSY] or [min(t)[1]]) for x in r)
            lengths, med = shape_lengths(shape)[0], statistics.median(flat)
            print(json.dumps({"peer": p.name, "model": args.model, "precision": args.precision, "shape": shape, "tokens": sum(lengths), "threads": threads,
                              "median_ms": round(med, 4), "min_ms": round(flat[0], 4), "p90_ms": round(flat[math.ceil(0.9 * (len(flat) - 1))], 4),
                              "iters": len(flat), "foreign_load": round(min(f for f, _ in t), 3), "gflops": round(flops(args.model, lengths) / med / 1e6, 2),
                              "core_gflops": round(statistics.median(p.peaks), 1) if p.peaks else 0, "peak_rss_mb": round(p.peak_rss)}), flush=True)


# ---------------------------------------------------------------- table

def title(name):
    return PEERS[name].title if name in PEERS else name


def digits(x):
    return f"{x:.0f}" if x >= 100 else f"{x:.1f}" if x >= 10 else f"{x:.2f}"


def table(args):
    rows, ready, runs = {}, {}, []
    for f in args.files:
        for line in open(f):
            o = json.loads(line)
            if "command" in o:
                runs.append(o)
                continue
            key = o["model"], o.get("precision", "fp32"), o["threads"]
            if "shape" in o:
                rows.setdefault(key, {})[o["peer"], o["shape"]] = o  # the last round's replaces the others
            else:
                ready.setdefault(key, {})[o["peer"]] = o
    if not rows:
        sys.exit("nothing was measured")
    started = [o for r in ready.values() for o in r.values()]
    own = next((o for o in started if o["peer"] == "goroberta"), {})
    versions = dict.fromkeys(f"{title(o['peer'])} {o['version']}" for o in started if o["peer"] != "goroberta" and "version" in o)
    r = runs[0]
    print(f"{r['cpu']}, {max(x['used'] for x in runs)} of {r['cpus']} CPUs, {r['os']}; goroberta {own.get('version')} ({own.get('isa')}, "
          f"{own.get('go')}); {', '.join(versions)}; {r['date']}; " + ", ".join(dict.fromkeys(f"`{x['command']}`" for x in runs)) + ".")
    for key, cells in rows.items():
        one_table(*key, cells, ready[key])
    if any(o["foreign_load"] >= BUSY for cells in rows.values() for o in cells.values()):
        print(f"\n\\* Other programs took more than {BUSY:.0%} of a CPU in every round.")


def one_table(model, precision, threads, rows, ready):
    names, shapes = list(dict.fromkeys(k[0] for k in rows)), list(dict.fromkeys(k[1] for k in rows))
    others = [n for n in names if not n.startswith("goroberta")]  # "goroberta-old" may race too
    core = next((o["core_gflops"] for k, o in rows.items() if k[0] == "goroberta"), 0)
    ms = {k: o["median_ms"] for k, o in rows.items()}
    print(f"\n### {model}, {precision}, {threads} thread{'s' * (threads > 1)}" + (f" (peak {core * threads:.0f} G{'' if precision == 'int8' else 'FL'}OP/s)" * bool(core)) + "\n")
    print("| median ms | " + " | ".join(s.replace("x", "×") if s[0].isdigit() else s for s in shapes) + " | peak RSS, MB | max diff |")
    print("| --- |" + " ---: |" * (len(shapes) + 2))
    for n in names:
        cells = []
        for s in shapes:
            if (n, s) not in ms:
                cells.append("–")
                continue
            cell = digits(ms[n, s]) + "\\*" * (rows[n, s]["foreign_load"] >= BUSY)
            cells.append(f"**{cell}**" if ms[n, s] == min(v for k, v in ms.items() if k[1] == s) else cell)
        diff = ready[n]["max_abs_diff"]
        rss = max(o["peak_rss_mb"] for k, o in rows.items() if k[0] == n)
        print(f"| {title(n)} | " + " | ".join(cells) + f" | {rss} | {'–' if diff is None else format(diff, '.0e') if diff else 0} |")
    if "goroberta" not in names:
        return
    ratios, parts = [], []
    for s in shapes:
        # Whoever is slow at padded batches may send the sentences one by one.
        best = min((ms[n, x] for n in others for x in ({s, "mix32each"} if s == "mix32" else {s}) if (n, x) in ms), default=None)
        mine = ms.get(("goroberta", s))
        ratios.append(f"{best / mine:.2f}" if best and mine else "–")
        parts.append(f"{100 * rows['goroberta', s]['gflops'] / (core * threads):.0f}" if mine and core else "–")
    print(f"| best other ÷ goroberta | {' | '.join(ratios)} | | |")
    print(f"| goroberta, % of peak | {' | '.join(parts)} | | |")


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    s = a.add_subparsers(dest="cmd", required=True, metavar="{prepare,run,table}")
    for c in (prepare, run, worker):
        p = s.add_parser(c.__name__)
        p.add_argument("--model", default="base", help="base, large, tiny or LAYERSxWIDTHxHEADSxINNER")
        p.add_argument("--work", required=True, help="folder for the weights in each peer's format")
        p.add_argument("--precision", default="fp32", choices=PRECISIONS)
        if c is worker:
            p.add_argument("peer")
            p.add_argument("--threads", type=int)
        if c is run:
            p.add_argument("--threads", default="1", help="1, 2 or 1,2")
            p.add_argument("--shapes", help=f"{SHAPES}; for large {LARGE_SHAPES}")
            p.add_argument("--peers", default=",".join(PEERS))
            p.add_argument("--exec", action="append", metavar="NAME=COMMAND", help="{dir}, {threads} and {precision} are filled in")
            p.add_argument("--rounds", type=int, default=5)
            p.add_argument("--budget", type=float, default=0.5, help="seconds for one peer, shape and round")
            p.add_argument("--wait", type=float, default=5, help="longest wait, in seconds, for a quiet machine before a measurement")
            p.add_argument("--tries", type=int, default=3, help="attempts at a measurement that others disturb")
            p.add_argument("--log", help="file for what the peers print")
            p.add_argument("--command", help="what the table says it was made with")
    p = s.add_parser("table")
    p.add_argument("files", nargs="+")
    args = a.parse_args()
    {"prepare": prepare, "run": run, "worker": worker, "table": table}[args.cmd](args)


if __name__ == "__main__":
    main()
