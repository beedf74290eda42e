"""How large a model may be before it is refused; ``docs/reading-onnx.md`` states the same numbers.

Each is far above what real exporters write (the largest graph of the corpus has 5,000 nodes)
and small enough that a hostile file ends in an error within seconds and 500 MB.
"""

from typing import Final

MAX_NODES: Final = 100_000
"""Nodes of a file, and nodes after functions and bodies are spliced in."""

MAX_TENSORS: Final = 200_000
"""Initializers, inputs, outputs and value_info entries of a file, together."""

MAX_DEPTH: Final = 24
"""Subgraphs within subgraphs, and functions calling functions."""

MAX_NAME_BYTES: Final = 16 * 1024
"""Length of any one name, operator type or domain."""

MAX_ATTRIBUTE_ELEMENTS: Final = 1_000_000
"""Elements of one list attribute."""

MAX_ELEMENTS_LISTED: Final = 4_000_000
"""Elements of all list attributes and kept packed payloads of a file."""

MAX_SEQUENCE: Final = 10_000
"""Tensors of one sequence."""

MAX_RANK: Final = 64
"""Axes of one tensor."""

MAX_DIM: Final = 2**40
"""Size of one axis."""

MAX_ELEMENTS: Final = 2**46
"""Elements of one tensor: 281 TB in fp32, a thousand times a large GPU."""

MAX_FIELDS: Final = 20_000_000
"""Protobuf fields looked at in one file."""

MAX_TEXT_BYTES: Final = 64 * 1024 * 1024
"""All names, attribute lists and kept payloads of a file, together."""

MAX_INFLATED_BYTES: Final = 192 * 1024 * 1024
"""Size of a ``.gz`` after it is unpacked in memory."""

FLOAT_PAYLOAD_BYTES: Final = 1024
"""Float, int8 and int4 payloads up to this are kept: scales, bounds, small tables."""

INTEGER_PAYLOAD_BYTES: Final = 64 * 1024
"""Integer and bool payloads up to this are kept: shapes and indices live in them."""
