"""Progress of long steps, for people: a bar on a terminal, a line each elsewhere.

The first steps run before anything is installed, so this needs nothing but the
standard library.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_BAR_CELLS = 28


def say(text: str) -> None:
    """Print one line for people, at once."""
    print(text, flush=True)


@contextmanager
def step(title: str) -> Iterator[Callable[[float, str], None]]:
    """Show a step of unknown speed while it runs.

    Args:
        title: What the step makes, in a few words.

    Yields:
        ``advance(share, note)``: the share done, 0 to 1, and what is being done.
    """
    bar = _Bar(title)
    bar.advance(0.0, "")
    try:
        yield bar.advance
    except BaseException:
        bar.end("failed")
        raise
    bar.end("done")


class _Bar:
    def __init__(self, title: str) -> None:
        self._title = title
        self._live = sys.stdout.isatty()
        self._start_s = time.monotonic()

    def advance(self, share: float, note: str) -> None:
        if not self._live:
            return
        filled = round(_BAR_CELLS * min(max(share, 0.0), 1.0))
        bar = "━" * filled + "╌" * (_BAR_CELLS - filled)
        print(f"\r\x1b[K{self._title:<28} {bar} {note[:40]}", end="", flush=True)

    def end(self, word: str) -> None:
        took_s = time.monotonic() - self._start_s
        start = "\r\x1b[K" if self._live else ""
        print(f"{start}{self._title:<28} {word} in {took_s:.1f} s", flush=True)
