"""What an indicator is computed from, and how instants fall into periods."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import SubjectKind
from domain.periods import Period
from processing.grid import period_edges
from processing.indicators.recipes import FormulaRecipe, HistoryRecipe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from processing.columns import Bools, Floats, Ints
    from processing.compute.events import Events
    from processing.compute.hours import Rules
    from processing.compute.items import Values
    from processing.compute.readings import Series
    from processing.indicators.recipes import Recipe

WHOLE: Final = "all"
BY_LENGTH: Final = (Period.HOUR, Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR)
_KINDS: Final = (SubjectKind.SENSOR, SubjectKind.SITE, SubjectKind.AREA)


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
            found.setdefault(one.site or WHOLE, []).append(one)
        return found


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


def rows_of(instants: Ints, period: Period, zone: str) -> tuple[Ints, Ints, Bools]:
    """Return the periods' edges, the period of each instant, and which periods hold any."""
    edges = period_edges(int(instants.min()), int(instants.max()) + 1, period, zone)
    row = np.searchsorted(edges, instants, side="right") - 1
    return edges, row, np.bincount(row, minlength=len(edges) - 1) > 0


def share_of(had: Floats, asked: Floats) -> Floats:
    """Return what there was over what there should have been, at most 1; NaN where nothing should."""
    share = np.divide(had, asked, out=np.full(len(had), np.nan), where=asked > 0)
    bounded: Floats = np.minimum(share, 1.0)
    return bounded


def by_period(values: list[Values]) -> list[Values]:
    """Return the values with the shorter periods first, subjects in their order."""
    return sorted(values, key=lambda one: BY_LENGTH.index(one.period))
