"""The families of indicators on the readings of files: which function computes which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from domain.periods import Period
from processing.columns import Cells, Note
from processing.compute.errors import NothingToComputeError
from processing.compute.inputs import BY_LENGTH, by_period, finest
from processing.compute.interruption_values import interruption_values
from processing.compute.items import Values
from processing.compute.sensor_values import SensorValues
from processing.indicators.recipes import (
    DailyHistory,
    FactSumRecipe,
    FormulaRecipe,
    HistoryRecipe,
    InterruptionRecipe,
    ReadingsRecipe,
    SiteSeriesRecipe,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.indicators import SubjectKind
    from processing.columns import Floats
    from processing.compute.inputs import Inputs
    from processing.indicators.recipes import Recipe


def computed(
    recipe: Recipe, recipes: Mapping[str, Recipe], inputs: Inputs, periods: Sequence[Period]
) -> list[Values]:
    """Return the values of an indicator for the finest subjects that it knows."""
    return _Computation(recipes, inputs).values(recipe, finest(recipe, recipes), periods)


class _Computation:
    """One run over all the inputs of an indicator."""

    def __init__(self, recipes: Mapping[str, Recipe], inputs: Inputs) -> None:
        self._recipes = recipes
        self._inputs = inputs
        self._sensors = SensorValues(inputs)

    def values(self, recipe: Recipe, kind: SubjectKind, periods: Sequence[Period]) -> list[Values]:
        """Return the values over the periods, the shortest first."""
        wanted = [one for one in BY_LENGTH if one in periods]
        if isinstance(recipe, SiteSeriesRecipe):
            return self._sensors.site_series(recipe, kind, wanted)
        if isinstance(recipe, FactSumRecipe):
            return self._sensors.fact_sums(recipe, kind, wanted)
        if isinstance(recipe, ReadingsRecipe):
            return self._sensors.readings(recipe, kind, wanted)
        if isinstance(recipe, InterruptionRecipe):
            return interruption_values(self._inputs, recipe, kind, wanted)
        if isinstance(recipe, FormulaRecipe):
            return self._formula(recipe, kind, wanted)
        return self._history(recipe, kind, wanted)

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
        return by_period(found)

    def _history(self, recipe: HistoryRecipe, kind: SubjectKind, periods: Sequence[Period]) -> list[Values]:
        found: list[Values] = []
        for daily in self._input(recipe, recipe.daily_input, kind, (Period.DAY,)):
            history = DailyHistory(daily.cells.period_start, daily.cells.value, self._inputs.zone.key)
            cells = recipe.compute(history)
            found += [
                Values(recipe.indicator, kind.value, daily.subject, period, cells[period])
                for period in periods
                if period in cells
            ]
        return by_period(found)


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
