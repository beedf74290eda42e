"""Predict how fast an ONNX model runs on GPUs described by TOML profiles.

The path is ``bytes -> Graph -> Workload -> Estimate -> Comparison -> report``;
each step is a package of that name and imports only the ones before it.
"""

__version__ = "0.1.0"
