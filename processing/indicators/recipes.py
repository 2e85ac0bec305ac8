"""The families of indicators: what a file of this package hands to the engine.

A file `processing/indicators/<code>.py` is one indicator. It says what it is (`INDICATOR`), holds its
arithmetic as functions, and ends with one `RECIPE`, whose class tells the engine what to load and how to
roll up:

- `SiteSeriesRecipe`: hourly means of one site in, cells out.
- `FactSumRecipe`: a ratio of two sums over hour facts; additive over hours, sensors and areas.
- `InterruptionRecipe`: a sum over interruptions, divided by customers served.
- `ReadingsRecipe`: additive terms of a sensor's raw readings; longer periods and areas add them up.
- `FormulaRecipe`: a formula over values of other indicators of the same subject and period.
- `HistoryRecipe`: periods judged by the daily values of another indicator over years.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from domain.indicators import Indicator
    from domain.periods import Period
    from domain.text import Text
    from processing.columns import Cells, Floats, HourFacts, Ints, SiteHours


class AreaRule(StrEnum):
    """How the values of the stations in an area make the area's value."""

    HIGHEST = "highest"  # the worst station speaks for the area, and is named
    MEAN = "mean"  # each station with a value weighs the same
    POOLED = "pooled"  # the additive terms of all sensors in the area, finished once


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


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that an indicator asks for and that a city may set.

    Attributes:
        name: snake_case, unit last.
        unit: UCUM code.
        default: value unless set; NaN: there is no default, and without a value the cell says so.
        title: what people call it.
        minimum: smallest admissible value.
        maximum: largest admissible value.
        source: where the default comes from.
    """

    name: str
    unit: str
    default: float
    title: Text
    minimum: float = float("-inf")
    maximum: float = float("inf")
    source: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class SensorWindows:
    """Readings of one sensor, and the windows over which terms are wanted.

    Attributes:
        ts: shape (r,), microseconds UTC, strictly ascending; only readings that count (good).
        value: shape (r,), calibrated, in the quantity's unit.
        carry_ts: last good reading before `ts[0]`; `NO_INSTANT` for none.
        carry_value: its value, NaN for none.
        start: shape (w,), ascending; windows are disjoint and each lies within one UTC hour. Planned
            maintenance, calibration and the time before the first reading ever are cut out already.
        end: shape (w,).
        interval_us: expected distance of readings.
        max_gap_us: how long a value holds at most.
        until: nothing is known after it (now, or the end of an archive).
        time_zone: local time of the sensor.
        parameters: name -> value of the recipe's parameters.
        quantity: what the readings are of, for recipes that read several; empty where nobody said.
    """

    ts: Ints
    value: Floats
    carry_ts: int
    carry_value: float
    start: Ints
    end: Ints
    interval_us: int
    max_gap_us: int
    until: int
    time_zone: str
    parameters: Mapping[str, float]
    quantity: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """Sparse histograms as rows, sorted by row and bucket; merging adds counts of equal buckets.

    Attributes:
        row: shape (s,), which window (or group) the count belongs to.
        bucket: shape (s,), bucket number (`processing.kernels.histograms`).
        count: shape (s,).
    """

    row: Ints
    bucket: Ints
    count: Ints


@dataclass(frozen=True, slots=True, eq=False)
class WindowTerms:
    """Additive terms of w windows (or m groups of them).

    Attributes:
        sums: shape (w, k); adding rows gives the terms of the union of their windows.
        present: shape (w,), what there was (seconds covered, or slots).
        asked: shape (w,), what there should have been; present / asked is the completeness.
        n: shape (w,), readings that went in.
        sketch: histograms of the windows, for quantiles of any union; None when not needed.
    """

    sums: Floats
    present: Floats
    asked: Floats
    n: Ints
    sketch: Sketch | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Pooled:
    """Terms of m cells, added up over their windows (and sensors), and where the cells lie.

    Attributes:
        terms: of the m cells.
        period: length of the cells.
        period_start: shape (m,), instants.
        period_end: shape (m,).
        time_zone: local time of the cells.
        parameters: name -> value of the recipe's parameters.
    """

    terms: WindowTerms
    period: Period
    period_start: Ints
    period_end: Ints
    time_zone: str
    parameters: Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """Values of m cells.

    Attributes:
        value: shape (m,), NaN without one.
        details: what belongs beside each value (JSON-able), None for nothing; empty for none at all.
    """

    value: Floats
    details: Sequence[Mapping[str, object] | None] = ()


@dataclass(frozen=True, slots=True)
class ReadingsRecipe:
    """An indicator of a sensor from its raw readings, additive over windows.

    `terms` maps the windows (parts of UTC hours) to additive terms; the terms of an hour, a day, a month, a
    quarter, a year are the sums of those of their windows, and `finish` makes values of them. A value is
    published when present / asked reaches `valid_share`. With the area rule POOLED the terms of all the
    sensors in an area are added and finished; otherwise the sensors' values speak for the area.
    """

    indicator: Indicator
    quantities: tuple[str, ...]
    terms: Callable[[SensorWindows], WindowTerms]
    finish: Callable[[Pooled], Finished]
    parameters: tuple[Parameter, ...] = ()
    area_rule: AreaRule = AreaRule.POOLED
    valid_share: float = 0.75


@dataclass(frozen=True, slots=True)
class FormulaRecipe:
    """An indicator computed from others of the same subject and period.

    `formula` maps input code -> values, shape (m,), to values, shape (m,), NaN where there is none. A cell
    exists where any input has one; its completeness is the lowest of its inputs', its n their sum.
    """

    indicator: Indicator
    inputs: tuple[str, ...]
    formula: Callable[[Mapping[str, Floats]], Floats]


@dataclass(frozen=True, slots=True, eq=False)
class DailyHistory:
    """Daily values of one subject, ascending and distinct days.

    Attributes:
        day_start: shape (d,), instants of local midnights; days without a cell are absent.
        value: shape (d,), NaN where the day has none.
        time_zone: of the days.
    """

    day_start: Ints
    value: Floats
    time_zone: str


@dataclass(frozen=True, slots=True)
class HistoryRecipe:
    """An indicator of a subject judged from the daily values of another over years.

    `compute` returns the cells of the whole local periods that it can speak of; a changed day touches the
    periods of its own year and of `years_after` years after it.
    """

    indicator: Indicator
    daily_input: str
    compute: Callable[[DailyHistory], Mapping[Period, Cells]]
    years_after: int = 0


Recipe = (
    SiteSeriesRecipe | FactSumRecipe | InterruptionRecipe | ReadingsRecipe | FormulaRecipe | HistoryRecipe
)
