"""A shell: models of other frameworks to ONNX files, each framework in a process of its own."""

from phantomgpu.converters.convert import Conversion, Options, convert

__all__ = ["Conversion", "Options", "convert"]
