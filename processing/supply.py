"""SAIDI, SAIFI and MAIFI of feeders and areas from their interruptions.

An interruption is booked whole to the local period in which it began. K_t are the customers of the feeders in
use in the area; a quarter and a year add up their months. A period has a value when at least one feeder of
the subject has facts in it; its completeness is the share of time in which the feeders' states are known.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from domain.indicators import SubjectKind, Verdict
from domain.periods import Period
from processing.arrays import Instants, Int2s, Int4s
from processing.cells import (
    Block,
    SubjectHours,
    SubjectPeriods,
    Terms,
    distinct_hours,
    merged_spans,
    periods_of,
    row_in,
    sums,
)
from processing.columns import Cells, Note
from processing.context import recipes_of
from processing.grid import from_us
from processing.indicators.recipes import InterruptionRecipe, Interruptions
from processing.judging import Judged, judge
from processing.loading import fetch_columns
from processing.registry import NOWHERE, SiteAreas, load_site_areas
from processing.roll_up import published, stored_parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from processing.columns import Bools, Floats, Ints
    from processing.context import Context
    from processing.interruptions import Feeder

_KNOWN_BY: Final = "availability"
_LONGEST_MAX: Final = 3
_LEVELS: Final = (SubjectKind.SITE, SubjectKind.AREA)


@dataclass(frozen=True, slots=True, eq=False)
class _Events:
    """Interruptions of the feeders, as columns."""

    site_id: Ints
    started_at: Ints
    ended_at: Ints
    customers: Ints
    going_on: Bools


@dataclass(frozen=True, slots=True)
class _Level:
    """Subjects of one kind: which feeders each has."""

    kind: SubjectKind
    feeders: Sequence[Feeder]
    members: SiteAreas

    def subjects_of(self, site_ids: Ints) -> tuple[Ints, Ints]:
        """Return (row, subject) pairs: every subject that the site of each row counts in."""
        if self.kind is SubjectKind.SITE:
            return np.arange(len(site_ids)), site_ids
        return self.members.expand(site_ids)


def touched_sites(
    context: Context, touched: SubjectHours, starts: SubjectHours, feeders: Mapping[int, Feeder]
) -> SubjectHours:
    """Return the feeders' hours that concern their interruptions.

    Args:
        context: of the claim.
        touched: hours of sensors.
        starts: sites and instants at which interruptions appeared, vanished or changed.
        feeders: by the sensor that speaks for each.
    """
    mine = np.isin(touched.subject_id, np.array(list(feeders), np.int64))
    sites = context.registry.places.site_at(touched.subject_id[mine], touched.hour[mine])
    known = sites != NOWHERE
    # What goes on grows with every look at its feeder, wherever it began.
    going_sites, going_starts = fetch_columns(
        context.connection, "select_going_interruptions", {"site_ids": Int4s(np.unique(sites[known]))}
    )
    return distinct_hours(
        np.concatenate((sites[known], starts.subject_id, going_sites)),
        np.concatenate((touched.hour[mine][known], starts.hour, going_starts)),
    )


def supply_blocks(
    context: Context, touched: SubjectHours, feeders: Mapping[int, Feeder], period: Period
) -> Iterator[Block]:
    """Return days or months of feeders and areas that hold the touched hours of feeders."""
    if not len(touched.hour):
        return
    members = load_site_areas(
        context.connection, context.registry.tree, [one.site_id for one in feeders.values()]
    )
    for kind in _LEVELS:
        level = _Level(kind, sorted(feeders.values(), key=lambda one: one.site_id), members)
        row, subject = level.subjects_of(touched.subject_id)
        periods = periods_of(
            distinct_hours(subject, touched.hour[row]),
            period,
            partial(context.time_zone, kind),
        )
        if len(periods.start):
            yield from _level_blocks(context, level, periods, period)


def _level_blocks(
    context: Context, level: _Level, periods: SubjectPeriods, period: Period
) -> Iterator[Block]:
    count = len(periods.start)
    live, window = _known_time(context, level, periods, period)
    events = _load_events(context, level, periods)
    event, subject = level.subjects_of(events.site_id)
    row = row_in(periods, subject, events.started_at[event])
    event, row = event[row >= 0], row[row >= 0]
    order = np.lexsort((events.site_id[event], events.started_at[event], row))
    event, row = event[order], row[order]
    served = _served(level, periods)
    present = window >= 0
    going_on = np.bincount(row, weights=events.going_on[event], minlength=count) > 0
    duration_s = np.maximum(events.ended_at - events.started_at, 0)[event] * 1e-6
    interruptions = Interruptions(duration_s, events.customers[event].astype(np.float64))
    for recipe in recipes_of(InterruptionRecipe):
        if period not in recipe.indicator.periods or level.kind not in recipe.indicator.subject_kinds:
            continue
        each = recipe.terms(interruptions)
        counted = each > 0
        terms = Terms(sums(row, count, each), served, np.maximum(live, 0), np.maximum(window, 0))
        details = _details(level, events, (event[counted], row[counted]), count)
        yield _finished(
            context,
            recipe,
            (level.kind, period),
            _Sums(
                periods,
                terms,
                np.bincount(row[counted], minlength=count),
                np.divide(terms.numerator, served, out=np.full(count, np.nan), where=served > 0),
                context.provisional(periods.end) | going_on,
                details,
            ).chosen(present),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """What a block is made of, row by row."""

    periods: SubjectPeriods
    terms: Terms
    n: Ints
    value: Floats
    provisional: Bools
    details: Sequence[str | None]

    def chosen(self, mask: Bools) -> _Sums:
        """Return the rows where `mask` is true."""
        return _Sums(
            SubjectPeriods(*(column[mask] for column in self.periods)),
            Terms(*(column[mask] for column in self.terms)),
            self.n[mask],
            self.value[mask],
            self.provisional[mask],
            [one for one, kept in zip(self.details, mask.tolist(), strict=True) if kept],
        )


def _known_time(
    context: Context, level: _Level, periods: SubjectPeriods, period: Period
) -> tuple[Floats, Floats]:
    """Return seconds with known state and seconds in view per period; -1 where no feeder has facts."""
    site_ids, row = _sites_in(level, periods)
    sensor_of = {one.site_id: one.sensor_id for one in level.feeders}
    sensors = np.array([sensor_of[site] for site in site_ids.tolist()], np.int64)
    asked = np.unique(np.stack((sensors, periods.start[row])), axis=1)
    sensor_id, _, start, _, live, window, _, _ = fetch_columns(
        context.connection,
        "select_terms",
        {
            "subject_ids": Int4s(asked[0]),
            "starts": Instants(asked[1]),
            "indicator_ids": Int2s(np.array([context.indicator_ids[_KNOWN_BY]], np.int64)),
            "subject_kind": SubjectKind.SENSOR.value,
            "period": period.value,
        },
    )
    site_of = {one.sensor_id: one.site_id for one in level.feeders}
    sites = np.array([site_of[one] for one in sensor_id.tolist()], np.int64)
    value, subject = level.subjects_of(sites)
    cell = row_in(periods, subject, start[value])
    value, cell = value[cell >= 0], cell[cell >= 0]
    order = np.lexsort((sites[value], cell))
    value, cell = value[order], cell[order]
    count = len(periods.start)
    absent = np.bincount(cell, minlength=count) == 0
    return (
        np.where(absent, -1.0, sums(cell, count, live[value])),
        np.where(absent, -1.0, sums(cell, count, window[value])),
    )


def _sites_in(level: _Level, periods: SubjectPeriods) -> tuple[Ints, Ints]:
    """Return (site, row) pairs: every feeder of the subject of each row."""
    sites = np.array([one.site_id for one in level.feeders], np.int64)
    member, subject = level.subjects_of(sites)
    order = np.argsort(subject, kind="stable")
    member, subject = member[order], subject[order]
    first = np.searchsorted(subject, periods.subject_id, side="left")
    counts = np.searchsorted(subject, periods.subject_id, side="right") - first
    row = np.repeat(np.arange(len(periods.start)), counts)
    within = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    return sites[member[first[row] + within]], row


def _served(level: _Level, periods: SubjectPeriods) -> Floats:
    """Return K_t: customers of the feeders in use."""
    customers = {one.site_id: 0 if one.retired else one.customers for one in level.feeders}
    sites, row = _sites_in(level, periods)
    each = np.array([customers[site] for site in sites.tolist()], np.float64)
    return sums(row, len(periods.start), each)


def _load_events(context: Context, level: _Level, periods: SubjectPeriods) -> _Events:
    sites, row = _sites_in(level, periods)
    site_ids, starts, ends = merged_spans(sites, periods.start[row], periods.end[row])
    return _Events(
        *fetch_columns(
            context.connection,
            "select_interruptions",
            {
                "site_ids": Int4s(site_ids),
                "starts": Instants(starts),
                "ends": Instants(ends),
                "now": from_us(context.now),
            },
        )
    )


def _details(level: _Level, events: _Events, counted: tuple[Ints, Ints], count: int) -> list[str | None]:
    """Return for each row how many interruptions there were and the longest few, as JSON."""
    codes = {one.site_id: one.code for one in level.feeders}
    found: list[str | None] = [json.dumps({"interruptions": 0})] * count
    event, row = counted
    duration = events.ended_at[event] - events.started_at[event]
    order = np.lexsort((events.site_id[event], events.started_at[event], -duration, row))
    event, row, duration = event[order], row[order], duration[order]
    rows, first, counts = np.unique(row, return_index=True, return_counts=True)
    for one, begin, number in zip(rows.tolist(), first.tolist(), counts.tolist(), strict=True):
        longest = [
            {
                "site": codes[int(events.site_id[event[k]])],
                "started_at": from_us(int(events.started_at[event[k]])).isoformat(),
                "minutes": round(int(duration[k]) / 60e6, 3),
            }
            for k in range(begin, begin + min(number, _LONGEST_MAX))
        ]
        found[one] = json.dumps({"interruptions": number, "longest": longest})
    return found


def sums_of_months(
    context: Context, touched: SubjectHours, feeders: Mapping[int, Feeder], period: Period
) -> Iterator[Block]:
    """Return the quarters or years that hold the touched hours, each the sum of its months (saved before)."""
    if not len(touched.hour):
        return
    members = load_site_areas(
        context.connection, context.registry.tree, [one.site_id for one in feeders.values()]
    )
    for kind in _LEVELS:
        level = _Level(kind, list(feeders.values()), members)
        row, subject = level.subjects_of(touched.subject_id)
        periods = periods_of(
            distinct_hours(subject, touched.hour[row]), period, partial(context.time_zone, kind)
        )
        recipes = [one for one in recipes_of(InterruptionRecipe) if published(one.indicator, kind, period)]
        if not recipes or not len(periods.start):
            continue
        numbers = [context.indicator_ids[recipe.indicator.code] for recipe in recipes]
        subject_id, indicator_id, start, n, terms = stored_parts(
            context, (kind, Period.MONTH), periods, numbers
        )
        provisional = context.provisional(periods.end) | _going_on(context, level, periods)
        for recipe, number in zip(recipes, numbers, strict=True):
            mine = indicator_id == number
            months = _Months(subject_id[mine], start[mine], n[mine], Terms(*(one[mine] for one in terms)))
            yield _sum_of_months(context, (kind, period), recipe, (periods, provisional), months)


class _Months(NamedTuple):
    """Stored months of one indicator, in no order."""

    subject_id: Ints
    start: Ints
    n: Ints
    terms: Terms


def _sum_of_months(
    context: Context,
    level: tuple[SubjectKind, Period],
    recipe: InterruptionRecipe,
    wanted: tuple[SubjectPeriods, Bools],
    months: _Months,
) -> Block:
    periods, provisional = wanted
    subject_id, start, n, (numerator, served, live, window) = months
    order = np.lexsort((start, subject_id))
    row, count = row_in(periods, subject_id[order], start[order]), len(periods.start)
    order, row = order[row >= 0], row[row >= 0]
    monthly = np.divide(numerator, served, out=np.full(len(served), np.nan), where=served > 0)[order]
    known = np.isfinite(monthly)
    value = np.where(
        np.bincount(row[known], minlength=count) > 0, sums(row[known], count, monthly[known]), np.nan
    )
    terms = Terms(
        value,
        np.ones(count),
        sums(row, count, live[order]),
        sums(row, count, window[order]),
    )
    return _finished(
        context,
        recipe,
        level,
        _Sums(
            periods,
            terms,
            sums(row, count, n[order]).astype(np.int64),
            value,
            provisional,
            [None] * count,
        ).chosen(np.bincount(row, minlength=count) > 0),
    )


def _going_on(context: Context, level: _Level, periods: SubjectPeriods) -> Bools:
    """Return in which periods an interruption began that goes on."""
    events = _load_events(context, level, periods)
    event, subject = level.subjects_of(events.site_id)
    row = row_in(periods, subject, events.started_at[event])
    held = row >= 0
    return np.bincount(row[held], weights=events.going_on[event[held]], minlength=len(periods.start)) > 0


def _finished(
    context: Context, recipe: InterruptionRecipe, key: tuple[SubjectKind, Period], made: _Sums
) -> Block:
    kind, period = key
    terms = made.terms
    completeness = np.minimum(
        np.divide(terms.present, terms.asked, out=np.full(len(made.value), np.nan), where=terms.asked > 0),
        1.0,
    )
    verdicts: Sequence[Verdict | None] = ()
    limits = None
    if kind is SubjectKind.AREA:
        verdicts, limits = judge(
            context.targets,
            context.registry.tree.zones,
            Judged(recipe.indicator.code, period, made.periods, made.value, completeness, made.provisional),
        )
    cells = Cells(
        made.periods.start,
        made.periods.end,
        made.value,
        made.n,
        completeness,
        note=[Note.NO_CUSTOMERS if absent else None for absent in np.isnan(made.value).tolist()],
        limit=limits,
        verdict=verdicts,
    )
    return Block(
        context.indicator_ids[recipe.indicator.code],
        recipe.indicator,
        kind,
        period,
        made.periods.subject_id,
        cells,
        made.provisional,
        terms,
        made.details,
    )
