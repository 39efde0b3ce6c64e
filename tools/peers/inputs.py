"""What is measured: the models, the sentences, and how much arithmetic they take."""
import random
import re
import sys

MODELS = {  # layers, width, heads, inner width
    "tiny": (2, 128, 2, 512),
    "base": (12, 768, 12, 3072),
    "large": (24, 1024, 16, 4096),
}
VOCAB, POSITIONS = 50265, 514
SHAPES = "1x8,1x32,1x128,1x512,8x128,32x32,mix32,mix32each"
LARGE_SHAPES = "1x8,1x32,1x128,1x512,8x128"  # the others take minutes each


def dims(name):
    m = re.fullmatch(r"(\d+)x(\d+)x(\d+)x(\d+)", name)
    if name not in MODELS and not m:
        sys.exit(f"unknown model {name!r}: give base, large, tiny or LAYERSxWIDTHxHEADSxINNER")
    return MODELS.get(name) or tuple(int(g) for g in m.groups())


def shape_lengths(shape):
    """Lengths of the sentences in a shape, and whether each gets a call of its own."""
    if shape in ("mix32", "mix32each"):  # as a service sees them: most are short, a few are long (8 to 61)
        r = random.Random(7)
        return [max(6, min(96, round(r.lognormvariate(3.1, 0.6)))) for _ in range(32)], shape == "mix32each"
    m = re.fullmatch(r"(\d+)x(\d+)", shape)
    if not m or int(m[2]) > POSITIONS - 2:
        sys.exit(f"unknown shape {shape!r}: give BATCHxTOKENS (at most {POSITIONS - 2} tokens), mix32 or mix32each")
    return [int(m[2])] * int(m[1]), False


def token_ids(lengths, seed=1):
    r = random.Random(seed)
    return [[0] + [r.randrange(4, 50260) for _ in range(n - 2)] + [2] for n in lengths]


def flops(model, lengths):
    """Multiplications and additions in the matrix products; padding does not count."""
    layers, d, _, f = dims(model)
    return sum(layers * n * (8 * d * d + 4 * d * f + 4 * n * d) for n in lengths)


def sentences():
    """English sentences from what every Python has: the pages of its help."""
    from pydoc_data.topics import topics
    text = re.sub(r"[*`|=+~_-]{2,}|[*`]", " ", " ".join(topics[k] for k in sorted(topics)))
    return [s for s in re.split(r"(?<=[.!?])\s+", re.sub(r"\s+", " ", text)) if 20 < len(s) < 300 and s[0].isupper()]
