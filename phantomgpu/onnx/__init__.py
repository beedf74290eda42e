"""Bytes to Graph, and Graph to shapes: reads the graph of an ONNX file and leaves its weights alone."""
