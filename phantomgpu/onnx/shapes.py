"""Graph and sizes to ShapedGraph: every tensor with a shape in numbers, or a flag that says why.

One pass in execution order. Functions and bodies are spliced in. Each node is, in this order:
evaluated where its inputs are known, shaped by a rule in Python, shaped by the C++ schemas of
``onnx``, bounded where its shape depends on data, taken from what the file declares.
"""

from collections.abc import Mapping

from phantomgpu.onnx.freedims import fix_inputs
from phantomgpu.onnx.graph import Graph, ShapedGraph
from phantomgpu.onnx.inference import Inference


def infer_shapes(graph: Graph, dims: Mapping[str, int]) -> ShapedGraph:
    """Every shape of ``graph``.

    Args:
        graph: As read.
        dims: Sizes of free dimensions, by symbol, ``"input:axis"`` or ``"batch"``; what is not
            given is guessed, and the result says so.

    Raises:
        RequestError: A key of ``dims`` names nothing.
        GraphError: A cycle, or an input that nobody makes.
        ShapeError: Shapes that contradict each other or an operator.
        LimitError: Beyond the limits of ``phantomgpu/onnx/limits.py``.
    """
    fixed = fix_inputs(graph, dims)
    run = Inference(graph, fixed)
    run.run()
    return ShapedGraph(
        graph=graph,
        nodes=tuple(run.nodes),
        repeats=tuple(run.repeats),
        tensors=run.tensors,
        values=run.values,
        constant=frozenset(run.constant),
        inputs=graph.inputs,
        outputs=graph.outputs,
        dims=fixed.free,
        assumptions=tuple(run.assumptions.values()),
        carried=frozenset(run.carried),
    )
