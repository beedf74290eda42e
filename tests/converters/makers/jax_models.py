"""A small real model in JAX; prints what JAX counts in it.

``python jax_models.py FOLDER``, with the Python that has JAX.
"""

import json
import sys
from pathlib import Path

import jax

sys.path.insert(0, str(Path(__file__).parent))
from jax_small import convolution, dense, network


def macs(function, *shapes: tuple[int, ...]) -> int:
    """Multiply-adds of one matrix operator, as JAX's own cost analysis counts them."""
    inputs = [jax.ShapeDtypeStruct(shape, "float32") for shape in shapes]
    return int(jax.jit(function).lower(*inputs).cost_analysis()["flops"]) // 2


def main(folder: Path) -> None:
    (folder / "jax_small.py").write_text((Path(__file__).parent / "jax_small.py").read_text())
    counted = macs(convolution, (1, 16, 16, 3), (3, 3, 3, 8))
    counted += macs(dense, (1, 8), (8, 32)) + macs(dense, (1, 32), (32, 10))
    jaxpr = jax.make_jaxpr(network)(jax.ShapeDtypeStruct((1, 16, 16, 3), "float32"))
    matrix = [e.primitive.name for e in jaxpr.eqns if e.primitive.name.startswith(("dot", "conv_"))]
    assert matrix == ["conv_general_dilated", "dot_general", "dot_general"], matrix
    print(json.dumps({"small": counted}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
