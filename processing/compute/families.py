"""The families of indicators on the readings of files, one function each."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from domain.indicators import SubjectKind
from domain.periods import Period
from processing.columns import NO_INSTANT, Cells, Note, SiteHours
from processing.compute import events as interruptions
from processing.compute.errors import NothingToComputeError, ParameterError
from processing.compute.hours import Rules, facts_of, hourly_means, windows_of
from processing.compute.items import Values, plain
from processing.compute.times import text_of
from processing.facts import joined
from processing.grid import HOUR_US, period_edges
from processing.indicators.recipes import (
    AreaRule,
    DailyHistory,
    FactSumRecipe,
    FormulaRecipe,
    HistoryRecipe,
    InterruptionRecipe,
    Interruptions,
    Pooled,
    ReadingsRecipe,
    SensorWindows,
    SiteSeriesRecipe,
)
from processing.terms import added, stacked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from processing.columns import Bools, Floats, HourFacts, Ints
    from processing.compute.events import Events
    from processing.compute.readings import Series
    from processing.indicators.recipes import Recipe

_WHOLE: Final = "all"
_BY_LENGTH: Final = (Period.HOUR, Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR)
_KINDS: Final = (SubjectKind.SENSOR, SubjectKind.SITE, SubjectKind.AREA)
_SUPPLY: Final = "supply_state"
_LONGEST_MAX: Final = 3


@dataclass(frozen=True, slots=True)
class Inputs:
    """What everything is computed from.

    Attributes:
        series: readings by sensor.
        zone: local time.
        rules: of facts.
        parameters: name -> number, as typed.
        events: interruptions of a file; None without one.
        customers: customers served; None when not said.
        planned: whether planned interruptions count: "include", "exclude" or "only".
    """

    series: Sequence[Series]
    zone: ZoneInfo
    rules: Rules
    parameters: Mapping[str, float] = field(default_factory=dict[str, float])
    events: Events | None = None
    customers: float | None = None
    planned: str = "include"

    def sites(self) -> dict[str, list[Series]]:
        """Return the sensors by site; without sites all stand at one."""
        found: dict[str, list[Series]] = {}
        for one in self.series:
            found.setdefault(one.site or _WHOLE, []).append(one)
        return found


def computed(
    recipe: Recipe, recipes: Mapping[str, Recipe], inputs: Inputs, periods: Sequence[Period]
) -> list[Values]:
    """Return the values of an indicator for the finest subjects that it knows."""
    return _Computation(recipes, inputs).values(recipe, finest(recipe, recipes), periods)


def finest(recipe: Recipe, recipes: Mapping[str, Recipe]) -> SubjectKind:
    """Return the kind of subject to compute for: the smallest that the indicator and its inputs share."""
    kinds = set(recipe.indicator.subject_kinds)
    for code in input_codes(recipe):
        if code in recipes:
            kinds &= set(recipes[code].indicator.subject_kinds)
    return next((kind for kind in _KINDS if kind in kinds), SubjectKind.AREA)


def input_codes(recipe: Recipe) -> tuple[str, ...]:
    """Return the indicators that a recipe is computed from."""
    if isinstance(recipe, FormulaRecipe):
        return recipe.inputs
    return (recipe.daily_input,) if isinstance(recipe, HistoryRecipe) else ()


class _Computation:
    """One run over all the inputs of an indicator."""

    def __init__(self, recipes: Mapping[str, Recipe], inputs: Inputs) -> None:
        self._recipes = recipes
        self._inputs = inputs
        self._facts: dict[int, HourFacts | None] = {}
        self._zone = inputs.zone.key

    def values(self, recipe: Recipe, kind: SubjectKind, periods: Sequence[Period]) -> list[Values]:
        """Return the values over the periods, the shortest first."""
        wanted = [one for one in _BY_LENGTH if one in periods]
        if isinstance(recipe, SiteSeriesRecipe):
            return self._site_series(recipe, kind, wanted)
        if isinstance(recipe, FactSumRecipe):
            return self._fact_sums(recipe, kind, wanted)
        if isinstance(recipe, ReadingsRecipe):
            return self._readings(recipe, kind, wanted)
        if isinstance(recipe, InterruptionRecipe):
            return self._interruptions(recipe, kind, wanted)
        if isinstance(recipe, FormulaRecipe):
            return self._formula(recipe, kind, wanted)
        return self._history(recipe, kind, wanted)

    # What reads sensors

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
            key = one.site or _WHOLE
            if kind is SubjectKind.SENSOR:
                key = one.sensor or one.quantity or _WHOLE
                if one.site and key != one.site:
                    key = f"{one.site}/{key}"
                clash = found.get(key)
                if clash and one.quantity and clash[0].quantity != one.quantity:
                    key = f"{key}/{one.quantity}"
            found.setdefault(key, []).append(one)
        return list(found.items())

    def _site_series(
        self, recipe: SiteSeriesRecipe, kind: SubjectKind, periods: Sequence[Period]
    ) -> list[Values]:
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
        return _by_period(found)

    def _fact_sums(self, recipe: FactSumRecipe, kind: SubjectKind, periods: Sequence[Period]) -> list[Values]:
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
        return _by_period(found)

    def _sum_of_facts(self, recipe: FactSumRecipe, facts: HourFacts, period: Period) -> Cells:
        edges, row, present = _rows_of(facts.hour, period, self._zone)
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
            _share(had, asked),
            note=[Note.NOTHING_EXPECTED if absent else None for absent in np.isnan(value).tolist()],
        )

    def _readings(self, recipe: ReadingsRecipe, kind: SubjectKind, periods: Sequence[Period]) -> list[Values]:
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
        return _by_period(found)

    def _parameter(self, parameter: Any) -> float:  # noqa: ANN401 # recipes.Parameter
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
        edges, row, present = _rows_of(starts, period, self._zone)
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
        share = _share(pooled.terms.present, pooled.terms.asked)
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
        )

    # What reads interruptions

    def _interruptions(
        self, recipe: InterruptionRecipe, kind: SubjectKind, periods: Sequence[Period]
    ) -> list[Values]:
        events = self._events(recipe)
        served = self._inputs.customers
        if served is None or not served > 0:
            raise ParameterError("customers", "nothing", "--customers N, the customers served")
        found: list[Values] = []
        counted = events.counting(self._inputs.planned)
        durations, customers = events.duration_s()[counted], events.customers[counted]
        starts = events.start[counted]
        each = recipe.terms(Interruptions(durations, customers))
        for period in periods:
            edges = period_edges(events.first, max(events.until, events.first + 1), period, self._zone)
            count = len(edges) - 1
            row = np.searchsorted(edges, starts, side="right") - 1
            cells = Cells(
                edges[:-1],
                edges[1:],
                np.bincount(row, weights=each, minlength=count) / served,
                np.bincount(row[each > 0], minlength=count),
                np.full(count, events.completeness),
            )
            details = [
                _longest(row == k, each > 0, starts, durations, self._inputs.zone) for k in range(count)
            ]
            found.append(Values(recipe.indicator, kind.value, _WHOLE, period, cells, details))
        return found

    def _events(self, recipe: InterruptionRecipe) -> Events:
        if self._inputs.events is not None:
            return self._inputs.events
        feeders = [one for one in self._inputs.series if one.quantity in {_SUPPLY, None}]
        if not feeders:
            raise NothingToComputeError(
                recipe.indicator.code,
                "no interruptions",
                "--events FILE (start,end,customers,planned,excluded_reason) or readings of supply_state",
            )
        # The engine's module talks to the database; only its arithmetic is wanted.
        from processing.interruptions import derived  # noqa: PLC0415

        ts, value = feeders[0].counting()
        off, _ = derived(ts, value, NO_INSTANT, int(np.iinfo(np.int64).max // 2))
        life = self._inputs.rules.life(feeders[0])
        return interruptions.of_states(off, self._inputs.customers or 0.0, life)

    # What reads other indicators

    def _input(self, recipe: Recipe, code: str, kind: SubjectKind, periods: Sequence[Period]) -> list[Values]:
        other = self._recipes.get(code)
        if other is None:
            raise NothingToComputeError(recipe.indicator.code, f"no indicator {code}", "its input")
        return self.values(other, kind, periods)

    def _formula(self, recipe: FormulaRecipe, kind: SubjectKind, periods: Sequence[Period]) -> list[Values]:
        found: list[Values] = []
        by_code = {code: self._input(recipe, code, kind, periods) for code in recipe.inputs}
        keys = {(one.subject, one.period): None for values in by_code.values() for one in values}
        for subject, period in keys:
            cells = {
                code: next(
                    (one.cells for one in values if one.subject == subject and one.period is period), None
                )
                for code, values in by_code.items()
            }
            made = _formula_cells(recipe, {code: one for code, one in cells.items() if one is not None})
            found.append(Values(recipe.indicator, kind.value, subject, period, made))
        return _by_period(found)

    def _history(self, recipe: HistoryRecipe, kind: SubjectKind, periods: Sequence[Period]) -> list[Values]:
        found: list[Values] = []
        for daily in self._input(recipe, recipe.daily_input, kind, (Period.DAY,)):
            history = DailyHistory(daily.cells.period_start, daily.cells.value, self._zone)
            cells = recipe.compute(history)
            found += [
                Values(recipe.indicator, kind.value, daily.subject, period, cells[period])
                for period in periods
                if period in cells
            ]
        return _by_period(found)


def _held(cells: Cells, hours: Ints) -> Cells:
    """Return the cells whose periods hold at least one of the hours with facts."""
    first = np.searchsorted(hours, cells.period_start)
    return cells.take(first < np.searchsorted(hours, cells.period_end))


def _rows_of(instants: Ints, period: Period, zone: str) -> tuple[Ints, Ints, Bools]:
    """Return the periods' edges, the period of each instant, and which periods hold any."""
    edges = period_edges(int(instants.min()), int(instants.max()) + 1, period, zone)
    row = np.searchsorted(edges, instants, side="right") - 1
    return edges, row, np.bincount(row, minlength=len(edges) - 1) > 0


def _share(had: Floats, asked: Floats) -> Floats:
    share = np.divide(had, asked, out=np.full(len(had), np.nan), where=asked > 0)
    bounded: Floats = np.minimum(share, 1.0)
    return bounded


def _by_period(values: list[Values]) -> list[Values]:
    """Return the values with the shorter periods first, subjects in their order."""
    return sorted(values, key=lambda one: _BY_LENGTH.index(one.period))


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


def _formula_cells(recipe: FormulaRecipe, cells: Mapping[str, Cells]) -> Cells:
    """Return the formula's values where any input has a cell."""
    joint = np.unique(np.concatenate([one.period_start for one in cells.values()]))
    ends = np.zeros(len(joint), np.int64)
    values: dict[str, Floats] = {}
    n = np.zeros(len(joint), np.int64)
    completeness = np.ones(len(joint))
    for code in recipe.inputs:
        column = np.full(len(joint), np.nan)
        share = np.zeros(len(joint))
        one = cells.get(code)
        if one is not None:
            at = np.searchsorted(joint, one.period_start)
            column[at], share[at], ends[at] = one.value, np.nan_to_num(one.completeness), one.period_end
            n[at] += one.n
        values[code] = column
        completeness = np.minimum(completeness, share)
    with np.errstate(all="ignore"):
        value = np.asarray(recipe.formula(values), np.float64)
    value = np.where(np.isfinite(value), value, np.nan)
    absent = np.any([np.isnan(values[code]) for code in recipe.inputs], axis=0)
    notes = [
        None if known else Note.INCOMPLETE if lacks else Note.NOTHING_EXPECTED
        for known, lacks in zip(np.isfinite(value).tolist(), absent.tolist(), strict=True)
    ]
    return Cells(joint, ends, value, n, completeness, note=notes)


def _longest(mine: Bools, counted: Bools, starts: Ints, durations: Floats, zone: ZoneInfo) -> dict[str, Any]:
    chosen = np.flatnonzero(mine & counted)
    order = chosen[np.lexsort((starts[chosen], -durations[chosen]))][:_LONGEST_MAX]
    found: dict[str, Any] = {"interruptions": len(chosen)}
    if len(order):
        found["longest"] = [
            {"started_at": text_of(int(starts[k]), zone), "minutes": round(float(durations[k]) / 60, 3)}
            for k in order
        ]
    return found
