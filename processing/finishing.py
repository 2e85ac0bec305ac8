"""Values of cells from the terms of raw readings: the recipe's arithmetic, completeness, notes, verdicts."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from domain.indicators import SubjectKind
from processing.cells import Block, hidden
from processing.columns import Cells, Note
from processing.indicators.recipes import AreaRule, Pooled
from processing.judging import Judged, judge
from processing.parameters import area_scopes, last_day, sensor_scopes, site_scopes
from processing.roll_up import published
from processing.terms import packed, taken

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from domain.periods import Period
    from processing.cells import SubjectPeriods
    from processing.columns import Bools, Floats, Ints
    from processing.context import Context
    from processing.indicators.recipes import ReadingsRecipe, WindowTerms
    from processing.parameters import Scope


def finished_block(
    context: Context,
    recipe: ReadingsRecipe,
    level: tuple[SubjectKind, Period],
    periods: SubjectPeriods,
    terms: WindowTerms,
) -> Block:
    """Return the cells that the terms make.

    Args:
        context: of the claim.
        recipe: which finishes.
        level: kind of the subjects, and length of the periods.
        periods: of the cells.
        terms: of the cells.
    """
    kind, period = level
    asked = terms.asked > 0
    completeness = np.divide(terms.present, terms.asked, out=np.full(len(asked), np.nan), where=asked)
    completeness = np.minimum(completeness, 1.0)
    provisional = context.provisional(periods.end)
    # Hours of sensors that speak for their areas are values of sensors, whatever the indicator lists.
    shown = published(recipe.indicator, kind, period) or (
        kind is SubjectKind.SENSOR
        and recipe.area_rule is not AreaRule.POOLED
        and period in recipe.indicator.periods
    )
    if shown:
        value, details, unset = _values(context, recipe, level, periods, terms)
        cells, told = published_cells(
            recipe, periods, (value, terms.n, completeness), details, (asked, unset)
        )
        if kind is SubjectKind.AREA:
            cells = _judged(context, recipe, period, periods, (cells, provisional))
    else:
        nothing = np.full(len(asked), np.nan)
        cells = hidden(Cells(periods.start, periods.end, nothing, terms.n, nothing))
        told = [None] * len(asked)
    return Block(
        context.indicator_ids[recipe.indicator.code],
        recipe.indicator,
        kind,
        period,
        periods.subject_id,
        cells,
        provisional,
        packed(terms),
        told,
    )


def published_cells(
    recipe: ReadingsRecipe,
    periods: SubjectPeriods,
    numbers: tuple[Floats, Ints, Floats],
    details: Sequence[str | None],
    reasons: tuple[Bools, Bools],
) -> tuple[Cells, list[str | None]]:
    """Return cells and their details; a value without enough behind it is not published.

    Args:
        recipe: whose cells.
        periods: of the m cells.
        numbers: values, inputs and completeness, shape (m,) each; NaN where there is none.
        details: of the values as JSON; None for nothing.
        reasons: where anything was expected at all, and where a parameter is not set, shape (m,) each.
    """
    value, n, completeness = numbers
    asked, unset = reasons
    enough = completeness >= recipe.valid_share
    value = np.where(enough, value, np.nan)
    absent = np.isnan(value)
    # The first reason that applies is told.
    note = np.select(
        [~absent, ~asked, ~enough, unset],
        ["", Note.NOTHING_EXPECTED.value, Note.INCOMPLETE.value, Note.NO_PARAMETER.value],
        Note.NO_DATA.value,
    )
    notes = [one or None for one in note.tolist()]
    told = [None if gone else detail for detail, gone in zip(details, absent.tolist(), strict=True)]
    return Cells(periods.start, periods.end, value, n, completeness, note=notes), told


def _judged(
    context: Context,
    recipe: ReadingsRecipe,
    period: Period,
    periods: SubjectPeriods,
    made: tuple[Cells, Bools],
) -> Cells:
    cells, provisional = made
    verdicts, limits = judge(
        context.targets,
        context.registry.tree.zones,
        Judged(recipe.indicator.code, period, periods, cells.value, cells.completeness, provisional),
    )
    return Cells(
        cells.period_start,
        cells.period_end,
        cells.value,
        cells.n,
        cells.completeness,
        note=cells.note,
        limit=limits,
        verdict=verdicts,
    )


def _values(
    context: Context,
    recipe: ReadingsRecipe,
    level: tuple[SubjectKind, Period],
    periods: SubjectPeriods,
    terms: WindowTerms,
) -> tuple[Floats, list[str | None], Bools]:
    """Return values, details as JSON, and where a parameter is not set, group by group of like cells."""
    count = len(periods.start)
    value = np.full(count, np.nan)
    details: list[str | None] = [None] * count
    unset = np.zeros(count, np.bool_)
    for rows, zone, parameters in _groups(context, recipe, level[0], periods):
        found = recipe.finish(
            Pooled(taken(terms, rows), level[1], periods.start[rows], periods.end[rows], zone, parameters)
        )
        value[rows] = found.value
        unset[rows] = any(math.isnan(one) for one in parameters.values())
        if found.details:
            for row, detail in zip(rows.tolist(), found.details, strict=True):
                details[row] = None if detail is None else _text(detail)
    return value, details, unset


def _groups(
    context: Context, recipe: ReadingsRecipe, kind: SubjectKind, periods: SubjectPeriods
) -> Iterator[tuple[Ints, str, Mapping[str, float]]]:
    """Yield the cells (their positions) that share time zone and parameters.

    The parameters of a cell are those of the last day of its period.
    """
    subjects, position = np.unique(periods.subject_id, return_inverse=True)
    zones = [context.time_zone(kind, subject) for subject in subjects.tolist()]
    by_zone = np.array(zones)[position] if zones else np.array([], np.str_)
    for zone in sorted(set(zones)):
        rows = np.flatnonzero(by_zone == zone)
        if not context.parameters.days.get(recipe.indicator.code):
            yield rows, zone, context.parameters.of(recipe, (), last_day(context.now, zone))
            continue
        groups: dict[tuple[str, ...], tuple[Mapping[str, float], list[int]]] = {}
        for row in rows.tolist():
            end = int(periods.end[row])
            scopes = _scopes(context, kind, int(periods.subject_id[row]), end)
            held = context.parameters.of(recipe, scopes, last_day(end, zone))
            # NaN is not equal to itself, and its text is.
            groups.setdefault(tuple(map(repr, held.values())), (held, []))[1].append(row)
        for parameters, chosen in groups.values():
            yield np.array(chosen, np.int64), zone, parameters


def _scopes(context: Context, kind: SubjectKind, subject_id: int, end: int) -> Sequence[Scope]:
    registry = context.registry
    if kind is SubjectKind.AREA:
        return area_scopes(registry, subject_id)
    if kind is SubjectKind.SITE:
        return site_scopes(registry.site_areas.areas, subject_id)
    site = registry.places.site_at(np.array([subject_id]), np.array([end - 1]))
    return sensor_scopes(registry, subject_id, int(site[0]))


def _text(detail: Mapping[str, object]) -> str:
    return json.dumps(_plain(detail), ensure_ascii=False)


def _plain(found: Any) -> Any:  # noqa: ANN401 # whatever a recipe tells
    """Return what JSON can say: numbers of Python, and no NaN."""
    if isinstance(found, dict):
        return {str(key): _plain(one) for key, one in found.items()}
    if isinstance(found, (list, tuple)):
        return [_plain(one) for one in found]
    if isinstance(found, (np.generic, np.ndarray)):
        return _plain(found.tolist())
    if isinstance(found, float):
        return found if math.isfinite(found) else None
    return found
