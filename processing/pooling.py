"""Indicators of raw readings: from the terms of sensors' hours to longer periods, sites and areas.

Terms are kept with the values, so a day adds up hours, a month days, a quarter and a year months; a site or
an area adds up the hours of the sensors that stood there when each hour began. Everything is added in one
order (time, then sensor), so that a late correction and a rebuild from nothing give the same bits.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import SubjectKind
from domain.periods import Period
from processing.cells import (
    SubjectHours,
    SubjectPeriods,
    distinct_hours,
    periods_of,
    row_in,
)
from processing.context import recipes_of
from processing.finishing import finished_block
from processing.grid import HOUR_US
from processing.indicators.recipes import AreaRule, ReadingsRecipe
from processing.registry import NOWHERE, SiteAreas, load_places, load_site_areas
from processing.roll_up import SHORTER, needed
from processing.speaking import load_values, spoken_block
from processing.stored_terms import StoredTerms, load_hours, load_parts
from processing.terms import added, rows_of, stacked, taken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from processing.cells import Block
    from processing.columns import Ints
    from processing.context import Context
    from processing.hour_terms import HourTerms

_LONGER: Final = (Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR)


def recipes_by_quantity() -> dict[str, list[ReadingsRecipe]]:
    """Return quantity -> recipes that read it, in the order of their codes."""
    found: dict[str, list[ReadingsRecipe]] = {}
    for recipe in recipes_of(ReadingsRecipe):
        for quantity in recipe.quantities:
            found.setdefault(quantity, []).append(recipe)
    return found


def hour_blocks(context: Context, found: list[HourTerms], kept: SubjectHours) -> list[Block]:
    """Return the sensors' hours as they were computed, one block per recipe.

    Args:
        context: of the claim.
        found: terms by recipe and sensor.
        kept: hours of sensors whose facts were accepted.
    """
    by_code: dict[str, list[HourTerms]] = {}
    for one in found:
        by_code.setdefault(one.code, []).append(one)
    allowed = _packed(kept)
    blocks: list[Block] = []
    for recipe in recipes_of(ReadingsRecipe):
        parts = by_code.get(recipe.indicator.code)
        if parts is None:
            continue
        hours = np.concatenate([part.hours for part in parts])
        sensor_ids = np.repeat(
            np.array([part.sensor_id for part in parts], np.int64), [len(part.hours) for part in parts]
        )
        rows = np.flatnonzero(np.isin(_packed(SubjectHours(sensor_ids, hours)), allowed))
        if len(rows):
            periods = SubjectPeriods(sensor_ids[rows], hours[rows], hours[rows] + HOUR_US)
            terms = taken(stacked([part.terms for part in parts]), rows)
            blocks.append(finished_block(context, recipe, (SubjectKind.SENSOR, Period.HOUR), periods, terms))
    return blocks


def _packed(hours: SubjectHours) -> Ints:
    return hours.subject_id * (1 << 24) + hours.hour // HOUR_US


def sensor_blocks(context: Context, touched: SubjectHours) -> Iterator[list[Block]]:
    """Yield the longer periods of sensors that hold the touched hours; each must be saved before the next."""
    mine = _by_recipe(context, touched)
    for period in _LONGER:
        yield [
            block
            for recipe, hours in mine
            if needed(recipe.indicator, period) and _of_sensors(recipe)
            for block in _longer(context, recipe, (SubjectKind.SENSOR, period), hours)
        ]


def subject_blocks(context: Context, touched: SubjectHours, kind: SubjectKind) -> Iterator[list[Block]]:
    """Yield the cells of sites or areas that the touched hours of sensors go into, shorter periods first."""
    mine = [(r, hours) for r, hours in _by_recipe(context, touched) if kind in r.indicator.subject_kinds]
    for period in (Period.HOUR, *_LONGER):
        blocks: list[Block] = []
        for recipe, hours in mine:
            if recipe.area_rule is not AreaRule.POOLED:
                if period in recipe.indicator.periods:
                    blocks += _spoken(context, recipe, (kind, period), hours)
            elif needed(recipe.indicator, period):
                subjects = _subjects(context, kind, hours)
                level = (kind, period)
                make = _pooled_hours if period is Period.HOUR else _longer
                blocks += make(context, recipe, level, subjects)
        yield blocks


def _by_recipe(context: Context, touched: SubjectHours) -> list[tuple[ReadingsRecipe, SubjectHours]]:
    """Return the recipes that read touched sensors, each with the hours of those."""
    found: list[tuple[ReadingsRecipe, SubjectHours]] = []
    for recipe in recipes_of(ReadingsRecipe):
        sensors = context.registry.sensors.items()
        reading = np.array([key for key, one in sensors if one.quantity in recipe.quantities], np.int64)
        mine = np.isin(touched.subject_id, reading)
        if mine.any():
            found.append((recipe, SubjectHours(touched.subject_id[mine], touched.hour[mine])))
    return found


def _of_sensors(recipe: ReadingsRecipe) -> bool:
    """Return whether periods of sensors are wanted: as such, or because they speak for areas."""
    return SubjectKind.SENSOR in recipe.indicator.subject_kinds or recipe.area_rule is not AreaRule.POOLED


def _members(members: SiteAreas, kind: SubjectKind, site_ids: Ints) -> tuple[Ints, Ints]:
    """Return (row, subject): every subject of the kind in which the site of each row counts."""
    if kind is SubjectKind.AREA:
        return members.expand(site_ids)
    row = np.flatnonzero(site_ids != NOWHERE)
    return row, site_ids[row]


def _subjects(context: Context, kind: SubjectKind, touched: SubjectHours) -> SubjectHours:
    """Return the hours of the sites or areas in which the sensors stood then."""
    sites = context.registry.places.site_at(touched.subject_id, touched.hour)
    row, subject = _members(context.registry.site_areas, kind, sites)
    return distinct_hours(subject, touched.hour[row])


def _placed(context: Context, kind: SubjectKind, sensor_ids: Ints, starts: Ints) -> tuple[Ints, Ints]:
    """Return (row, subject) pairs: where each sensor, any of the city, counted at that instant."""
    places = load_places(context.connection, np.unique(sensor_ids))
    sites = places.site_at(sensor_ids, starts)
    members = load_site_areas(
        context.connection, context.registry.tree, np.unique(sites[sites != NOWHERE]).tolist()
    )
    return _members(members, kind, sites)


def _pooled_hours(
    context: Context, recipe: ReadingsRecipe, level: tuple[SubjectKind, Period], touched: SubjectHours
) -> list[Block]:
    """Return the touched hours of sites or areas, from the hours of all sensors that stood in them."""
    if not len(touched.hour):
        return []
    periods = SubjectPeriods(touched.subject_id, touched.hour, touched.hour + HOUR_US)
    stored = load_hours(context, recipe, np.unique(touched.hour))
    cell, subject = _placed(context, level[0], stored.subject_id, stored.start)
    return _added_up(context, recipe, level, periods, StoredTerms(subject, stored.start[cell],
                     rows_of(stored.terms, cell)))  # fmt: skip


def _longer(
    context: Context, recipe: ReadingsRecipe, level: tuple[SubjectKind, Period], touched: SubjectHours
) -> list[Block]:
    """Return the touched periods added up from the stored terms of the next shorter ones."""
    kind, period = level
    zone_of = partial(context.time_zone, kind)
    periods = periods_of(touched, period, zone_of)
    if not len(periods.start):
        return []
    shorter = SHORTER[period]
    stored = load_parts(context, recipe, (kind, shorter), periods)
    return _added_up(context, recipe, level, periods, stored)


def _added_up(
    context: Context,
    recipe: ReadingsRecipe,
    level: tuple[SubjectKind, Period],
    periods: SubjectPeriods,
    stored: StoredTerms,
) -> list[Block]:
    row, count = row_in(periods, stored.subject_id, stored.start), len(periods.start)
    held = np.flatnonzero(row >= 0)
    if not len(held):
        return []
    total = added(taken(stored.terms, held), row[held], count)
    present = np.flatnonzero(np.bincount(row[held], minlength=count))
    chosen = SubjectPeriods(*(column[present] for column in periods))
    return [finished_block(context, recipe, level, chosen, taken(total, present))]


def _spoken(
    context: Context, recipe: ReadingsRecipe, level: tuple[SubjectKind, Period], touched: SubjectHours
) -> list[Block]:
    """Return the periods of sites or areas for which their sensors' values speak."""
    kind, period = level
    periods = periods_of(touched, period, partial(context.time_zone, SubjectKind.SENSOR))
    sites = context.registry.places.site_at(periods.subject_id, periods.start)
    row, subject = _members(context.registry.site_areas, kind, sites)
    if not len(row):
        return []
    keys, first = np.unique(np.stack((subject, periods.start[row])), axis=1, return_index=True)
    wanted = SubjectPeriods(keys[0], keys[1], periods.end[row][first])
    values = load_values(context, recipe, period, np.unique(wanted.start))
    cell, of_subject = _placed(context, kind, values.sensor_id, values.start)
    return spoken_block(context, recipe, level, wanted, values.placed(cell, of_subject))
