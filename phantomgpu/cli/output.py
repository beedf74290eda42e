"""What commands print: documents as JSON, tables for people."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console


def print_json(document: Mapping[str, Any] | Sequence[Any]) -> None:
    """A document as JSON on standard output."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def print_text(text: str) -> None:
    """A text as it is, on standard output."""
    sys.stdout.write(text)


def console() -> Console:
    """Standard output for tables; as wide as the terminal, without colour where none is wanted."""
    return Console(file=sys.stdout, highlight=False, soft_wrap=False)
