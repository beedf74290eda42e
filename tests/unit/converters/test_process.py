"""A framework runs in a process of its own, and however it ends, there is one answer."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from phantomgpu.converters import process
from phantomgpu.converters.environment import CACHE_VARIABLE
from phantomgpu.converters.process import ConversionError, run

FAKE = """
import os, subprocess, sys, time
from phantomgpu.converters.runners.protocol import Refused

def main(task, tell):
    print("words of the framework")
    os.write(1, b"words of its C code\\n")
    tell(0.5, "half")
    {body}
"""


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Runs a framework whose script does what is given."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    runners = tmp_path / "phantomgpu" / "converters" / "runners"
    runners.mkdir(parents=True)
    for name in ("__init__.py", "boot.py", "protocol.py"):
        shutil.copy(process.BOOT.with_name(name), runners)
    monkeypatch.setattr(process, "BOOT", runners / "boot.py")

    def start(body, tell=lambda share, note: None, **how):
        (runners / "fake.py").write_text(FAKE.format(body=body))
        return run(Path(sys.executable), "fake", {"path": "x"}, tell=tell, **how)

    return start


def logs(tmp_path):
    return sorted((tmp_path / "cache" / "logs").iterdir())


def test_its_answer_and_its_progress_come_through_all_that_it_prints(fake, tmp_path):
    told = []

    answer = fake(
        'return {"path": task["path"]}', tell=lambda share, note: told.append((share, note))
    )

    assert answer == {"path": "x"}
    assert told == [(0.5, "half")]
    assert logs(tmp_path) == []


def test_a_refusal_is_what_it_says(fake):
    with pytest.raises(ConversionError, match="holds nothing") as caught:
        fake('raise Refused("the file holds nothing", "give another")')

    assert caught.value.fix == "give another"


def test_an_error_of_the_framework_is_one_line_and_its_log_stays(fake, tmp_path):
    with pytest.raises(ConversionError, match="KeyError: 'conv1'") as caught:
        fake('raise KeyError("conv1")')

    (log,) = logs(tmp_path)
    assert str(log) in caught.value.where
    assert "Traceback" in log.read_text()
    assert "words of its C code" in log.read_text()


def test_a_process_that_breaks_off_is_told_with_its_last_words(fake, tmp_path):
    with pytest.raises(ConversionError, match=r"broke off .* terribly wrong"):
        fake('print("terribly wrong", file=sys.stderr, flush=True); os._exit(139)')

    assert len(logs(tmp_path)) == 1


def test_it_is_stopped_after_its_time_with_all_that_it_started(fake, tmp_path):
    child = tmp_path / "child"
    body = (
        'child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]);'
        f"open({str(child)!r}, 'w').write(str(child.pid)); time.sleep(600)"
    )

    with pytest.raises(ConversionError, match=r"took over 2 s .* stopped") as caught:
        fake(body, time_limit_s=2)

    assert "--time-limit" in caught.value.fix
    assert is_gone(int(child.read_text()))


def test_a_python_that_cannot_start_the_script_is_one_error(fake, tmp_path):
    with pytest.raises(ConversionError, match="broke off"):
        run(Path(sys.executable), "absent", {}, tell=lambda share, note: None)


def test_an_interruption_stops_it_too(fake, tmp_path):
    mark = tmp_path / "pid"

    def interrupt(share, note):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fake(f"open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(600)", tell=interrupt)

    assert not mark.exists() or is_gone(int(mark.read_text()))


def is_gone(pid):
    """Whether a process ends within moments; one that nobody has waited for yet counts as gone."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        state = subprocess.run(
            ["ps", "-o", "state=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        if state.stdout.strip() in ("", "Z"):
            return True
        time.sleep(0.05)
    return False
