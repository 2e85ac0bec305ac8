"""The tables and the chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bench.kpi.measurement import Engine, Results
    from bench.kpi.workload import Workload

_OURS: Final = "nhip"
BEGIN: Final = "<!-- KPI figures: written by `make bench-kpi ARGS=--write` -->"
END: Final = "<!-- end of KPI figures -->"
_WAYS: Final = {
    "sql": "SQL in the database, one statement",
    "sql by family": "SQL in the database, one statement a family",
    "rows": "rows by COPY, kernels, INSERT",
    "packs": "packed hours, kernels, INSERT",
}


def markdown(workload: Workload, results: Results, facts: Mapping[str, str], command: str) -> str:
    """Return all tables."""
    head = "\n".join(f"- {name}: {value}" for name, value in facts.items())
    size = f"{workload.sensors:,} sensors, one reading in {workload.interval_s} s, {workload.days} d"
    parts = [
        f"{head}\n- workload: {size}, seed {workload.seed}\n- command: `{command}`",
        _engines(results),
        _incremental(results.incremental),
        _database(results.database),
        _starts(results),
    ]
    if results.skipped:
        parts.append(
            "Not measured:\n\n" + "\n".join(f"- {name}: {why}" for name, why in results.skipped.items())
        )
    return "\n\n".join(part for part in parts if part)


def _engines(results: Results) -> str:
    first = next(iter(results.engines), None)
    if first is None:
        return ""
    lines = [
        f"All families of {first.readings:,} readings in memory:",
        "",
        "| engine | threads | CPU, ms | CPU, times Nhịp | wall, ms | million readings/s, wall | peak, MiB |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in results.engines:
        rate = one.readings / one.wall_ms / 1e3
        lines.append(
            f"| {one.name} | {one.threads} | {one.cpu_ms:,.1f} | {_times(results, one)} | {one.wall_ms:,.1f}"
            f" | {rate:,.1f} | {one.peak_mib:,.0f} |"
        )
    return "\n".join(lines)


def _times(results: Results, one: Engine) -> str:
    """Compare with our own kernel on one thread: threads save wall time, not work."""
    ours = results.engine(_OURS, 1)
    return f"{one.cpu_ms / ours.cpu_ms:.1f}" if ours is not None else "–"


def _incremental(found: Mapping[str, Any]) -> str:
    if not found:
        return ""
    full_ms = min(found["full"]["cpu_s"]) * 1e3
    lines = [
        f"Late readings, against a rebuild of {found['windows']:,} sensor-hours; equal bits:",
        "",
        "| late in | sensor-hours | made final again | CPU, ms | of a rebuild |",
        "|---|---|---|---|---|",
        f"| rebuild | {found['windows']:,} | {found['windows']:,} | {full_ms:.2f} | 100 % |",
    ]
    for share, one in found["late"].items():
        ms = min(one["cpu_s"]) * 1e3
        lines.append(
            f"| {100 * float(share):g} % | {one['cells']:,} | {one['finalised']:,} | {ms:.2f}"
            f" | {100 * ms / full_ms:.2f} % |"
        )
    days_ms = min(found["days"]["cpu_s"]) * 1e3
    lines.append(f"\nHours merged into days: {days_ms:.2f} ms of CPU.")
    return "\n".join(lines)


def _database(found: Mapping[str, Any]) -> str:
    if not found:
        return ""
    cost = {name: min(a + b for a, b, _ in rounds) for name, rounds in found["ways"].items()}
    lines = [
        f"From {found['readings']:,} readings in PostgreSQL to {found['cells']:,} stored sensor-hours:",
        "",
        "| way | CPU here, ns/reading | of the server | wall, s | one statement takes | one a family takes |",
        "|---|---|---|---|---|---|",
    ]
    for name, rounds in found["ways"].items():
        best = min(rounds, key=lambda spent: spent[0] + spent[1])
        client, server = (seconds / found["readings"] * 1e9 for seconds in best[:2])
        wall_s = min(spent[2] for spent in rounds)
        times = " | ".join(f"{cost[sql] / cost[name]:.1f} times" for sql in ("sql", "sql by family"))
        lines.append(f"| {_WAYS[name]} | {client:,.0f} | {server:,.0f} | {wall_s:.2f} | {times} |")
    return "\n".join(lines)


def _starts(results: Results) -> str:
    if not results.starts:
        return ""
    lines = [
        "One sensor's readings in a fresh process with compiled code in its cache, imports included:",
        "",
        "| what | CPU, s | wall, s |",
        "|---|---|---|",
        *(f"| {one.name} | {one.cpu_s:.2f} | {one.wall_s:.2f} |" for one in results.starts),
    ]
    return "\n".join(lines)


def write_readme(path: Path, text: str) -> None:
    """Put the figures between the marks of the README."""
    old = path.read_text("utf-8")
    before, _, rest = old.partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", "utf-8")


def write_chart(path: Path, results: Results) -> None:
    """Draw the CPU of one thread by engine as bars on a logarithmic scale."""
    from matplotlib.figure import Figure  # noqa: PLC0415 # only the group `bench` has it

    shown: Sequence[Engine] = [one for one in results.engines if one.threads == 1]
    figure = Figure(figsize=(9, 1 + 0.45 * len(shown)), layout="constrained")
    axes = figure.subplots()
    labels = [one.name for one in shown]
    colours = ["C0" if one.name.startswith(_OURS) else "C7" for one in shown]
    bars = axes.barh(labels, [one.cpu_ms for one in shown], color=colours)
    axes.bar_label(bars, [f"{one.cpu_ms:,.0f} ms" for one in shown], fontsize=8, padding=3)
    axes.set_xscale("log")
    axes.margins(x=0.15)
    axes.invert_yaxis()
    readings = shown[0].readings if shown else 0
    axes.set_xlabel(f"CPU for all families of {readings:,} readings, one thread (logarithmic)")
    figure.savefig(path, metadata={"Date": None})
