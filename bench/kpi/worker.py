"""One engine in a process of its own: `python -m bench.kpi.worker NAME FOLDER THREADS ROUNDS`.

The folder holds the readings as arrays; the engine takes them into its own format, which is not counted, and
computes as often as asked. What it found is written to the folder, what it took is printed as JSON.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bench.kpi import incremental, kernel_engine, peer_engines
from bench.kpi.workload import Columns, Workload

if TYPE_CHECKING:
    from collections.abc import Callable

_THREE: Final = (0.5, 0.95, 0.99)
_KERNELS: Final = {"nhip": kernel_engine.P95, "nhip p50 p95 p99": _THREE, "nhip without quantiles": ()}
_PEERS: Final = {
    "polars": peer_engines.polars_engine,
    "polars by family": partial(peer_engines.polars_engine, by_family=True),
    "duckdb": peer_engines.duckdb_engine,
    "pandas": peer_engines.pandas_engine,
}


def timed(run: Callable[[], Any], rounds: int) -> tuple[Any, dict[str, list[float]]]:
    """Run once unmeasured (plans, compiled code, pages) and then some rounds; return what the last gave."""
    found = run()
    spent: dict[str, list[float]] = {"cpu_s": [], "wall_s": []}
    gc.collect()
    gc.disable()
    for _ in range(rounds):
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        found = run()
        spent["cpu_s"].append(time.process_time() - cpu_s)
        spent["wall_s"].append(time.perf_counter() - wall_s)
    gc.enable()
    return found, spent


def _peak_kib() -> int:
    """Return the most memory that this program had; getrusage would count what started it as well."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def main() -> None:
    name, folder, threads, rounds = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    workload = Workload(**json.loads((folder / "workload.json").read_text("utf-8")))
    columns = Columns.load(folder)
    if name == "incremental":
        print(json.dumps(incremental.measured(workload, columns, partial(timed, rounds=rounds))))
        return
    if name in _KERNELS:
        run = kernel_engine.prepared(workload, columns, threads, _KERNELS[name])
    else:
        run = _PEERS[name](workload, columns, threads)
    found, spent = timed(run, rounds)
    if name == "nhip":
        found = kernel_engine.as_cells(*found)
    if isinstance(found, np.ndarray):
        np.save(folder / f"{name}-{threads}.npy", found)
    print(json.dumps({**spent, "peak_kib": _peak_kib()}))


if __name__ == "__main__":
    main()
