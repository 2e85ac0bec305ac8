"""The table and the chart."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from bench.ingest.measurement import Latency, Measurement

_OURS: Final = "nhip"
_C_SUBSCRIBER: Final = "mosquitto_sub QoS 1"
_PSQL: Final = "psql \\copy binary, per 20,000 rows"
_PSQL_WHOLE: Final = "psql \\copy binary, one transaction"
_BEGIN: Final = "<!-- figures: written by `make bench ARGS=--write` -->"
_END: Final = "<!-- end of figures -->"


def line(one: Measurement) -> str:
    """Return one measurement for a terminal."""
    cpu = ", ".join(f"{role} {seconds / one.rows * 1e6:.2f}" for role, seconds in one.cpu_s.items())
    return (
        f"{one.subject}, {one.mode}, {one.readings or '-'}/message: {one.rows_s:,.0f} rows/s"
        f" {one.messages_s:,.0f} messages/s; CPU us/reading: {cpu} {one.note}"
    )


def markdown(
    measurements: Sequence[Measurement],
    latencies: Sequence[Latency],
    skipped: Mapping[str, str],
    facts: Mapping[str, str],
    command: str,
) -> str:
    """Return all tables."""
    parts = [
        "\n".join(f"- {name}: {value}" for name, value in facts.items()) + f"\n- command: `{command}`",
        _points(measurements),
        _ratios(measurements),
        _latencies(latencies),
    ]
    if skipped:
        parts.append("Not measured:\n\n" + "\n".join(f"- {name}: {why}" for name, why in skipped.items()))
    return "\n\n".join(part for part in parts if part)


def _points(measurements: Sequence[Measurement]) -> str:
    lines = [
        "| what | mode | readings/message | rows/s, median (min–max) | messages/s | CPU, µs/reading | note |",
        "|---|---|---|---|---|---|---|",
    ]
    for group in _grouped(measurements):
        first = group[0]
        cpu = " · ".join(
            f"{role} {statistics.median(one.cpu_s[role] / one.rows for one in group) * 1e6:.2f}"
            for role in first.cpu_s
            if all(role in one.cpu_s for one in group)
        )
        size = f"{first.readings:,}" if first.readings else "–"
        messages = _spread([one.messages_s for one in group]) if first.readings else "–"
        notes = "; ".join(sorted({one.note for one in group if one.note}))
        lines.append(
            f"| {first.subject} | {first.mode} | {size} | {_spread([one.rows_s for one in group])}"
            f" | {messages} | {cpu} | {notes} |"
        )
    return "\n".join(lines)


def _ratios(measurements: Sequence[Measurement]) -> str:
    """Compare with the limits of the same round: what slows the machine slows both."""
    lines = [
        "Share of the limit, each ratio within one round, median (min–max):",
        "",
        "| readings/message | mode | of the C subscriber | of psql, 20,000 a transaction | of psql at once |",
        "|---|---|---|---|---|",
    ]
    for group in _grouped(one for one in measurements if one.subject == _OURS):
        first = group[0]
        cells = [
            _shares(group, measurements, _C_SUBSCRIBER, first.mode, first.readings),
            _shares(group, measurements, _PSQL, "file", 0),
            _shares(group, measurements, _PSQL_WHOLE, "file", 0),
        ]
        if any(cell != "–" for cell in cells):
            lines.append(f"| {first.readings:,} | {first.mode} | {' | '.join(cells)} |")
    return "\n".join(lines) if len(lines) > 4 else ""  # noqa: PLR2004 # the heading


def _shares(
    group: Sequence[Measurement], measurements: Sequence[Measurement], subject: str, mode: str, readings: int
) -> str:
    limits = {
        one.round: one.rows_s
        for one in measurements
        if (one.subject, one.mode, one.readings) == (subject, mode, readings)
    }
    shares = [one.rows_s / limits[one.round] * 100 for one in group if one.round in limits]
    return f"{_spread(shares)} %" if shares else "–"


def _latencies(latencies: Sequence[Latency]) -> str:
    if not latencies:
        return ""
    lines = [
        "From publishing to reading back, at half of the median `live` rate:",
        "",
        "| readings a message | load, rows/s | probes | p50, ms | p99, ms | max, ms |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {one.readings:,} | {one.rows_s:,.0f} | {one.probes} | {one.p50_ms:.0f} | {one.p99_ms:.0f}"
        f" | {one.max_ms:.0f} |"
        for one in latencies
    ]
    return "\n".join(lines)


def _grouped(measurements: Iterable[Measurement]) -> list[list[Measurement]]:
    groups: dict[tuple[str, str, int], list[Measurement]] = {}
    for one in measurements:
        groups.setdefault((one.subject, one.mode, one.readings), []).append(one)
    return list(groups.values())


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):,.0f} ({min(values):,.0f}–{max(values):,.0f})"


def write_readme(path: Path, text: str) -> None:
    """Put the figures between the marks of the README."""
    old = path.read_text("utf-8")
    before, _, rest = old.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    path.write_text(f"{before}{_BEGIN}\n\n{text}\n\n{_END}{after}", "utf-8")


def write_chart(path: Path, measurements: Sequence[Measurement]) -> None:
    """Draw rows/s by message size as bars, on a logarithmic scale, and the limits as lines."""
    from matplotlib.figure import Figure  # noqa: PLC0415 # only the group `bench` has it

    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.subplots()
    # Debts to the publisher are the same for all receivers, so the bars are those of `live` runs.
    receivers = {
        group[0].subject: None
        for group in _grouped(measurements)
        if group[0].mode == "live" and not group[0].subject.startswith("mosquitto_sub")
    }
    sizes = sorted({one.readings for one in measurements if one.readings})
    width = 0.8 / max(len(receivers), 1)
    for place, subject in enumerate(receivers):
        medians = [_median(measurements, subject, "live", size) for size in sizes]
        at = [number + (place - (len(receivers) - 1) / 2) * width for number in range(len(sizes))]
        bars = axes.bar(at, [value or 0 for value in medians], width * 0.95, label=subject)
        axes.bar_label(bars, [f"{value:,.0f}" if value else "" for value in medians], fontsize=7)
    limit = [_median(measurements, _C_SUBSCRIBER, "live", size) for size in sizes]
    if any(limit):
        axes.plot(
            range(len(sizes)),
            [value or float("nan") for value in limit],
            "k^--",
            label="limit: C subscriber that stores nothing",
        )
    for subject, style in ((_PSQL, ":"), (_PSQL_WHOLE, "-.")):
        rows_s = _median(measurements, subject, "file", 0)
        if rows_s:
            axes.axhline(rows_s, color="grey", linestyle=style, label=f"limit: {subject}")
    axes.set_yscale("log")
    axes.set_xticks(range(len(sizes)), [f"{size:,}" for size in sizes])
    axes.set_xlabel("readings in a message")
    axes.set_ylabel("rows/s stored")
    axes.legend(fontsize=8, loc="upper left")
    figure.savefig(path, metadata={"Date": None})


def _median(measurements: Sequence[Measurement], subject: str, mode: str, readings: int) -> float | None:
    values = [
        one.rows_s
        for one in measurements
        if (one.subject, one.mode, one.readings) == (subject, mode, readings)
    ]
    return statistics.median(values) if values else None
