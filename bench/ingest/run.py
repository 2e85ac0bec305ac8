"""The command: run the rounds, print what comes, write the table and the chart."""

from __future__ import annotations

import argparse
import json
import shlex
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.ingest import endtoend, report
from bench.ingest.client_programs import MissingProgramError, find_subscriber
from bench.ingest.limits import CSubscriber, PsqlCopy
from bench.ingest.machine import conditions
from bench.ingest.peers import peer_runs
from bench.ingest.rig import BenchmarkError, Rig
from bench.ingest.steps import steps
from bench.ingest.workload import Workload

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.ingest.measurement import Latency, Measurement

# About five to ten seconds each; readings in a message -> messages.
_MESSAGES: Final = {1: 150_000, 10: 80_000, 100: 20_000, 1_000: 2_500}
_QUICK_DIVISOR: Final = 4
_FOLDER: Final = Path(__file__).parents[1]
_PEER_DIVISOR: Final = 3
_COPY_READINGS: Final = 100
_LATENCY_S: Final = 10.0
_LATENCY_SHARE: Final = 0.5
_BACK_S: Final = 7_200


@dataclass(slots=True)
class Results:
    """All that was measured."""

    measurements: list[Measurement]
    latencies: list[Latency]
    skipped: dict[str, str]

    def add(self, name: str, measure: Callable[[], Measurement | list[Measurement]]) -> None:
        """Run one measurement, print it and keep it; one that fails is named and passed over."""
        try:
            found = measure()
        except (BenchmarkError, MissingProgramError) as error:
            self.skipped[name] = str(error)
            print(f"  {name}: {error}", file=sys.stderr, flush=True)
            return
        for one in found if isinstance(found, list) else [found]:
            self.measurements.append(one)
            print(f"  {report.line(one)}", file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Measure; return 1 when one of our own runs failed."""
    options = _parser().parse_args(arguments)
    rounds = options.rounds or (1 if options.quick else 3)
    command = shlex.join(
        ["python", "-m", "bench.ingest", *(sys.argv[1:] if arguments is None else arguments)]
    )
    results = Results([], [], {})
    with tempfile.TemporaryDirectory(prefix="nhip-bench-", dir=options.folder) as folder:
        path = Path(folder)
        path.chmod(0o711)  # the servers run as another user when we are root
        rig = Rig(path, gateways=options.gateways, sensors=options.sensors, connections=options.connections)
        with rig.running():
            facts = conditions() | rig.versions() | rig.check_durability()
            print(json.dumps(facts), file=sys.stderr)
            for number in range(1, rounds + 1):
                print(f"round {number} of {rounds}", file=sys.stderr, flush=True)
                _round(rig, options, results, number)
            if not options.no_latency:
                _latencies(rig, options, results)
            if not options.no_peers:
                _peers(rig, options, results, rounds)
            facts |= {"load average at the end": conditions()["load average"]}
    text = report.markdown(results.measurements, results.latencies, results.skipped, facts, command)
    print(text)
    if options.json:
        documents = [one.as_json() for one in results.measurements]
        options.json.write_text(json.dumps(documents, indent=1), "utf-8")
    if options.write:
        report.write_readme(_FOLDER / "README.md", text)
        report.write_chart(_FOLDER / "ingest.svg", results.measurements)
    return int(any(name.startswith("nhip") for name in results.skipped))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.ingest", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round with a quarter of the messages")
    parser.add_argument("--rounds", type=int, default=0, help="repetitions; by default 3, with --quick 1")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(_MESSAGES), help="readings in a message")
    parser.add_argument("--scale", type=float, default=1.0, help="times the usual number of messages")
    parser.add_argument("--gateways", type=int, default=100)
    parser.add_argument("--sensors", type=int, default=1_000, help="of all gateways together")
    parser.add_argument("--connections", type=int, default=8, help="of the publisher")
    parser.add_argument(
        "--set", nargs="*", default=[], metavar="NAME=VALUE", help="ingester settings, e.g. writers=1"
    )
    parser.add_argument("--no-limits", action="store_true")
    parser.add_argument("--no-steps", action="store_true")
    parser.add_argument("--no-latency", action="store_true")
    parser.add_argument("--no-peers", action="store_true", help="Nhịp and the limits only")
    parser.add_argument("--folder", type=Path, default=None, help="where the temporary data folder is made")
    parser.add_argument("--json", type=Path, default=None, help="write every single measurement to this file")
    parser.add_argument("--write", action="store_true", help="write bench/README.md and bench/ingest.svg")
    return parser


def _workload(options: argparse.Namespace, readings: int, messages: int = 0) -> Workload:
    divisor = _QUICK_DIVISOR if options.quick else 1
    usual = _MESSAGES.get(readings) or max(2_000_000 // readings, 100)
    messages = messages or max(int(usual * options.scale / divisor), options.gateways)
    # The same hour for all runs of one command: encoded once, and the same partitions for everybody.
    first_s = int(_STARTED_S) // 3_600 * 3_600 - _BACK_S
    return Workload(readings, messages, options.gateways, options.sensors, first_s)


_STARTED_S: Final = time.time()


def _round(rig: Rig, options: argparse.Namespace, results: Results, number: int) -> None:
    settings = dict(item.split("=", 1) for item in options.set)
    for readings in options.sizes:
        workload = _workload(options, readings)
        results.add(f"nhip live {readings}", partial(endtoend.live, rig, workload, number, **settings))
        results.add(f"nhip backlog {readings}", partial(endtoend.backlog, rig, workload, number, **settings))
        if not options.no_limits:
            _subscriber_limits(rig, results, workload, number)
        if not options.no_steps:
            results.add(f"steps {readings}", partial(steps, rig, workload, number))
    if options.no_limits:
        return
    copy = PsqlCopy(rig)
    workload = _workload(options, _COPY_READINGS)
    for binary in (True, False):
        for whole in (True, False):
            run = partial(copy.measure, workload, number, binary=binary, whole=whole)
            results.add(f"psql binary={binary} whole={whole}", run)


def _subscriber_limits(rig: Rig, results: Results, workload: Workload, number: int) -> None:
    try:
        subscriber = CSubscriber(rig, find_subscriber())
    except MissingProgramError as error:
        results.skipped["mosquitto_sub"] = str(error)
        return
    size = workload.readings
    for qos in (1, 0):
        results.add(f"mosquitto_sub QoS {qos} live {size}", partial(subscriber.live, workload, number, qos))
    results.add(f"mosquitto_sub backlog {size}", partial(subscriber.backlog, workload, number))


def _latencies(rig: Rig, options: argparse.Namespace, results: Results) -> None:
    for readings in options.sizes:
        rates = [
            one.rows_s
            for one in results.measurements
            if (one.subject, one.mode, one.readings) == ("nhip", "live", readings)
        ]
        if not rates:
            continue
        rows_s = statistics.median(rates) * _LATENCY_SHARE
        workload = _workload(options, readings, max(int(rows_s * _LATENCY_S / readings), options.gateways))
        try:
            found = endtoend.latency(rig, workload, rows_s)
        except BenchmarkError as error:
            results.skipped[f"nhip latency {readings}"] = str(error)
            continue
        results.latencies.append(found)
        print(f"  {found}", file=sys.stderr, flush=True)


def _peers(rig: Rig, options: argparse.Namespace, results: Results, rounds: int) -> None:
    for readings in options.sizes:
        whole = _workload(options, readings)
        # They take longer; a rate does not need as many.
        workload = replace(whole, messages=max(whole.messages // _PEER_DIVISOR, options.gateways))
        for number in range(1, rounds + 1):
            for name, run in peer_runs(rig, workload, number).items():
                if name not in results.skipped:
                    results.add(name, run)
