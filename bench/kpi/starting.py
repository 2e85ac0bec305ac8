"""How long a fresh process takes to its first useful result, compiled code in its cache."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

import numpy as np

from bench.kpi.measurement import Start

if TYPE_CHECKING:
    from pathlib import Path

    from bench.kpi.workload import Columns

_SECOND_US: Final = 1_000_000
_KERNEL: Final = """
import sys
import numpy as np
from bench.kpi.kernel_engine import as_cells, prepared
from bench.kpi.workload import Columns, Workload
from pathlib import Path
columns = Columns(*(np.load(Path(sys.argv[1]) / f"one_{name}.npy") for name in Columns._fields))
print(as_cells(*prepared(Workload(1, int(sys.argv[2])), columns, 1)())["p95"][0])
"""


def measured(folder: Path, columns: Columns, interval_s: int, rounds: int) -> list[Start]:
    """Return the best of the rounds, of the kernels on arrays and of `nhip compute` on a file."""
    rows = slice(0, int(np.searchsorted(columns.sensor, 1)))
    for name, column in columns._asdict().items():
        np.save(folder / f"one_{name}.npy", column[rows])
    file = folder / "one.csv"
    flags = np.where(columns.good[rows], 1, 4).tolist()
    seconds = (columns.ts[rows] / _SECOND_US).tolist()
    lines = zip(seconds, columns.value[rows].tolist(), flags, strict=True)
    text = "\n".join(f"{ts:.6f},{value},{flag}" for ts, value, flag in lines)
    file.write_text("ts,value,flag\n" + text + "\n", "utf-8")
    compute = "from nhip.cli.main import main; main()"
    commands = {
        "kernels on arrays": [sys.executable, "-c", _KERNEL, str(folder), str(interval_s)],
        "nhip compute kernel.facts on a CSV": [
            *(sys.executable, "-c", compute, "compute", "kernel.facts", str(file)),
            *("--period", "hour", "--json"),
        ],
    }
    return [_best(name, command, rounds) for name, command in commands.items()]


def _best(name: str, command: list[str], rounds: int) -> Start:
    spent: list[tuple[float, float]] = []
    for _ in range(rounds + 1):
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        wall_s, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall_s))
    # The first fills the cache.
    return Start(name, min(cpu_s for cpu_s, _ in spent[1:]), min(wall_s for _, wall_s in spent[1:]))
