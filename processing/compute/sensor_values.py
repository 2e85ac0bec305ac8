"""Values of the families that read sensors: hourly means of sites, sums of facts, terms of readings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from domain.indicators import SubjectKind
from processing.columns import NO_INSTANT, Cells, Note, SiteHours
from processing.compute.errors import NothingToComputeError, ParameterError
from processing.compute.hours import facts_of, hourly_means, windows_of
from processing.compute.inputs import WHOLE, by_period, rows_of, share_of
from processing.compute.items import Values, plain
from processing.facts import joined
from processing.grid import HOUR_US, period_edges
from processing.indicators.recipes import AreaRule, Pooled, SensorWindows
from processing.terms import added, stacked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.periods import Period
    from processing.columns import Floats, HourFacts, Ints
    from processing.compute.inputs import Inputs
    from processing.compute.readings import Series
    from processing.indicators.recipes import (
        FactSumRecipe,
        Parameter,
        ReadingsRecipe,
        Recipe,
        SiteSeriesRecipe,
    )


class SensorValues:
    """Computes from the readings of files; the facts of a sensor are made once."""

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self._facts: dict[int, HourFacts | None] = {}
        self._zone = inputs.zone.key

    def _facts_of(self, series: Series) -> HourFacts | None:
        key = id(series)
        if key not in self._facts:
            self._facts[key] = facts_of(series, self._inputs.rules)
        return self._facts[key]

    def _measuring(self, recipe: Recipe, quantities: Sequence[str]) -> list[Series]:
        """Return the sensors of the quantities; one of no stated quantity stands for a single wanted one."""
        known = [
            one
            for one in self._inputs.series
            if not quantities or one.quantity in quantities or (one.quantity is None and len(quantities) == 1)
        ]
        if not known:
            there = sorted({one.quantity or "no quantity" for one in self._inputs.series})
            found = f"readings of {', '.join(there)}" if there else "no readings"
            raise NothingToComputeError(recipe.indicator.code, found, f"readings of {', '.join(quantities)}")
        return known

    def _groups(self, series: Sequence[Series], kind: SubjectKind) -> list[tuple[str, list[Series]]]:
        """Return (subject, its sensors)."""
        found: dict[str, list[Series]] = {}
        for one in series:
            key = one.site or WHOLE
            if kind is SubjectKind.SENSOR:
                key = one.sensor or one.quantity or WHOLE
                if one.site and key != one.site:
                    key = f"{one.site}/{key}"
                clash = found.get(key)
                if clash and one.quantity and clash[0].quantity != one.quantity:
                    key = f"{key}/{one.quantity}"
            found.setdefault(key, []).append(one)
        return list(found.items())

    def site_series(
        self, recipe: SiteSeriesRecipe, kind: SubjectKind, periods: Sequence[Period]
    ) -> list[Values]:
        """Return the values of each site from the hourly means of its sensors, the first sensor first."""
        sensors = self._measuring(recipe, recipe.quantities)
        found: list[Values] = []
        for subject, members in self._groups(sensors, SubjectKind.SITE):
            rows: dict[str, list[tuple[Ints, Floats]]] = {}
            fact_hours: list[Ints] = []
            # Backwards, because the last row laid on an hour counts and the first sensor shall.
            for one in reversed(members):
                facts = self._facts_of(one)
                if facts is None:
                    continue
                hours, means = hourly_means(facts)
                fact_hours.append(hours)
                valid = np.isfinite(means)
                quantity = one.quantity or recipe.quantities[0]
                rows.setdefault(quantity, []).append((hours[valid], means[valid]))
            if not fact_hours:
                continue
            laid = {
                name: (np.concatenate([h for h, _ in parts]), np.concatenate([m for _, m in parts]))
                for name, parts in rows.items()
            }
            hours = np.unique(np.concatenate(fact_hours))
            edges = period_edges(int(hours[0]), int(hours[-1]) + HOUR_US, periods[-1], self._zone)
            start = int(edges[0]) - recipe.reach.before * HOUR_US
            end = int(edges[-1]) + recipe.reach.after * HOUR_US
            cells = recipe.compute(SiteHours.on_grid(start, end, self._zone, laid))
            for period in periods:
                if period in cells:
                    made = _held(cells[period], hours)
                    found.append(Values(recipe.indicator, kind.value, subject, period, made))
        return by_period(found)

    def fact_sums(self, recipe: FactSumRecipe, kind: SubjectKind, periods: Sequence[Period]) -> list[Values]:
        """Return the values of each subject from sums over the hour facts of its sensors."""
        found: list[Values] = []
        for subject, members in self._groups(self._measuring(recipe, ()), kind):
            parts = [facts for one in members if (facts := self._facts_of(one)) is not None]
            if not parts:
                continue
            facts = joined(parts)
            facts = facts.take(np.lexsort((facts.sensor_id, facts.hour)))
            unit = members[0].unit if recipe.indicator.code == "time_weighted_mean" else None
            for period in periods:
                cells = self._sum_of_facts(recipe, facts, period)
                found.append(Values(recipe.indicator, kind.value, subject, period, cells, unit=unit))
        return by_period(found)

    def _sum_of_facts(self, recipe: FactSumRecipe, facts: HourFacts, period: Period) -> Cells:
        edges, row, present = rows_of(facts.hour, period, self._zone)
        numerator, denominator, had, asked = (
            np.bincount(row, weights=column, minlength=len(edges) - 1)[present].astype(np.float64)
            for column in (*recipe.terms(facts), *recipe.evidence(facts))
        )
        n = np.bincount(row, weights=recipe.count(facts), minlength=len(edges) - 1)[present].astype(np.int64)
        value = recipe.finish(numerator, denominator)
        return Cells(
            edges[:-1][present],
            edges[1:][present],
            value,
            n,
            share_of(had, asked),
            note=[Note.NOTHING_EXPECTED if absent else None for absent in np.isnan(value).tolist()],
        )

    def readings(self, recipe: ReadingsRecipe, kind: SubjectKind, periods: Sequence[Period]) -> list[Values]:
        """Return the values of each subject from the additive terms of its sensors' readings."""
        sensors = self._measuring(recipe, recipe.quantities)
        parameters = {one.name: self._parameter(one) for one in recipe.parameters}
        pools = kind is SubjectKind.SENSOR or recipe.area_rule is AreaRule.POOLED
        found: list[Values] = []
        for subject, members in self._groups(sensors, kind):
            groups = [members] if pools else [[one] for one in members]
            for period in periods:
                made_of = [
                    self._pooled(recipe, [one for one in group if len(one.ts)], period, parameters)
                    for group in groups
                ]
                cells = [one for one in made_of if one is not None]
                if cells:
                    made, details = cells[0] if len(cells) == 1 else (_spoken_for(recipe, cells), ())
                    found.append(Values(recipe.indicator, kind.value, subject, period, made, details))
        return by_period(found)

    def _parameter(self, parameter: Parameter) -> float:
        value = self._inputs.parameters.get(parameter.name, parameter.default)
        if value < parameter.minimum or value > parameter.maximum:
            expected = f"{parameter.minimum:g} to {parameter.maximum:g} {parameter.unit}"
            raise ParameterError(parameter.name, value, expected)
        return float(value)

    def _pooled(
        self,
        recipe: ReadingsRecipe,
        members: Sequence[Series],
        period: Period,
        parameters: Mapping[str, float],
    ) -> tuple[Cells, Sequence[dict[str, Any] | None]] | None:
        if not members:
            return None
        inputs = [self._windows(one, parameters) for one in members]
        terms = stacked([recipe.terms(one) for one in inputs])
        starts = np.concatenate([one.start for one in inputs])
        if not len(starts):
            return None
        edges, row, present = rows_of(starts, period, self._zone)
        # Windows lie within UTC hours, and an hour counts in the period in which it began.
        order = np.argsort(row, kind="stable")
        if terms.sketch is None:
            terms = replace(
                terms,
                sums=terms.sums[order],
                present=terms.present[order],
                asked=terms.asked[order],
                n=terms.n[order],
            )
            row = row[order]
        numbers = np.cumsum(present) - 1
        pooled = Pooled(
            added(terms, numbers[row], int(present.sum())),
            period,
            edges[:-1][present],
            edges[1:][present],
            self._zone,
            parameters,
        )
        finished = recipe.finish(pooled)
        share = share_of(pooled.terms.present, pooled.terms.asked)
        enough = share >= recipe.valid_share
        value = np.where(enough, finished.value, np.nan)
        notes = [
            None
            if known
            else Note.NO_DATA
            if not had
            else Note.INCOMPLETE
            if not fits
            else getattr(Note, "NO_PARAMETER", Note.NOTHING_EXPECTED)
            if any(np.isnan(one) for one in parameters.values())
            else Note.NOTHING_EXPECTED
            for known, had, fits in zip(
                np.isfinite(value).tolist(), pooled.terms.n.tolist(), enough.tolist(), strict=True
            )
        ]
        cells = Cells(pooled.period_start, pooled.period_end, value, pooled.terms.n, share, note=notes)
        details = [None if one is None else plain(dict(one)) for one in finished.details]
        return cells, details

    def _windows(self, series: Series, parameters: Mapping[str, float]) -> SensorWindows:
        ts, value = series.counting()
        start, end = windows_of(series, self._inputs.rules)
        return SensorWindows(
            ts=ts,
            value=value,
            carry_ts=NO_INSTANT,
            carry_value=float("nan"),
            start=start,
            end=end,
            interval_us=self._inputs.rules.interval_us(series),
            max_gap_us=self._inputs.rules.max_gap_us(series),
            until=self._inputs.rules.life(series)[1],
            time_zone=self._zone,
            parameters=parameters,
            quantity=series.quantity or "",
        )


def _held(cells: Cells, hours: Ints) -> Cells:
    """Return the cells whose periods hold at least one of the hours with facts."""
    first = np.searchsorted(hours, cells.period_start)
    return cells.take(first < np.searchsorted(hours, cells.period_end))


def _spoken_for(
    recipe: ReadingsRecipe, parts: Sequence[tuple[Cells, Sequence[dict[str, Any] | None]]]
) -> Cells:
    """Return what several sensors say of their site: the highest, or their mean with equal weights."""
    starts, first = np.unique(np.concatenate([cells.period_start for cells, _ in parts]), return_index=True)
    ends = np.concatenate([cells.period_end for cells, _ in parts])[first]
    table = np.full((len(parts), len(starts)), np.nan)
    for k, (cells, _) in enumerate(parts):
        table[k, np.searchsorted(starts, cells.period_start)] = cells.value
    known = np.isfinite(table)
    n = known.sum(axis=0)
    if recipe.area_rule is AreaRule.MEAN:
        value = np.divide(
            np.where(known, table, 0.0).sum(axis=0), n, out=np.full(len(n), np.nan), where=n > 0
        )
    else:
        highest = np.where(known, table, -np.inf).max(axis=0)
        value = np.where(n > 0, highest, np.nan)
    return Cells(
        starts,
        ends,
        value,
        n.astype(np.int64),
        n / len(parts),
        note=[Note.INCOMPLETE if absent else None for absent in np.isnan(value).tolist()],
    )
