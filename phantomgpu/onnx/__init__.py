"""Bytes to Graph, and Graph to shapes: reads the graph of a file and leaves its weights alone."""

from phantomgpu.onnx.freedims import batch_symbol
from phantomgpu.onnx.reader import read_model
from phantomgpu.onnx.shapes import infer_shapes
from phantomgpu.onnx.source import BytesSource, Source

__all__ = ["BytesSource", "Source", "batch_symbol", "infer_shapes", "read_model"]
