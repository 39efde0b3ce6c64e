#!/usr/bin/env python3
"""Writes internal/simd/testdata/int8.json and int16.json: products in Int8 and Int16, with
every integer and scale on the way, computed by numpy from docs/numerics.md and not by
goroberta's code.

    python3 tools/int8/golden.py
"""
import json
from pathlib import Path

import numpy as np

F = np.float32
STEPS, LARGEST_X, LARGEST_W, LEAST = F(254), F(32000), F(16000), F(2.0**-120)
MAX_LARGE, WORTH = 4, 0.15
# Of Int16: the largest Qx, and the largest sum of a row's magnitudes, in steps.
TOP_16, SUM_16 = F(32767), 2**18


def row(x):
    """A row's scale, zero point and integers."""
    rest = np.concatenate([x, np.zeros(2, F)])
    largest = int(np.argmax(np.abs(rest)))
    if np.max(rest) >= -np.min(rest):  # of two as large, the positive one is left out
        largest = int(np.argmax(rest))
    alone = rest[largest]
    rest = np.delete(rest, largest)
    high, low = max(F(0), rest.max()), min(F(0), rest.min())
    step = max(F(F(high / STEPS) - F(low / STEPS)), F(abs(alone) / LARGEST_X), LEAST)
    inverse = F(F(1) / step)
    q = np.rint((x * inverse).astype(F)).astype(np.int64)
    return step, -int(np.rint(F(low * inverse))), q


def feature(w):
    """An output feature's scale and integers."""
    top = np.sort(np.abs(w))[::-1]
    top = np.concatenate([top, np.zeros(MAX_LARGE + 1, F)])[: MAX_LARGE + 1].astype(np.float64)
    cost = [top[i] * (1 + WORTH * i) for i in range(MAX_LARGE + 1)]
    step = max(F(F(top[int(np.argmin(cost))]) / F(127)), F(F(top[0]) / LARGEST_W), LEAST)
    return step, np.rint((w * F(F(1) / step)).astype(F)).astype(np.int64)


def row16(x):
    """The same of Int16."""
    x16 = np.zeros((len(x) + 15) // 16 * 16, F)
    x16[: len(x)] = np.abs(x)
    lanes = np.zeros(16, F)
    for sixteen in x16.reshape(-1, 16):
        lanes = lanes + sixteen
    while len(lanes) > 1:
        lanes = lanes[: len(lanes) // 2] + lanes[len(lanes) // 2 :]
    step = max(F(x16.max() / TOP_16), F(lanes[0] * F(1 / SUM_16)), LEAST)
    return step, np.rint((x * F(F(1) / step)).astype(F)).astype(np.int64)


def feature16(w):
    limit = F(np.floor((2**31 - 1) / (1.01 * SUM_16 + len(w) / 2)))
    step = max(F(np.abs(w).max() / limit), LEAST)
    return step, np.rint((w * F(F(1) / step)).astype(F)).astype(np.int64)


def fma(a, b, c):
    """a·b + c with one rounding: exact in integers of 80-bit floats is not, fractions are."""
    from fractions import Fraction

    exact = Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c))
    return nearest(exact)


def nearest(exact):
    """The float32 nearest to a fraction, ties to even."""
    guess = F(float(exact))
    best = [guess, np.nextafter(guess, F(np.inf)), np.nextafter(guess, F(-np.inf))]
    from fractions import Fraction

    def distance(v):
        return abs(Fraction(float(v)) - exact), int(np.array(v, F).view(np.uint32)) & 1

    return min((v for v in best if np.isfinite(v)), key=distance)


def bits(x):
    return [int(v) for v in np.asarray(x, F).view(np.uint32).ravel()]


def values(rng, m, n, k, heavy):
    x, w, base = (rng.standard_normal(s).astype(F) for s in ((m, k), (n, k), (n,)))
    for a in (x, w) if heavy else ():
        a *= np.where(rng.random(a.shape) < 0.05, np.exp(6 * rng.random(a.shape)), 1).astype(F)
    if heavy:
        x[0] = 0
        w[0] = 0
        x[1, : k // 2] = x[1, k - 1]  # the largest magnitude more than once
    return x, w, base


def case(rng, m, n, k, heavy):
    x, w, base = values(rng, m, n, k, heavy)
    rows, features = [row(r) for r in x], [feature(c) for c in w]
    y = [[fma(F(F(int((qx * qw).sum())) * sx), sw, b) for (sw, qw), b in zip(features, base)] for sx, _, qx in rows]
    return {
        "m": m, "n": n, "k": k, "x": bits(x), "w": bits(w), "base": bits(base),
        "row_scales": bits([r[0] for r in rows]), "zero_points": [r[1] for r in rows], "rows": [r[2].tolist() for r in rows],
        "scales": bits([f[0] for f in features]), "features": [f[1].tolist() for f in features], "y": bits(y),
    }


def case16(rng, m, n, k, heavy):
    x, w, base = values(rng, m, n, k, heavy)
    rows, features = [row16(r) for r in x], [feature16(c) for c in w]
    y = [[fma(F(F(int((qx * qw).sum())) * sx), sw, b) for (sw, qw), b in zip(features, base)] for sx, qx in rows]
    return {
        "m": m, "n": n, "k": k, "x": bits(x), "w": bits(w), "base": bits(base),
        "row_scales": bits([r[0] for r in rows]), "rows": [r[1].tolist() for r in rows],
        "scales": bits([f[0] for f in features]), "features": [f[1].tolist() for f in features], "y": bits(y),
    }


def main():
    rng = np.random.default_rng(8)
    int8 = [case(rng, *c) for c in ((3, 5, 7, False), (4, 17, 40, True), (7, 33, 65, True), (2, 16, 300, True))]
    int16 = [case16(rng, *c) for c in ((3, 5, 7, False), (4, 17, 64, True), (7, 33, 65, True), (2, 16, 300, False))]
    data = Path(__file__).parents[2] / "internal/simd/testdata"
    for name, cases in (("int8", int8), ("int16", int16)):
        (data / f"{name}.json").write_text("[" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "]\n")


if __name__ == "__main__":
    main()
