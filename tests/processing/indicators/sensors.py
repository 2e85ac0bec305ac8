"""Readings of one sensor laid on UTC hours, and the cells that a recipe makes of them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from domain.periods import Period, period_end
from processing.columns import NO_INSTANT
from processing.grid import HOUR_US, to_us
from processing.indicators.recipes import (
    Finished,
    Pooled,
    ReadingsRecipe,
    SensorWindows,
    Sketch,
    WindowTerms,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HANOI = "Asia/Ho_Chi_Minh"
MINUTE_US = 60_000_000


def at(local: str, zone: str = HANOI) -> int:
    """Return a local time as microseconds UTC."""
    return to_us(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)))


def parameters(recipe: ReadingsRecipe, given: Mapping[str, float] | None = None) -> dict[str, float]:
    assert set(given or {}) <= {one.name for one in recipe.parameters}
    return {one.name: one.default for one in recipe.parameters} | dict(given or {})


def hours(
    readings: Sequence[tuple[str, float]],
    start: str,
    end: str,
    recipe: ReadingsRecipe,
    given: Mapping[str, float] | None = None,
    *,
    interval_min: float = 60,
    gaps: float = 3,
    zone: str = HANOI,
    until: str | None = None,
    quantity: str = "",
) -> SensorWindows:
    """Lay (local time, value) on the UTC hours of [start, end); readings before make the carry."""
    first, last = at(start, zone), at(end, zone)
    rows = sorted((at(time, zone), value) for time, value in readings)
    before = [row for row in rows if row[0] < first]
    rows = [row for row in rows if row[0] >= first]
    edges = np.arange(first - first % HOUR_US, last, HOUR_US, dtype=np.int64)
    return SensorWindows(
        ts=np.array([row[0] for row in rows], np.int64),
        value=np.array([row[1] for row in rows], np.float64),
        carry_ts=before[-1][0] if before else NO_INSTANT,
        carry_value=before[-1][1] if before else np.nan,
        start=np.maximum(edges, first),
        end=np.minimum(edges + HOUR_US, last),
        interval_us=int(interval_min * MINUTE_US),
        max_gap_us=int(gaps * interval_min * MINUTE_US),
        until=at(until, zone) if until else last,
        time_zone=zone,
        parameters=parameters(recipe, given),
        quantity=quantity,
    )


def one_by_one(recipe: ReadingsRecipe, windows: SensorWindows) -> list[WindowTerms]:
    """Return the terms of each window computed alone, with nothing but the carry from before it."""
    found = []
    for k in range(len(windows.start)):
        start, end = windows.start[k], windows.end[k]
        first, last = np.searchsorted(windows.ts, (start, end)).tolist()
        found.append(
            recipe.terms(
                SensorWindows(
                    ts=windows.ts[first:last],
                    value=windows.value[first:last],
                    carry_ts=int(windows.ts[first - 1]) if first else windows.carry_ts,
                    carry_value=float(windows.value[first - 1]) if first else windows.carry_value,
                    start=windows.start[k : k + 1],
                    end=windows.end[k : k + 1],
                    interval_us=windows.interval_us,
                    max_gap_us=windows.max_gap_us,
                    until=windows.until,
                    time_zone=windows.time_zone,
                    parameters=windows.parameters,
                    quantity=windows.quantity,
                )
            )
        )
    return found


def added(terms: Sequence[WindowTerms]) -> WindowTerms:
    """Add up all windows of all terms to one row, the plain way."""
    counts: dict[int, int] = {}
    for one in terms:
        if one.sketch is not None:
            for bucket, count in zip(one.sketch.bucket.tolist(), one.sketch.count.tolist(), strict=True):
                counts[bucket] = counts.get(bucket, 0) + count
    buckets = sorted(counts)
    return WindowTerms(
        sums=sum(one.sums.sum(axis=0) for one in terms)[np.newaxis, :],
        present=np.array([sum(one.present.sum() for one in terms)]),
        asked=np.array([sum(one.asked.sum() for one in terms)]),
        n=np.array([sum(int(one.n.sum()) for one in terms)]),
        sketch=Sketch(
            np.zeros(len(buckets), np.int64),
            np.array(buckets, np.int64),
            np.array([counts[bucket] for bucket in buckets], np.int64),
        ),
    )


def pooled(
    terms: WindowTerms,
    recipe: ReadingsRecipe,
    period: Period,
    start: str,
    given: Mapping[str, float] | None = None,
    zone: str = HANOI,
) -> Pooled:
    begin = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone))
    return Pooled(
        terms=terms,
        period=period,
        period_start=np.array([to_us(begin)]),
        period_end=np.array([to_us(period_end(begin, period))]),
        time_zone=zone,
        parameters=parameters(recipe, given),
    )


def finished(
    recipe: ReadingsRecipe,
    sensors: Sequence[SensorWindows],
    period: Period,
    start: str,
    given: Mapping[str, float] | None = None,
) -> tuple[Finished, WindowTerms]:
    """Return the cell of several sensors' windows and its terms; windows in one go and alone agree."""
    whole = added([recipe.terms(one) for one in sensors])
    alone = added([terms for one in sensors for terms in one_by_one(recipe, one)])
    for left, right in ((whole.sums, alone.sums), (whole.present, alone.present), (whole.asked, alone.asked)):
        np.testing.assert_allclose(left, right, rtol=1e-12)
    assert whole.n.tolist() == alone.n.tolist()
    assert whole.sketch is not None
    assert alone.sketch is not None
    assert whole.sketch.bucket.tolist() == alone.sketch.bucket.tolist()
    assert whole.sketch.count.tolist() == alone.sketch.count.tolist()
    return recipe.finish(pooled(whole, recipe, period, start, given, sensors[0].time_zone)), whole
