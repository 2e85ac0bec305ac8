"""Indicators of sites from hourly means, and what the stations of an area say of it.

Of several sensors that measure one quantity at a site, the one with the lowest number that has a valid mean
speaks for the hour. An area's value is the highest among its stations, which is then named, or their mean
with equal weights (`AreaRule`); its completeness is the share of stations with a value among those with a
cell, and n their number.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from domain.indicators import SubjectKind, Verdict
from domain.periods import Period
from processing.arrays import Instants, Int4s
from processing.cells import (
    Block,
    SubjectHours,
    SubjectPeriods,
    distinct_hours,
    merged_spans,
    periods_of,
    row_in,
)
from processing.columns import VALID_SHARE, Cells, Note, SiteHours
from processing.context import recipes_of
from processing.grid import HOUR_US
from processing.indicators.recipes import AreaRule, SiteSeriesRecipe
from processing.judging import Judged, judge
from processing.loading import fetch_columns
from processing.registry import NOWHERE, load_site_areas
from processing.site_means import load_site_means
from store import statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from processing.columns import Floats, Ints
    from processing.context import Context
    from processing.registry import SiteAreas
    from processing.site_means import SiteMeans

# From short to long; the span to load follows from the longest asked for.
_BY_LENGTH: Final = (Period.HOUR, Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR)
# Long periods need months of hours each time, so they wait until an hour is closed.
_LONG: Final = frozenset({Period.MONTH, Period.QUARTER, Period.YEAR})
# A mean of stations that equals the limit but for rounding complies.
_EQUAL_WITHIN: Final = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """One indicator, the periods of sites that are wanted of it, and the spans of hours they read."""

    recipe: SiteSeriesRecipe
    wanted: Mapping[Period, SubjectPeriods]
    spans: tuple[Ints, Ints, Ints]


@dataclass(frozen=True, slots=True, eq=False)
class _Partition:
    """A span of a site, ready to be computed."""

    recipe: SiteSeriesRecipe
    site_id: int
    series: SiteHours
    fact_hours: Ints
    periods: Mapping[Period, SubjectPeriods]


def site_blocks(context: Context, touched: SubjectHours, open_sensors: SubjectHours) -> list[Block]:
    """Return the cells of all site indicators that the touched hours of sensors go into.

    Args:
        context: of the claim.
        touched: hours of sensors.
        open_sensors: those of them that are not closed yet.
    """
    closed = ~np.isin(_packed(touched), _packed(open_sensors))
    kept = SubjectHours(touched.subject_id[closed], touched.hour[closed])
    tasks: list[_Task] = []
    for recipe in recipes_of(SiteSeriesRecipe):
        of_recipe = [one for one in _BY_LENGTH if one in recipe.indicator.periods]
        tasks += _task(context, recipe, touched, [one for one in of_recipe if one not in _LONG])
        tasks += _task(context, recipe, kept, [one for one in of_recipe if one in _LONG])
    # Loaded once for all of them: thirty indicators of a station read the same few series.
    means = load_site_means(context.connection, [(task.recipe.quantities, *task.spans) for task in tasks])
    partitions = [_partitions(context, task, means) for task in tasks]
    computed = iter(context.executor.map(_compute, [one for parts in partitions for one in parts]))
    blocks: list[Block] = []
    for task, parts in zip(tasks, partitions, strict=True):
        cells = [(one.site_id, next(computed)) for one in parts]
        blocks += [
            _block(context, task.recipe, period, [(site, found[period]) for site, found in cells])
            for period in task.wanted
        ]
    return [block for block in blocks if len(block.cells)]


def _packed(hours: SubjectHours) -> Ints:
    return hours.subject_id * (1 << 24) + hours.hour // HOUR_US


def _task(
    context: Context, recipe: SiteSeriesRecipe, touched: SubjectHours, periods: Sequence[Period]
) -> list[_Task]:
    """Return what the touched hours make to be computed of one indicator: one task, or none."""
    sensors = context.registry.sensors
    measuring = np.array(
        [key for key, sensor in sensors.items() if sensor.quantity in recipe.quantities], np.int64
    )
    mine = np.isin(touched.subject_id, measuring)
    if not periods or not mine.any():
        return []
    sites = context.registry.places.site_at(touched.subject_id[mine], touched.hour[mine])
    known = sites != NOWHERE
    reached = _reached(distinct_hours(sites[known], touched.hour[mine][known]), recipe)
    if not len(reached.hour):
        return []
    wanted = {
        period: periods_of(reached, period, lambda one: context.time_zone(SubjectKind.SITE, one))
        for period in periods
    }
    longest = wanted[periods[-1]]
    spans = merged_spans(
        longest.subject_id,
        longest.start - recipe.reach.before * HOUR_US,
        longest.end + recipe.reach.after * HOUR_US,
    )
    return [_Task(recipe, wanted, spans)]


def _reached(touched: SubjectHours, recipe: SiteSeriesRecipe) -> SubjectHours:
    """Return the hours whose cells read a touched hour."""
    steps = np.arange(-recipe.reach.after, recipe.reach.before + 1) * HOUR_US
    return distinct_hours(np.repeat(touched.subject_id, len(steps)), (touched.hour[:, None] + steps).ravel())


def _partitions(context: Context, task: _Task, means: SiteMeans) -> list[_Partition]:
    found: list[_Partition] = []
    for site_id, start, end in zip(*(column.tolist() for column in task.spans), strict=True):
        rows: dict[str, list[tuple[Ints, Floats]]] = {}
        # Backwards, because the last row laid on an hour counts and the lowest number shall.
        for stay in reversed(means.stays.get(site_id, [])):
            if stay.quantity in task.recipe.quantities:
                rows.setdefault(stay.quantity, []).append(means.of(stay, start, end))
        fact_hours = [hours for parts in rows.values() for hours, _ in parts]
        if not fact_hours:
            continue
        laid = {quantity: _finite(parts) for quantity, parts in rows.items()}
        zone = context.time_zone(SubjectKind.SITE, site_id)
        found.append(
            _Partition(
                task.recipe,
                site_id,
                SiteHours.on_grid(start, end, zone, laid),
                np.unique(np.concatenate(fact_hours)),
                {period: _of_subject(periods, site_id) for period, periods in task.wanted.items()},
            )
        )
    return found


def _finite(parts: Sequence[tuple[Ints, Floats]]) -> tuple[Ints, Floats]:
    hours = np.concatenate([hours for hours, _ in parts])
    means = np.concatenate([means for _, means in parts])
    valid = np.isfinite(means)
    return hours[valid], means[valid]


def _of_subject(periods: SubjectPeriods, subject_id: int) -> SubjectPeriods:
    first, last = np.searchsorted(periods.subject_id, [subject_id, subject_id + 1])
    return SubjectPeriods(*(column[first:last] for column in periods))


def _compute(partition: _Partition) -> dict[Period, Cells]:
    """Return the wanted cells of a span: those of its periods that hold at least one fact."""
    cells = partition.recipe.compute(partition.series)
    found: dict[Period, Cells] = {}
    for period, wanted in partition.periods.items():
        of_period = cells[period]
        hours = partition.fact_hours
        held = np.searchsorted(hours, of_period.period_start) < np.searchsorted(hours, of_period.period_end)
        found[period] = of_period.take(held & np.isin(of_period.period_start, wanted.start))
    return found


def _block(
    context: Context, recipe: SiteSeriesRecipe, period: Period, parts: Sequence[tuple[int, Cells]]
) -> Block:
    cells, details = _joined([cells for _, cells in parts])
    subject_ids = np.repeat(
        np.array([site for site, _ in parts], np.int64), [len(cells) for _, cells in parts]
    )
    provisional = context.provisional(cells.period_end)
    if cells.verdict:
        # What is not over is not judged.
        cells = replace(
            cells,
            verdict=[
                None if going_on else verdict
                for verdict, going_on in zip(cells.verdict, provisional.tolist(), strict=True)
            ],
        )
    return Block(
        context.indicator_ids[recipe.indicator.code],
        recipe.indicator,
        SubjectKind.SITE,
        period,
        subject_ids,
        cells,
        provisional,
        None,
        details,
    )


def _joined(parts: Sequence[Cells]) -> tuple[Cells, list[str | None]]:
    """Return the cells of all parts and their details; `columns` become text and are left behind."""

    def texts(name: str) -> list[Any]:
        if not any(getattr(part, name) for part in parts):
            return []
        return [one for part in parts for one in (getattr(part, name) or [None] * len(part))]

    def numbers(name: str) -> Any:  # noqa: ANN401 # float or int arrays alike
        return np.concatenate([getattr(part, name) for part in parts]) if parts else np.empty(0, np.int64)

    limits = [np.full(len(part), np.nan) if part.limit is None else part.limit for part in parts]
    cells = Cells(
        numbers("period_start"),
        numbers("period_end"),
        numbers("value"),
        numbers("n"),
        numbers("completeness"),
        texts("responsible"),
        texts("note"),
        np.concatenate(limits) if limits else None,
        texts("verdict"),
    )
    return cells, [detail for part in parts for detail in part.detail()]


def area_blocks(context: Context, blocks: Iterable[Block]) -> list[Block]:
    """Return what the stations say of their areas, for the periods of `blocks` (saved before)."""
    recipes = {recipe.indicator.code: recipe for recipe in recipes_of(SiteSeriesRecipe)}
    networks: dict[tuple[str, ...], _Network] = {}
    found: list[Block] = []
    for block in blocks:
        if SubjectKind.AREA in block.indicator.subject_kinds:
            recipe = recipes[block.indicator.code]
            quantities = tuple(recipe.quantities)
            if quantities not in networks:
                networks[quantities] = _load_network(context, quantities)
            made = _area_block(context, recipe, block, networks[quantities])
            found += [made] if len(made.cells) else []
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Network:
    """The stations that measure some quantities: their codes by number, and the areas they count in."""

    codes: Mapping[int, str]
    members: SiteAreas


def _load_network(context: Context, quantities: Sequence[str]) -> _Network:
    stations = context.connection.execute(
        statement("processing", "select_measuring_sites"), {"quantities": list(quantities)}
    ).fetchall()
    codes = {row[0]: row[1] for row in stations if row[3]}
    return _Network(codes, load_site_areas(context.connection, context.registry.tree, codes))


def _area_block(context: Context, recipe: SiteSeriesRecipe, block: Block, network: _Network) -> Block:
    codes, members = network.codes, network.members
    periods = _touched_areas(context, block)
    # The same spans for all stations: whoever has values then, has them for the areas that are touched.
    _, starts, ends = merged_spans(np.zeros(len(periods.start), np.int64), periods.start, periods.end)
    site_id, start, value, limit, responsible = fetch_columns(
        context.connection,
        "select_station_values",
        {
            "site_ids": Int4s(np.array(sorted(codes), np.int64)),
            "starts": Instants(starts),
            "ends": Instants(ends),
            "indicator_id": block.indicator_id,
            "period": block.period.value,
        },
    )
    cell, area = members.expand(site_id)
    row = row_in(periods, area, start[cell])
    # An area in another time zone has other days than its station; it has no value then.
    same = (row >= 0) & (periods.start[row] == start[cell])
    cell, row = cell[same], row[same]
    # The worst first, absent ones last, of equals the lowest site number.
    order = np.lexsort((site_id[cell], -np.nan_to_num(value[cell], nan=-np.inf), row))
    cell, row = cell[order], row[order]
    rows, first, counts = np.unique(row, return_index=True, return_counts=True)
    with_value = np.isfinite(value[cell])
    n = np.bincount(row, weights=with_value, minlength=len(periods.start))[rows].astype(np.int64)
    lead = cell[first]
    if recipe.area_rule is AreaRule.MEAN:
        total = np.bincount(row, weights=np.where(with_value, value[cell], 0.0), minlength=len(periods.start))
        joint = np.divide(total[rows], n, out=np.full(len(rows), np.nan), where=n > 0)
    else:
        joint = value[lead]
    kept = SubjectPeriods(*(column[rows] for column in periods))
    names = [codes[site] for site in site_id[lead].tolist()]
    told = [responsible[one] or None for one in lead.tolist()]
    return _judged_block(
        context, recipe, block, kept, (joint, n, n / counts, limit[lead]), list(zip(told, names, strict=True))
    )


def _touched_areas(context: Context, block: Block) -> SubjectPeriods:
    """Return the areas' periods in which the block's sites have cells."""
    row, area = context.registry.site_areas.expand(block.subject_ids)
    if not len(row):
        return SubjectPeriods(*(np.empty(0, np.int64) for _ in range(3)))
    pairs, index = np.unique(np.stack((area, block.cells.period_start[row])), axis=1, return_index=True)
    return SubjectPeriods(pairs[0], pairs[1], block.cells.period_end[row][index])


def _judged_block(
    context: Context,
    recipe: SiteSeriesRecipe,
    block: Block,
    periods: SubjectPeriods,
    numbers: tuple[Floats, Ints, Floats, Floats],
    told: Sequence[tuple[str | None, str]],
) -> Block:
    value, n, completeness, limit = numbers
    provisional = context.provisional(periods.end)
    verdicts, limits = judge(
        context.targets,
        context.registry.tree.zones,
        Judged(recipe.indicator.code, block.period, periods, value, completeness, provisional),
    )
    # A legal limit comes before a target of the city.
    for row in np.flatnonzero(np.isfinite(limit) & ~provisional).tolist():
        limits[row] = limit[row]
        verdicts[row] = judged_by_limit(float(value[row]), float(limit[row]), float(completeness[row]))
    highest = recipe.area_rule is AreaRule.HIGHEST
    cells = Cells(
        periods.start,
        periods.end,
        value,
        n,
        completeness,
        responsible=[responsible for responsible, _ in told] if highest else (),
        note=[Note.INCOMPLETE if absent else None for absent in np.isnan(value).tolist()],
        limit=limits,
        verdict=verdicts,
    )
    details = [
        json.dumps({"station": station}) if highest and known else None
        for (_, station), known in zip(told, np.isfinite(value).tolist(), strict=True)
    ]
    return Block(
        block.indicator_id,
        block.indicator,
        SubjectKind.AREA,
        block.period,
        periods.subject_id,
        cells,
        provisional,
        None,
        details,
    )


def judged_by_limit(value: float, limit: float, completeness: float) -> Verdict:
    """Return the verdict on a value (NaN: none) of an area against a legal limit not to be passed."""
    if np.isnan(value) or completeness < VALID_SHARE:
        return Verdict.NO_EVIDENCE
    return Verdict.MET if value <= limit + _EQUAL_WITHIN else Verdict.NOT_MET
