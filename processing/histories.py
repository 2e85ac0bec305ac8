"""Indicators judged from the daily values of another over years.

A year is computed from its own days and those of the `years_after` years before it, and from nothing else: so
the same days give the same bits, whatever else a claim holds.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from domain.periods import Period
from processing.arrays import Instants, Int4s
from processing.cells import SubjectHours, SubjectPeriods, children_of, distinct_hours, periods_of
from processing.columns import Cells
from processing.formulas import derived_block
from processing.grid import HOUR_US, period_edges
from processing.indicators.recipes import DailyHistory
from processing.loading import fetch_columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from domain.indicators import SubjectKind
    from processing.cells import Block
    from processing.columns import Ints
    from processing.context import Context
    from processing.indicators.recipes import HistoryRecipe

# At least a year: k of them before the start of a year lie at or before the start of the year k before it.
_YEAR_US: Final = 366 * 24 * HOUR_US
_NEVER: Final = np.iinfo(np.int64).max


class _Spoken(NamedTuple):
    """What one year of a subject came to, and the days of its history that may still change."""

    subject_id: int
    cells: Mapping[Period, Cells]
    open_days: Ints


def history_years(
    context: Context, recipe: HistoryRecipe, kind: SubjectKind, touched: SubjectHours
) -> SubjectPeriods:
    """Return the local years that a change of the touched hours reaches: their own and those after them."""
    zone_of = partial(context.time_zone, kind)
    years = periods_of(touched, Period.YEAR, zone_of)
    reached = [years]
    for _ in range(recipe.years_after):
        # The hour in which a year ends lies in the next one.
        years = periods_of(distinct_hours(years.subject_id, years.end + HOUR_US), Period.YEAR, zone_of)
        reached.append(years)
    everything = SubjectPeriods(*(np.concatenate(column) for column in zip(*reached, strict=True)))
    if not len(everything.start):
        return everything
    inside = everything.start <= context.now
    pairs = np.stack((everything.subject_id[inside], everything.start[inside]))
    _, index = np.unique(pairs, axis=1, return_index=True)
    return SubjectPeriods(*(column[inside][index] for column in everything))


def history_hours(
    context: Context, recipe: HistoryRecipe, kind: SubjectKind, touched: SubjectHours
) -> SubjectHours:
    """Return an hour of every day in the years that a change of the touched hours reaches."""
    years = history_years(context, recipe, kind, touched)
    if not len(years.start):
        return SubjectHours(np.empty(0, np.int64), np.empty(0, np.int64))
    subject_ids, starts = children_of(years, Period.DAY, partial(context.time_zone, kind))
    return distinct_hours(subject_ids, starts + HOUR_US)


def history_blocks(
    context: Context, recipe: HistoryRecipe, touched: Mapping[SubjectKind, SubjectHours]
) -> Iterator[Block]:
    """Return the cells of one indicator in all years that the touched hours reach.

    Args:
        context: of the claim.
        recipe: whose daily input is written by now.
        touched: hours of subjects in which the daily input may have changed.
    """
    for kind in recipe.indicator.subject_kinds:
        hours = touched.get(kind)
        if hours is None or not len(hours.hour):
            continue
        years = history_years(context, recipe, kind, hours)
        if not len(years.start):
            continue
        spoken = list(_years_spoken_of(context, recipe, kind, years))
        for period in Period:
            if period in recipe.indicator.periods:
                block = _block(context, recipe, (kind, period), spoken)
                if block is not None:
                    yield block


def _years_spoken_of(
    context: Context, recipe: HistoryRecipe, kind: SubjectKind, years: SubjectPeriods
) -> Iterator[_Spoken]:
    zones = [context.time_zone(kind, subject) for subject in years.subject_id.tolist()]
    starts = np.array(
        [
            _years_before(start, recipe.years_after, zone)
            for start, zone in zip(years.start.tolist(), zones, strict=True)
        ],
        np.int64,
    )
    number, day, value, provisional = fetch_columns(
        context.connection,
        "select_histories",
        {
            "numbers": Int4s(np.arange(len(starts))),
            "subject_ids": Int4s(years.subject_id),
            "starts": Instants(starts),
            "ends": Instants(years.end),
            "indicator_id": context.indicator_ids.get(recipe.daily_input, -1),
            "subject_kind": kind.value,
        },
    )
    order = np.lexsort((day, number))
    bounds = np.searchsorted(number[order], np.arange(len(starts) + 1))
    for row, (first, end) in enumerate(pairwise(bounds.tolist())):
        mine = order[first:end]
        if not len(mine):
            continue
        computed = recipe.compute(DailyHistory(day[mine], value[mine], zones[row]))
        year_start, year_end = int(years.start[row]), int(years.end[row])
        cells = {
            period: found.take((found.period_start >= year_start) & (found.period_start < year_end))
            for period, found in computed.items()
        }
        yield _Spoken(int(years.subject_id[row]), cells, day[mine][provisional[mine]])


def _years_before(start: int, years: int, time_zone: str) -> int:
    """Return the start of the local year that begins `years` before the one that begins at `start`."""
    edges = period_edges(start - years * _YEAR_US, start + 1, Period.YEAR, time_zone)
    return int(edges[np.searchsorted(edges, start) - years])


def _block(
    context: Context, recipe: HistoryRecipe, level: tuple[SubjectKind, Period], spoken: Sequence[_Spoken]
) -> Block | None:
    """Return the cells of all subjects and years over periods of one length; None without any."""
    period = level[1]
    parts = [(one, one.cells[period]) for one in spoken if period in one.cells and len(one.cells[period])]
    if not parts:
        return None
    cells = _joined([part for _, part in parts])
    subject_ids = np.concatenate([np.full(len(part), one.subject_id) for one, part in parts])
    # A cell is open while a day is that could have gone into it; later days leave it as published.
    going_on = np.concatenate([part.period_end > one.open_days.min(initial=_NEVER) for one, part in parts])
    return derived_block(
        context,
        recipe.indicator,
        level,
        SubjectPeriods(subject_ids, cells.period_start, cells.period_end),
        cells,
        context.provisional(cells.period_end) | going_on,
    )


def _joined(parts: Sequence[Cells]) -> Cells:
    """Return the cells of all parts, one behind the other; one recipe gives the same columns to all."""

    def column(name: str) -> Any:  # noqa: ANN401 # floats or integers, as the column is
        return np.concatenate([getattr(part, name) for part in parts])

    def words(name: str) -> list[Any]:
        return [word for part in parts for word in getattr(part, name) or [None] * len(part)]

    def absent(name: str) -> bool:
        return all(not getattr(part, name) for part in parts)

    limited = all(part.limit is not None for part in parts)
    first = parts[0].columns
    return Cells(
        column("period_start"),
        column("period_end"),
        column("value"),
        column("n"),
        column("completeness"),
        () if absent("responsible") else words("responsible"),
        () if absent("note") else words("note"),
        column("limit") if limited else None,
        () if absent("verdict") else words("verdict"),
        None
        if first is None
        else {
            group: {
                name: np.concatenate([(part.columns or first)[group][name] for part in parts])
                for name in named
            }
            for group, named in first.items()
        },
    )
