"""Every executor gives what the plain loop gives, in order, raises the first error, and leaves no process."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from processing.executor import Kind, MissingClusterError, open_executor

DASK = pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None, reason="the extra `cluster` (dask) is not installed"
)
KINDS = [Kind.INLINE, Kind.THREADS, Kind.PROCESSES, pytest.param(Kind.DASK, marks=DASK)]


def square(number: int) -> int:
    """Later partitions end sooner."""
    time.sleep(0.02 if number % 2 == 0 else 0)
    return number * number


def refuse_odd(number: int) -> int:
    if number % 2:
        raise ValueError(number)
    return number


def own_process(_number: int) -> int:
    time.sleep(0.05)
    return os.getpid()


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


@pytest.mark.parametrize("kind", KINDS)
def test_two_workers_give_what_the_loop_gives(kind):
    """Results, order, the first error by partition, work after an error, an empty list, no orphan."""
    before = children()
    executor = open_executor(kind, 2)
    try:
        assert executor.map(square, range(40)) == [k * k for k in range(40)]
        with pytest.raises(ValueError, match=r"^3$"):
            executor.map(refuse_odd, [2, 4, 3, 5, 1])
        assert executor.map(square, []) == []
        stream = executor.stream(square, range(2000))
        assert [next(stream) for _ in range(3)] == [0, 1, 4]
        stream.close()
        assert executor.map(square, [7]) == [49]
        processes = set(executor.map(own_process, range(12)))
        assert (os.getpid() in processes) == (kind in {Kind.INLINE, Kind.THREADS})
    finally:
        executor.close()
    assert {pid for pid in children() - before if "resource_tracker" not in _command(pid)} == set()


def _command(pid: int) -> str:
    try:
        return " ".join(psutil.Process(pid).cmdline())
    except psutil.NoSuchProcess:
        return "resource_tracker"


def test_workers_end_with_a_killed_parent(tmp_path):
    """SIGKILL leaves no time to close anything."""
    script = tmp_path / "parent.py"
    script.write_text(
        "import sys, time\n"
        "from processing.executor import ProcessExecutor\n"
        "from tests.processing.test_executor import own_process\n"
        "if __name__ == '__main__':\n"
        "    executor = ProcessExecutor(2)\n"
        "    print(*set(executor.map(own_process, range(20))), flush=True)\n"
        "    time.sleep(600)\n"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(root)}
    ) as parent:
        workers = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
        assert workers
        parent.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert alive == []


def test_without_dask_the_reason_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingClusterError, match="cluster"):
        open_executor(Kind.DASK, 2)
