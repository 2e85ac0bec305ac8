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
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from domain.indicators import Indicator
    from domain.periods import Period
    from processing.columns import Cells, Floats, HourFacts, SiteHours


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
    loads (whole periods plus `reach`, padded with missing hours) which cells it gets.
    """

    indicator: Indicator
    quantities: tuple[str, ...]
    compute: Callable[[SiteHours], Mapping[Period, Cells]]
    reach: Reach


@dataclass(frozen=True, slots=True)
class FactSumRecipe:
    """An indicator that is finish(sum of numerators, sum of denominators) over hour facts.

    `terms` maps m facts to two arrays of shape (m,); sums over any set of facts (hours of a day, sensors of
    an area) go into `finish`, which gives NaN where the denominator says that there is nothing to speak of.
    """

    indicator: Indicator
    terms: Callable[[HourFacts], tuple[Floats, Floats]]
    finish: Callable[[Floats, Floats], Floats]


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
