"""Small models of every construct, and seeded ways to damage them.

``python -m tests.unit.onnx.mutations 100000`` runs that many outside the suite.
"""

import importlib
import random
import sys
import time

import numpy as np

from phantomgpu.errors import PhantomGPUError
from phantomgpu.onnx import BytesSource, infer_shapes, read_model
from tests.unit.onnx.builders import (
    a_function,
    a_graph,
    a_model,
    a_node,
    a_tensor,
    count,
    text,
)

SIZES = (0, 1, 2, 127, 128, 255, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**62, 2**63 - 1, 2**64 - 1)


def originals():
    """One small file per construct."""
    body = a_graph(
        [a_node("Add", "c_in one", "c_out"), a_node("Identity", "keep", "keep_out")],
        {"i": ("int64", ()), "keep": ("bool", ()), "c_in": ("float32", (2, 3))},
        {"keep_out": ("bool", ()), "c_out": ("float32", (2, 3))},
        stored={"one": np.ones((2, 3), np.float32)},
    )
    yield a_model(
        [a_node("Loop", "n c x", "y", body=body)],
        {"x": ("float32", (2, 3))},
        "y",
        stored={"n": np.array(5), "c": np.array(True)},
    )
    yield a_model(
        [
            a_node("Conv", "x w b", "c", kernel_shape=[3, 3], pads=[1, 1, 1, 1], group=1),
            a_node("Relu", "c", "r"),
            a_node("MaxPool", "r", "p", kernel_shape=[2, 2], strides=[2, 2]),
            a_node("Flatten", "p", "f"),
            a_node("Gemm", "f v", "y", alpha=1.0, transB=1),
        ],
        {"x": ("float32", ("N", 3, 8, 8))},
        {"y": ("float32", ("N", 10))},
        stored={
            "w": np.zeros((4, 3, 3, 3), np.float32),
            "b": np.zeros(4, np.float32),
            "v": np.zeros((10, 64), np.float32),
        },
    )
    yield a_model(
        [
            a_node("Shape", "x", "s"),
            a_node("Constant", "", "zero", value=np.array([0])),
            a_node("Gather", "s zero", "n"),
            a_node("Constant", "", "rest", value_ints=[-1, 4]),
            a_node("Concat", "n rest", "to", axis=0),
            a_node("Reshape", "x to", "r"),
            a_node("Twice", "r", "y", domain="own"),
            a_node("NonZero", "y", "z"),
            a_node("TopK", "r k", "v i"),
            a_node("Attention", "y q", "a", domain="com.microsoft", num_heads=2),
        ],
        {"x": ("float32", ("batch", "sequence", 4))},
        "y z v a",
        stored={"k": np.array([2]), "q": np.zeros((4, 12), np.float32)},
        functions=[a_function("own", "Twice", "a", "b", [a_node("Add", "a a", "b")])],
        domains=("own", "com.microsoft"),
    )
    then = a_graph([a_node("Exp", "x", "t")], outputs={"t": ("float32", (2,))})
    other = a_graph([a_node("Log", "x", "e")], outputs={"e": ("float32", (2,))})
    yield a_model(
        [a_node("If", "c", "y", then_branch=then, else_branch=other)],
        {"x": ("float32", (2,)), "c": ("bool", ())},
        "y",
    )
    sparse = text(1, a_tensor(np.ones(2, np.float32), "s")) + text(2, a_tensor(np.array([1, 5])))
    graph = bytes(a_graph([a_node("Add", "s x", "y")], {"x": ("float32", (2, 3))}))
    graph += text(15, sparse + count(3, 2) + count(3, 3)) + text(12, text(1, "y"))
    yield count(1, 8) + text(8, count(2, 17)) + text(7, graph)


def damaged(rng, files):
    """A file cut, with bytes changed, taken out, put in, moved, or joined with another."""
    data = bytearray(rng.choice(files))
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16))):
        at = rng.randrange(len(data) + 1)
        to = min(len(data), at + rng.choice((1, 1, 2, 4, 8, 64)))
        match rng.randrange(9):
            case 0:
                del data[at:]
            case 1 if at < len(data):
                data[at] = rng.randrange(256)
            case 2 if at < len(data):
                data[at] ^= 1 << rng.randrange(8)
            case 3:
                del data[at:to]
            case 4:
                data[at:at] = rng.randbytes(rng.choice((1, 2, 8)))
            case 5:
                data[at:to] = _varint(rng.choice(SIZES))
            case 6:
                data[at:at] = data[at:to] * rng.choice((1, 2, 50))
            case 7:
                other = rng.choice(files)
                start = rng.randrange(len(other))
                data[at:to] = other[start : start + rng.choice((1, 8, 64, len(other)))]
            case _ if at < len(data):
                data[at] = rng.choice((0, 1, 127, 128, 255))
        if not data:
            break
    return bytes(data)


def rebuilt(rng, data):
    """A file with a field somewhere in its tree changed, every length around it made to fit."""
    fields = split(data)
    if not fields or rng.random() < 0.05:
        return damaged(rng, [data]) if data else rng.randbytes(rng.randrange(9))
    at = rng.randrange(len(fields))
    tag, value = fields[at]
    match rng.randrange(12):
        case 0:
            del fields[at]
        case 1:
            fields.insert(rng.randrange(len(fields) + 1), fields[at])
        case 2:
            other = rng.randrange(len(fields))
            fields[at], fields[other] = fields[other], fields[at]
        case 3:
            fields[at] = (tag, fields[rng.randrange(len(fields))][1])
        case _ if isinstance(value, int):
            fields[at] = (tag, rng.choice((*SIZES, value + 1, rng.randrange(40))))
        case _:
            fields[at] = (tag, rebuilt(rng, value))
    return b"".join(
        _varint(tag & ~7) + _varint(value)
        if isinstance(value, int)
        else _varint(tag & ~7 | 2) + _varint(len(value)) + value
        for tag, value in fields
    )


def split(data):
    """Tag and value of each field; nothing where these are no numbers and byte fields."""
    at, fields = 0, []
    while at < len(data):
        tag, at = _number(data, at)
        if at < 0 or tag < 8 or tag & 7 not in (0, 2):
            return []
        value, at = _number(data, at)
        if at < 0:
            return []
        if tag & 7 == 2:
            value, at = data[at : at + value], at + value
            if at > len(data):
                return []
        fields.append((tag, value))
    return fields


def _number(data, at):
    value = shift = 0
    while at < len(data) and shift < 64:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return value, at
    return 0, -1


def outcome(data):
    """ "shaped", or the name of the error of the documented tree; any other error escapes."""
    try:
        infer_shapes(read_model(BytesSource("fuzz.onnx", data)), {})
    except PhantomGPUError as error:
        told = error.what and error.where and error.fix
        return type(error).__name__ if told else f"{type(error).__name__} that tells too little"
    return "shaped"


def _varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def main(times, seed=0):
    """Damage ``times`` files; print what they ended in, the slowest, and the peak memory."""
    resource = importlib.import_module("resource")  # not on every system, nor in Pyodide
    files, found, slowest = list(originals()), {}, (0.0, b"")
    rng = random.Random(seed)
    for index in range(times):
        data = rebuilt(rng, rng.choice(files)) if index % 2 else damaged(rng, files)
        begin = time.process_time()
        try:
            ended = outcome(data)
        except Exception as error:
            ended = f"CRASH {type(error).__name__}: {str(error)[:100]}"
            if ended not in found:
                sys.stdout.write(f"{index} {ended} {data.hex()[:4000]}\n")
        found[ended] = found.get(ended, 0) + 1
        slowest = max(slowest, (time.process_time() - begin, data))
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stdout.write(f"{found}, slowest {slowest[0]:.3f} s, peak {peak_mib} MiB\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
