"""A site -> its service worker with the names and hashes of all files of this version."""

import hashlib
import json
from pathlib import Path

WORKER = "service-worker.js"
"""The page file that keeps the site on a visitor's machine."""


def write_service_worker(site: Path) -> None:
    """Fill in the service worker of a site that is otherwise finished."""
    files = {
        path.relative_to(site).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(site.rglob("*"))
        if path.is_file() and path.name != WORKER
    }
    named = json.dumps(files, indent=0)
    script = site / WORKER
    text = script.read_text("utf-8").replace("{{files}}", named)
    # The script is a part of its version, too.
    version = hashlib.sha256(text.encode()).hexdigest()[:16]
    script.write_text(text.replace("{{version}}", version), "utf-8")
