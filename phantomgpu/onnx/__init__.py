"""Bytes to Graph, and Graph to shapes: reads the graph of an ONNX file and leaves its weights alone."""

from phantomgpu.onnx.reader import read_model
from phantomgpu.onnx.source import BytesSource, Source

__all__ = ["BytesSource", "Source", "read_model"]
