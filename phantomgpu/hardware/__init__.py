"""TOML text to GpuProfile and Runtime, checked, with a source for each value."""

from phantomgpu.hardware.catalog import Catalog, load_catalog
from phantomgpu.hardware.gpu import Calibration, GpuProfile, Spec
from phantomgpu.hardware.runtime import Runtime

__all__ = ["Calibration", "Catalog", "GpuProfile", "Runtime", "Spec", "load_catalog"]
