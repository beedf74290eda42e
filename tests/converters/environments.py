"""Makes the environment of every framework, two at a time; what is there already stays.

``python environments.py``, with the folder in ``PHANTOMGPU_CACHE``.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

from phantomgpu.converters.environment import environment_folder, isolated_python
from phantomgpu.converters.frameworks import FRAMEWORKS, Framework
from phantomgpu.errors import SourceError


def make(framework: Framework) -> str:
    """Make one; what went wrong, or nothing."""
    start_s = time.monotonic()
    try:
        isolated_python(framework, tell=lambda share, note: None)
    except SourceError as error:
        return str(error)
    took_s = time.monotonic() - start_s
    print(f"{framework.title:<16} {environment_folder(framework).name}, {took_s:.0f} s", flush=True)
    return ""


if __name__ == "__main__":
    # The largest first: it decides how long all take.
    order = sorted(FRAMEWORKS.values(), key=lambda each: each.name != "tensorflow")
    with ThreadPoolExecutor(max_workers=2) as pool:
        mistakes = [mistake for mistake in pool.map(make, order) if mistake]
    sys.exit("\n".join(mistakes) or 0)
