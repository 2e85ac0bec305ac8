"""Interruptions of supply from the states that feeders report.

A good reading 0 opens an interruption at its own instant, the next good reading 1 ends it. Silence is
neither: the state is unknown, and the interruption goes on only because nobody said that it ended. Late
readings may split, merge or move interruptions, so those around the changed hours are derived anew, to the
first later reading that says "on": nothing after it can have changed. What an operator wrote on an
interruption stays as long as its start does; interruptions entered by hand are never touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from processing.arrays import Instants, Int4s
from processing.cells import SubjectHours
from processing.columns import NO_INSTANT
from processing.grid import HOUR_US, hour_floor, to_us
from processing.loading import fetch_columns, load_readings
from processing.spans import Run
from processing.work import Work
from store import statement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from processing.columns import Floats, Ints
    from processing.context import Context

QUANTITY: Final = "supply_state"
_ON: Final = 0.5
_NEVER: Final = np.iinfo(np.int64).max // 2


@dataclass(frozen=True, slots=True)
class Feeder:
    """A feeder site, the sensor that speaks for it, and the customers behind it."""

    site_id: int
    code: str
    sensor_id: int
    customers: int
    retired: bool


@dataclass(frozen=True, slots=True)
class _Span:
    """Hours in which interruptions are derived anew.

    Attributes:
        first: first changed hour.
        last: last changed hour.
        end: end of the first later hour that holds an "on"; `_NEVER` for none.
        off_since: start of the interruption that holds `first`; `NO_INSTANT` when it was on or unknown.
    """

    first: int
    last: int
    end: int
    off_since: int


def load_feeders(context: Context) -> dict[int, Feeder]:
    """Return the feeders by the sensor that speaks for each: of several, the lowest number."""
    rows = context.connection.execute(
        statement("processing", "select_measuring_sites"), {"quantities": [QUANTITY]}
    ).fetchall()
    return {
        sensor_id: Feeder(site_id, code, sensor_id, customers, retired)
        for site_id, code, customers, _, retired, sensor_id in rows
    }


def derived(ts: Ints, value: Floats, off_since: int, until: int) -> tuple[list[tuple[int, int]], int]:
    """Return the interruptions (start, end) that good readings show, and from when on nothing changed.

    Args:
        ts: shape (r,), ascending.
        value: shape (r,), 0 off, 1 on.
        off_since: start of the interruption that the first reading falls into; `NO_INSTANT` for none.
        until: the first "on" at or after this instant ends the derivation.

    Returns:
        Interruptions in order, the end `NO_INSTANT` for one that goes on; and that first "on", or `_NEVER`.
    """
    found: list[tuple[int, int]] = []
    start = off_since
    for instant, on in zip(ts.tolist(), (value >= _ON).tolist(), strict=True):
        if not on:
            start = instant if start == NO_INSTANT else start
            continue
        if start != NO_INSTANT:
            found.append((start, instant))
            start = NO_INSTANT
        if instant >= until:
            return found, instant
    if start != NO_INSTANT:
        found.append((start, NO_INSTANT))
    return found, _NEVER


def update(context: Context, works: Sequence[Work], feeders: Mapping[int, Feeder]) -> SubjectHours:
    """Derive the interruptions around the dirty hours anew; return sites and instants of starts that changed.

    Args:
        context: of the claim, after its facts were saved.
        works: the claim's work, by sensor.
        feeders: by the sensor that speaks for each.
    """
    mine = [work for work in works if work.sensor.id in feeders]
    if not mine:
        return SubjectHours(np.empty(0, np.int64), np.empty(0, np.int64))
    spans = _spans(context, mine)
    asked = [
        Work(work.sensor, None, tuple(Run(one.first, one.end - HOUR_US) for one in spans[work.sensor.id]))
        for work in mine
    ]
    changed: list[tuple[int, int, int]] = []
    rows: list[tuple[int, int, int, int, int]] = []
    for work, readings in zip(asked, load_readings(context.connection, asked), strict=True):
        feeder = feeders[work.sensor.id]
        ts, value = readings.ts[readings.good], readings.value[readings.good]
        for span in spans[work.sensor.id]:
            first, last = np.searchsorted(ts, [span.first, span.end])
            found, settled = derived(ts[first:last], value[first:last], span.off_since, span.last + HOUR_US)
            start = span.first if span.off_since == NO_INSTANT else span.off_since
            changed.append((feeder.sensor_id, start, settled))
            rows += [(feeder.sensor_id, feeder.site_id, *one, feeder.customers) for one in found]
    return _apply(context, changed, rows)


def _spans(context: Context, works: Sequence[Work]) -> dict[int, list[_Span]]:
    """Return for each sensor the spans to derive, disjoint and in order."""
    owners = [(work.sensor.id, run) for work in works for run in work.runs]
    rows = context.connection.execute(
        statement("processing", "select_supply_spans"),
        {
            "sensor_ids": Int4s(np.array([owner for owner, _ in owners], np.int64)),
            "first_hours": Instants(np.array([run.first for _, run in owners], np.int64)),
            "last_hours": Instants(np.array([run.last for _, run in owners], np.int64)),
        },
    ).fetchall()
    latest = hour_floor(context.now) + 2 * HOUR_US
    found: dict[int, list[_Span]] = {}
    for (sensor_id, run), (_, known_at, state, next_on, started_at) in zip(owners, rows, strict=True):
        off_since = NO_INSTANT
        if known_at is not None and state < _ON:
            off_since = to_us(known_at if started_at is None else started_at)
        end = max(latest, run.last + HOUR_US) if next_on is None else to_us(next_on) + HOUR_US
        span = _Span(run.first, run.last, end, off_since)
        before = found.setdefault(sensor_id, [])
        if before and before[-1].end > span.first:
            # No "on" lies between the two runs' hours, so they hang together.
            joined = before.pop()
            span = _Span(joined.first, span.last, max(joined.end, span.end), joined.off_since)
        before.append(span)
    return found


def _apply(
    context: Context, changed: Sequence[tuple[int, int, int]], rows: Sequence[tuple[int, int, int, int, int]]
) -> SubjectHours:
    spans = np.array(changed, np.int64).reshape(-1, 3)
    fresh = np.array(rows, np.int64).reshape(-1, 5)
    site_id, started_at = fetch_columns(
        context.connection,
        "apply_interruptions",
        {
            "span_sensor_ids": Int4s(spans[:, 0]),
            "starts": Instants(spans[:, 1]),
            "ends": Instants(spans[:, 2]),
            "sensor_ids": Int4s(fresh[:, 0]),
            "site_ids": Int4s(fresh[:, 1]),
            "started": Instants(fresh[:, 2]),
            "ended": Instants(fresh[:, 3]),
            "customers": Int4s(fresh[:, 4]),
        },
    )
    return SubjectHours(site_id, started_at)
