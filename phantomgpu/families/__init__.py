"""Configurations of published model families -> Definition: graphs without any file of weights."""

from phantomgpu.families.definition import Definition, Generation, Part
from phantomgpu.families.reading import is_json, read_definition
from phantomgpu.families.registry import build

__all__ = ["Definition", "Generation", "Part", "build", "is_json", "read_definition"]
