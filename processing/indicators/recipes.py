"""The families of indicators: what a file of this package hands to the engine.

A file `processing/indicators/<code>.py` is one indicator. It says what it is (`INDICATOR`), holds its
arithmetic as functions, and ends with one `RECIPE`, whose class tells the engine what to load and how to
roll up:

- `SiteSeriesRecipe`: hourly means of one site in, cells out.
- `FactSumRecipe`: a ratio of two sums over hour facts; additive over hours, sensors and areas.
- `InterruptionRecipe`: a sum over interruptions, divided by customers served.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from domain.indicators import Indicator
    from domain.periods import Period
    from processing.columns import Cells, Floats, HourFacts, Ints, SiteHours


class AreaRule(StrEnum):
    """How the values of the stations in an area make the area's value."""

    HIGHEST = "highest"  # the worst station speaks for the area, and is named
    MEAN = "mean"  # each station with a value weighs the same


class Reach(NamedTuple):
    """How far outside its period a cell reads its input, in hours.

    A changed input hour h touches the cells whose periods hold any hour of h - after ... h + before.
    """

    before: int
    after: int


@dataclass(frozen=True, slots=True)
class SiteSeriesRecipe:
    """An indicator of a site, computed from the hourly means of its quantities.

    `compute` returns, for each of the indicator's periods, the cells of exactly those periods whose inputs
    all lie inside the series. So every cell it returns is right, and the caller decides by the span that it
    loads (whole periods plus `reach`, padded with missing hours) which cells it gets. `area_rule` says how
    the stations of an area speak for it.
    """

    indicator: Indicator
    quantities: tuple[str, ...]
    compute: Callable[[SiteHours], Mapping[Period, Cells]]
    reach: Reach
    area_rule: AreaRule = AreaRule.HIGHEST


def slots_of_expected(facts: HourFacts) -> tuple[Floats, Floats]:
    """Return how many slots hold a reading and how many should, per fact."""
    return facts.slots.astype(np.float64), facts.expected.astype(np.float64)


def good_readings(facts: HourFacts) -> Ints:
    """Return the number of readings that count, per fact."""
    return facts.n_good


@dataclass(frozen=True, slots=True)
class FactSumRecipe:
    """An indicator that is finish(sum of numerators, sum of denominators) over hour facts.

    `terms` maps m facts to two arrays of shape (m,); sums over any set of facts (hours of a day, sensors of
    an area) go into `finish`, which gives NaN where the denominator says that there is nothing to speak of.
    `evidence` gives what there was and what there should have been: the ratio of their sums is the
    completeness. `count` says how many inputs a fact brings.
    """

    indicator: Indicator
    terms: Callable[[HourFacts], tuple[Floats, Floats]]
    finish: Callable[[Floats, Floats], Floats]
    evidence: Callable[[HourFacts], tuple[Floats, Floats]] = slots_of_expected
    count: Callable[[HourFacts], Ints] = good_readings


def ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Return numerator / denominator, NaN where the denominator is not positive."""
    found = np.full(len(numerator), np.nan)
    np.divide(numerator, denominator, out=found, where=denominator > 0)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Interruptions:
    """k interruptions of supply that count (not excluded), column by column.

    Attributes:
        duration_s: shape (k,), from start to end, or to now for one that is going on.
        customers: shape (k,), customers without supply.
    """

    duration_s: Floats
    customers: Floats


@dataclass(frozen=True, slots=True)
class InterruptionRecipe:
    """An indicator that is a sum over the interruptions that began in the period, per customer served.

    `terms` maps k interruptions to what each adds to the numerator, shape (k,).
    """

    indicator: Indicator
    terms: Callable[[Interruptions], Floats]


Recipe = SiteSeriesRecipe | FactSumRecipe | InterruptionRecipe
