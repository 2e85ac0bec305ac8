"""The mean of a period from values of shorter ones, under a rule of completeness."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from domain.periods import Period
from processing.columns import Note
from processing.compute.calls import Call, Row
from processing.compute.errors import ParameterError
from processing.grid import period_edges

if TYPE_CHECKING:
    from processing.columns import Floats, Ints

_NAN = float("nan")
_QUARTERS_A_YEAR: Final = 4
# rule -> (missing values allowed, of which in a row): WMO-TD No. 1188, and WMO-No. 1203 (2017), where 11 and
# 5 in a row are too many.
_MISSING: Final = {"wmo": (5, 3), "wmo_1203": (10, 4)}


class Slots(NamedTuple):
    """What a period holds.

    Attributes:
        mean: of its slots' means; NaN without any.
        held: slots with a value.
        expected: slots of the period.
        in_a_row: most slots without a value in a row.
    """

    mean: float
    held: int
    expected: int
    in_a_row: int


def period_mean(call: Call) -> list[Row]:
    """Return the mean of each period, none where its rule of completeness is not met."""
    ts, value = call.readings
    seconds = call.parameters.number("interval_s")
    interval = call.interval_us if seconds is None else max(1, round(seconds * 1e6))
    if call.parameters.text("label") == "end":
        ts = ts - interval
    rule = call.parameters.text("rule") or "share"
    if rule == "quarters" and call.period is not Period.YEAR:
        raise ParameterError("rule", rule, "--period year: the mean of quarterly means")
    rows: list[Row] = []
    for start, end in _edges(call, ts, interval):
        slots = _slots(ts, value, (start, end), interval)
        mean = _quarterly(call, ts, value, (start, end), interval) if rule == "quarters" else slots.mean
        enough = rule == "quarters" or _enough(call, rule, slots)
        detail = {
            "mean_of_all": slots.mean,
            "values": slots.held,
            "expected": slots.expected,
            "missing": slots.expected - slots.held,
            "missing_in_a_row": slots.in_a_row,
        }
        rows.append(
            Row(
                mean if enough else _NAN,
                slots.held,
                start,
                end,
                completeness=slots.held / slots.expected if slots.expected else _NAN,
                note=Note.INCOMPLETE if slots.held else Note.NO_DATA,
                detail=detail,
            )
        )
    return rows


def _edges(call: Call, ts: Ints, interval: int) -> list[tuple[int, int]]:
    """Return the periods: whole ones, the typed window, or the extent of the values."""
    if not len(ts):
        return []
    if call.period is not None:
        edges = period_edges(int(ts[0]), int(ts[-1]) + 1, call.period, call.zone.key).tolist()
        return list(pairwise(edges))
    if call.windowed:
        return [(int(call.start[0]), int(call.end[0]))]
    return [(int(ts[0]), int(ts[-1]) + interval)]


def _slots(ts: Ints, value: Floats, span: tuple[int, int], interval: int) -> Slots:
    start, end = span
    # Rounded, because a local day may have 23 or 25 hours.
    expected = max(1, round((end - start) / interval))
    first, last = np.searchsorted(ts, [start, end], side="left")
    if last <= first:
        return Slots(_NAN, 0, expected, expected)
    slot = np.minimum((ts[first:last] - start) // interval, expected - 1)
    total = np.bincount(slot, weights=value[first:last], minlength=expected)
    count = np.bincount(slot, minlength=expected)
    held = np.flatnonzero(count)
    gaps = np.diff(np.concatenate(([-1], held, [expected]))) - 1
    return Slots(float(np.mean(total[held] / count[held])), len(held), expected, int(gaps.max()))


def _enough(call: Call, rule: str, slots: Slots) -> bool:
    if rule == "share":
        return slots.held > 0 and slots.held >= call.parameters.needed("share") * slots.expected
    missing, in_a_row = _MISSING[rule]
    return slots.held > 0 and slots.expected - slots.held <= missing and slots.in_a_row <= in_a_row


def _quarterly(call: Call, ts: Ints, value: Floats, year: tuple[int, int], interval: int) -> float:
    """Return the mean of the year's quarterly means, NaN unless each has its share of values."""
    edges = period_edges(*year, Period.QUARTER, call.zone.key).tolist()
    quarters = [_slots(ts, value, (start, end), interval) for start, end in pairwise(edges)]
    complete = [one.mean for one in quarters if _enough(call, "share", one)]
    return float(np.mean(complete)) if len(complete) == _QUARTERS_A_YEAR else _NAN
