"""Runs a framework in a process of its own: progress by lines of JSON, a time limit, a log."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final

from phantomgpu.converters.environment import Tell, log_file
from phantomgpu.errors import SourceError

BOOT: Final = Path(__file__).parent / "runners" / "boot.py"
TIME_LIMIT_S: Final = 900.0
_LAST_LINES: Final = 6


class ConversionError(SourceError):
    """The framework could not convert the model; ``where`` is its log."""

    code = "conversion"


def run(
    python: Path,
    script: str,
    task: Mapping[str, Any],
    *,
    tell: Tell,
    time_limit_s: float = TIME_LIMIT_S,
    variables: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Run a script of ``runners/`` and return what it made of its task.

    Args:
        python: The Python that has the framework.
        script: Module in ``phantomgpu.converters.runners``.
        task: What its ``main`` is given, as JSON.
        tell: Told what it says about its progress.
        time_limit_s: Seconds after which it is stopped, with all it started.
        variables: Environment variables it gets besides ours.

    Raises:
        ConversionError: It said why it cannot, broke off, or took too long.
    """
    log = log_file(script)
    with log.open("wb") as err:
        process = subprocess.Popen(
            # -P: the folder of boot.py is no place to import from.
            [str(python), "-P", str(BOOT), script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=err,
            env={**os.environ, **(variables or {})},
            start_new_session=os.name != "nt",
        )
        try:
            _hand_over(process, task)
            answer = _listen(process, tell, time.monotonic() + time_limit_s)
        except TimeoutError:
            raise ConversionError(
                f"converting took over {time_limit_s:g} s and was stopped",
                where=str(log),
                fix="give it longer: --time-limit 3600",
            ) from None
        finally:
            _stop(process)
    if "done" in answer:
        log.unlink(missing_ok=True)
        return dict(answer["done"])
    if "error" in answer:
        error = answer["error"]
        raise ConversionError(error["what"], where=f"{log} (the log)", fix=error["fix"])
    raise ConversionError(
        f"the process that converts broke off (exit code {process.returncode}): {_end_of(log)}",
        where=str(log),
        fix="read its log; out of memory is the usual reason where the log ends without an error",
    )


def _hand_over(process: "subprocess.Popen[bytes]", task: Mapping[str, Any]) -> None:
    assert process.stdin is not None
    # Where it is gone already, its log says why.
    with contextlib.suppress(OSError):
        process.stdin.write(json.dumps(task).encode())
        process.stdin.close()


def _listen(process: "subprocess.Popen[bytes]", tell: Tell, deadline_s: float) -> dict[str, Any]:
    """The last line of JSON; the ones before are progress.

    Raises:
        TimeoutError: It has not come by the deadline.
    """
    assert process.stdout is not None
    lines: queue.Queue[bytes | None] = queue.Queue()
    threading.Thread(target=_read_lines, args=(process.stdout, lines), daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=max(0.0, deadline_s - time.monotonic()))
        except queue.Empty:
            raise TimeoutError from None
        if line is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=10)
            return {}
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if not isinstance(said, dict):
            continue
        if "progress" in said:
            tell(float(said["progress"]), str(said.get("note", "")))
        if "done" in said or "error" in said:
            return said


def _read_lines(stream: IO[bytes], lines: "queue.Queue[bytes | None]") -> None:
    with contextlib.suppress(OSError), stream:
        for line in stream:
            lines.put(line)
    lines.put(None)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End it and all that it started."""
    with contextlib.suppress(OSError):
        if os.name == "nt":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _end_of(log: Path) -> str:
    """The last words of a log, of which the last line mostly names the error."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else "it said nothing"
