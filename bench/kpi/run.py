"""The command: make the readings, let every engine compute them in a process of its own, compare, tell."""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import tempfile
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.ingest.machine import conditions
from bench.kpi import database, report, starting
from bench.kpi.measurement import Engine, Results
from bench.kpi.workload import DifferentError, Workload, assert_equal

_FOLDER: Final = Path(__file__).parents[1]
_OURS: Final = ("nhip", "nhip p50 p95 p99", "nhip without quantiles")
_PEERS: Final = ("polars", "polars by family", "duckdb", "pandas")
_ONE_THREAD: Final = frozenset({"pandas"})
_LIBRARIES: Final = ("numpy", "numba", "polars", "duckdb", "pandas")
_QUICK_SENSORS: Final = 200
_SQL_DIVISOR: Final = 10
_SQL_ROUNDS_MAX: Final = 3


class WorkerError(RuntimeError):
    """An engine's process failed."""


def main(arguments: list[str] | None = None) -> int:
    """Measure; return 1 when two engines differ."""
    options = _parser().parse_args(arguments)
    typed = sys.argv[1:] if arguments is None else arguments
    command = shlex.join(["python", "-m", "bench.kpi", *typed])
    rounds = options.rounds or (3 if options.quick else 7)
    sensors = options.sensors or (_QUICK_SENSORS if options.quick else 1_000)
    workload = Workload(sensors, options.interval, options.days, options.seed)
    facts = conditions() | {name: _version(name) for name in _LIBRARIES}
    results = Results()
    try:
        _measure(workload, options, rounds, results)
    except DifferentError as error:
        print(f"no figures: {error}", file=sys.stderr)
        return 1
    facts["load average at the end"] = conditions()["load average"]
    text = report.markdown(workload, results, facts, command)
    print(text)
    if options.json:
        options.json.write_text(json.dumps(results.as_json(), indent=1), "utf-8")
    if options.write:
        report.write_readme(_FOLDER / "README.md", text)
        report.write_chart(_FOLDER / "kpi.svg", results)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.kpi", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a fifth of the sensors, three rounds")
    parser.add_argument("--sensors", type=int, default=0, help="by default 1,000, with --quick 200")
    parser.add_argument("--interval", type=int, default=10, help="seconds between readings")
    parser.add_argument("--days", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=0, help="repetitions; by default 7, with --quick 3")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--no-peers", action="store_true", help="Nhịp only, nothing to compare with")
    parser.add_argument("--no-database", action="store_true", help="without PostgreSQL")
    parser.add_argument("--json", type=Path, default=None, help="write every single measurement to this file")
    parser.add_argument("--write", action="store_true", help="write bench/README.md and bench/kpi.svg")
    return parser


def _measure(workload: Workload, options: argparse.Namespace, rounds: int, results: Results) -> None:
    with tempfile.TemporaryDirectory(prefix="nhip-bench-") as name:
        folder = Path(name)
        columns = workload.columns()
        columns.save(folder)
        (folder / "workload.json").write_text(json.dumps(asdict(workload)), "utf-8")
        for engine in (*_OURS, *(() if options.no_peers else _PEERS)):
            for threads in options.threads:
                if threads == 1 or engine not in _ONE_THREAD:
                    _engine(folder, engine, threads, (len(columns.ts), rounds), results)
        found = _worker(folder, "incremental", 1, rounds)
        results.incremental = found
        _say(f"incremental: {found['late']}")
        results.starts = starting.measured(folder, columns, workload.interval_s, rounds)
        _say(str(results.starts))
    if not options.no_database:
        part = database.part_of(workload, _SQL_DIVISOR)
        results.database = database.measured(part, min(rounds, _SQL_ROUNDS_MAX))
        _say(str(results.database))


def _engine(folder: Path, name: str, threads: int, size: tuple[int, int], results: Results) -> None:
    readings, rounds = size
    try:
        found = _worker(folder, name, threads, rounds)
    except WorkerError as error:
        results.skipped[f"{name}, {threads} threads"] = str(error)
        _say(f"{name}: {error}")
        return
    cells = folder / f"{name}-{threads}.npy"
    if cells.exists():
        assert_equal(f"{name} ({threads} threads)", np.load(cells), np.load(folder / "nhip-1.npy"))
    spent = tuple(found["cpu_s"]), tuple(found["wall_s"])
    one = Engine(name, threads, readings, *spent, found["peak_kib"] / 1024)
    results.engines.append(one)
    _say(f"{name}, {threads} threads: CPU {one.cpu_ms:.1f} ms, wall {one.wall_ms:.1f} ms")


def _worker(folder: Path, name: str, threads: int, rounds: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.kpi.worker", name, str(folder), str(threads), str(rounds)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()
        # Of late readings that leave other bits than a rebuild no figure is told.
        if "DifferentError" in done.stderr:
            raise DifferentError(where=name, what=last[-1])
        raise WorkerError(last[-1] if last else f"ended with {done.returncode}")
    return dict(json.loads(done.stdout))


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)
