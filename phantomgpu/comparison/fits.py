"""How large a batch fits on a board."""

from typing import Final

from phantomgpu.hardware.toml import GIB
from phantomgpu.serving.fits import largest_batch

__all__ = ["MEMORY_UNIT_BYTES", "largest_batch"]

MEMORY_UNIT_BYTES: Final = GIB
"""The "GB" of board memory: 24 GB are 24 x 2^30 bytes, as makers and users write it."""
