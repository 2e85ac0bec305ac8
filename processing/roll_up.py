"""Ratios of sums: from hour facts to sensors' days and areas' hours, and from there to longer periods.

Sums are kept with the values (`terms`), so a month adds up days and a year months. Everything is added in one
order (time, then sensor), so that a late correction and a rebuild from nothing give the same bits. An hour
counts in the areas of the place where the sensor stood when the hour began, and in the local period in which
it began.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import SubjectKind, Verdict
from domain.periods import Period
from processing.arrays import Instants, Int2s, Int4s
from processing.cells import (
    Block,
    SubjectHours,
    SubjectPeriods,
    Terms,
    begins_part,
    hidden,
    merged_spans,
    periods_of,
    row_in,
    sums,
)
from processing.columns import Cells, Note
from processing.context import recipes_of
from processing.grid import HOUR_US
from processing.indicators.recipes import FactSumRecipe
from processing.judging import Judged, judge
from processing.loading import fetch_columns, load_facts
from processing.registry import NOWHERE, load_places, load_site_areas

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from domain.indicators import Indicator
    from processing.columns import Bools, Floats, HourFacts, Ints
    from processing.context import Context

# What each longer period is added up from.
SHORTER: Final = {
    Period.DAY: Period.HOUR,
    Period.MONTH: Period.DAY,
    Period.QUARTER: Period.MONTH,
    Period.YEAR: Period.MONTH,
}


def needed(indicator: Indicator, period: Period) -> bool:
    """Return whether the indicator publishes the period, or a longer one that is added up from it."""
    longer = [one for one, shorter in SHORTER.items() if shorter is period]
    return period in indicator.periods or any(needed(indicator, one) for one in longer)


def published(indicator: Indicator, kind: SubjectKind, period: Period) -> bool:
    """Return whether the indicator says that it is computed for such subjects over such periods."""
    return kind in indicator.subject_kinds and period in indicator.periods


def recipes_for(kind: SubjectKind) -> list[FactSumRecipe]:
    """Return the recipes that speak of subjects of this kind."""
    return [recipe for recipe in recipes_of(FactSumRecipe) if kind in recipe.indicator.subject_kinds]


def sensor_days(context: Context, touched: SubjectHours) -> list[Block]:
    """Return the days of sensors that hold the touched hours."""
    days = periods_of(touched, Period.DAY, partial(context.time_zone, SubjectKind.SENSOR))
    if not len(days.start):
        return []
    sensor_ids, starts, ends = merged_spans(*days)
    facts, _ = load_facts(
        context.connection,
        "select_facts_of_spans",
        {"sensor_ids": Int4s(sensor_ids), "starts": Instants(starts), "ends": Instants(ends)},
    )
    facts = facts.take(np.lexsort((facts.hour, facts.sensor_id)))
    row = row_in(days, facts.sensor_id, facts.hour)
    return list(_blocks_of_facts(context, SubjectKind.SENSOR, Period.DAY, days, (facts, row)))


def area_hours(context: Context, touched: SubjectHours) -> list[Block]:
    """Return the touched hours of areas, from the facts of all sensors that stood in them."""
    if not len(touched.hour):
        return []
    hours = SubjectPeriods(touched.subject_id, touched.hour, touched.hour + HOUR_US)
    facts, _ = load_facts(
        context.connection, "select_facts_of_hours", {"hours": Instants(np.unique(touched.hour))}
    )
    facts = facts.take(np.lexsort((facts.sensor_id, facts.hour)))
    places = load_places(context.connection, np.unique(facts.sensor_id))
    sites = places.site_at(facts.sensor_id, facts.hour)
    members = load_site_areas(
        context.connection, context.registry.tree, np.unique(sites[sites != NOWHERE]).tolist()
    )
    fact, area = members.expand(sites)
    row = row_in(hours, area, facts.hour[fact])
    return list(
        _blocks_of_facts(
            context, SubjectKind.AREA, Period.HOUR, hours, (facts.take(fact[row >= 0]), row[row >= 0])
        )
    )


def _blocks_of_facts(
    context: Context,
    kind: SubjectKind,
    period: Period,
    periods: SubjectPeriods,
    rows: tuple[HourFacts, Ints],
) -> Iterator[Block]:
    facts, row = rows
    held = row >= 0
    if not held.all():
        facts, row = facts.take(held), row[held]
    count = len(periods.start)
    present = np.bincount(row, minlength=count) > 0
    for recipe in recipes_for(kind):
        if not needed(recipe.indicator, period):
            continue
        columns = (*recipe.terms(facts), *recipe.evidence(facts))
        terms = Terms(*(sums(row, count, column)[present] for column in columns))
        n = sums(row, count, recipe.count(facts))[present].astype(np.int64)
        yield finished(context, recipe, (kind, period), _chosen(periods, present), terms, n)


def _chosen(periods: SubjectPeriods, mask: Bools) -> SubjectPeriods:
    return SubjectPeriods(periods.subject_id[mask], periods.start[mask], periods.end[mask])


def longer_periods(context: Context, kind: SubjectKind, period: Period, touched: SubjectHours) -> list[Block]:
    """Return the touched periods added up from the stored values of the next shorter ones."""
    periods = periods_of(touched, period, partial(context.time_zone, kind))
    if not len(periods.start):
        return []
    recipes = [recipe for recipe in recipes_for(kind) if needed(recipe.indicator, period)]
    ids = [context.indicator_ids[recipe.indicator.code] for recipe in recipes]
    subject_id, indicator_id, start, n, columns = stored_parts(context, (kind, SHORTER[period]), periods, ids)
    order = np.lexsort((start, subject_id))
    blocks: list[Block] = []
    for recipe, number in zip(recipes, ids, strict=True):
        mine = order[indicator_id[order] == number]
        row = row_in(periods, subject_id[mine], start[mine])
        count = len(periods.start)
        present = np.bincount(row, minlength=count) > 0
        terms = Terms(*(sums(row, count, column[mine])[present] for column in columns))
        inputs = sums(row, count, n[mine])[present].astype(np.int64)
        blocks.append(finished(context, recipe, (kind, period), _chosen(periods, present), terms, inputs))
    return blocks


def stored_parts(
    context: Context, level: tuple[SubjectKind, Period], periods: SubjectPeriods, indicator_ids: Sequence[int]
) -> tuple[Ints, Ints, Ints, Ints, list[Floats]]:
    """Return the sums behind the stored values that longer periods are made of, in no order.

    Args:
        context: of the claim.
        level: kind of the subjects, and length of the parts.
        periods: the longer ones.
        indicator_ids: numbers of the indicators.

    Returns:
        Subjects, indicators, starts, numbers of inputs, and the four terms, of shape (k,) each.
    """
    kind, period = level
    subject_ids, starts, ends = merged_spans(*periods)
    subject_id, indicator_id, start, n, *terms = fetch_columns(
        context.connection,
        "select_terms_of_spans",
        {
            "subject_ids": Int4s(subject_ids),
            "starts": Instants(starts),
            "ends": Instants(ends),
            "indicator_ids": Int2s(np.array(indicator_ids, np.int64)),
            "subject_kind": kind.value,
            "period": period.value,
        },
    )
    kept = begins_part(periods, period, partial(context.time_zone, kind), (subject_id, start))
    return subject_id[kept], indicator_id[kept], start[kept], n[kept], [column[kept] for column in terms]


def finished(
    context: Context,
    recipe: FactSumRecipe,
    level: tuple[SubjectKind, Period],
    periods: SubjectPeriods,
    terms: Terms,
    n: Ints,
) -> Block:
    """Return the cells that the sums make."""
    kind, period = level
    value = recipe.finish(terms.numerator, terms.denominator)
    completeness = np.divide(
        terms.present, terms.asked, out=np.full(len(value), np.nan), where=terms.asked > 0
    )
    completeness = np.minimum(completeness, 1.0)
    provisional = context.provisional(periods.end)
    verdicts: Sequence[Verdict | None] = ()
    limits = None
    if kind is SubjectKind.AREA:
        verdicts, limits = judge(
            context.targets,
            context.registry.tree.zones,
            Judged(recipe.indicator.code, period, periods, value, completeness, provisional),
        )
    cells = Cells(
        periods.start,
        periods.end,
        value,
        n,
        completeness,
        note=[Note.NOTHING_EXPECTED if absent else None for absent in np.isnan(value).tolist()],
        limit=limits,
        verdict=verdicts,
    )
    if not published(recipe.indicator, kind, period):
        cells = hidden(cells)
    return Block(
        context.indicator_ids[recipe.indicator.code],
        recipe.indicator,
        kind,
        period,
        periods.subject_id,
        cells,
        provisional,
        terms,
        [None] * len(value),
    )
