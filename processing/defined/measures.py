"""What the kernels of `domain.kernel_rules` do with readings; frozen callables, so recipes can be pickled.

Each kernel is a pair: terms of windows, and what is made of their sums. Completeness is the time with a known
value (each reading holds until the next, at most the maximum gap) over the time in view; that of a counter
is the time between the readings whose steps are believed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from processing.indicators import held_values
from processing.indicators.recipes import Finished, Sketch, WindowTerms, ratio
from processing.kernels import counters, histograms, noise

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from domain.definitions import Definition
    from processing.columns import Bools, Floats
    from processing.indicators.recipes import Pooled, SensorWindows

_PER_CENT: Final = 100.0
_HOUR_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Mean:
    """Sum and number of the readings."""

    def __call__(self, windows: SensorWindows) -> WindowTerms:
        """Return columns sum, readings."""
        count = len(windows.start)
        row = held_values.window_of(windows, windows.ts)
        counts = (row >= 0) & ~np.isnan(windows.value)
        sums = np.zeros((count, 2))
        sums[:, 0] = np.bincount(row[counts], weights=windows.value[counts], minlength=count)
        sums[:, 1] = np.bincount(row[counts], minlength=count)
        return _terms(windows, sums)


@dataclass(frozen=True, slots=True)
class HeldMean:
    """Integral of the held value and the seconds that it covers."""

    def __call__(self, windows: SensorWindows) -> WindowTerms:
        """Return columns value x seconds, seconds."""
        return _terms(windows, np.column_stack(held_values.integral(windows, (windows.start, windows.end))))


@dataclass(frozen=True, slots=True)
class Increase:
    """Increase of a counter.

    Attributes:
        rollover: modulus of the counter; 0: none.
        rate_max_per_s: steepest rise to believe; 0: any.
    """

    rollover: float
    rate_max_per_s: float

    def __call__(self, windows: SensorWindows) -> WindowTerms:
        """Return one column, the increase of each window."""
        found = counters.increase(
            windows.ts,
            windows.value,
            windows.start,
            windows.end,
            windows.carry_ts,
            windows.carry_value,
            self.rollover,
            self.rate_max_per_s,
        )
        return WindowTerms(found.increase[:, None], found.elapsed_s, held_values.seconds(windows), found.n)


@dataclass(frozen=True, slots=True)
class Beyond:
    """Time at or beyond a threshold."""

    threshold: float
    above: bool

    def __call__(self, windows: SensorWindows) -> WindowTerms:
        """Return one column, seconds at or beyond the threshold."""
        return _terms(windows, held_values.seconds_where(windows, self._is_beyond).true_s[:, None])

    def _is_beyond(self, value: Floats) -> Bools:
        return value >= self.threshold if self.above else value <= self.threshold


@dataclass(frozen=True, slots=True)
class InStates:
    """Time in some states."""

    states: tuple[int, ...]

    def __call__(self, windows: SensorWindows) -> WindowTerms:
        """Return columns seconds in the states, seconds with any known state."""
        return _terms(windows, np.column_stack(held_values.seconds_where(windows, self._is_in)))

    def _is_in(self, value: Floats) -> Bools:
        return np.isin(value, self.states)


@dataclass(frozen=True, slots=True)
class Energy:
    """Sound energy and the seconds that it covers."""

    def __call__(self, windows: SensorWindows) -> WindowTerms:
        """Return columns energy x seconds, seconds."""
        found = noise.energy(
            windows.ts,
            windows.value,
            windows.start,
            windows.end,
            windows.carry_ts,
            windows.carry_value,
            windows.max_gap_us,
            windows.until,
        )
        return _terms(windows, np.column_stack(found))


@dataclass(frozen=True, slots=True)
class Counted:
    """The readings counted by value.

    Attributes:
        step: resolution of the grid, or 0 for buckets of a relative width (`processing.kernels.histograms`).
        end: "lowest" or "highest": only that one reading of each window is counted; "": all are.
    """

    step: float
    end: str = ""

    def __call__(self, windows: SensorWindows) -> WindowTerms:
        """Return no columns and a histogram of each window."""
        found = histograms.build(windows.ts, windows.value, windows.start, windows.end, self.step)
        row, bucket, count = found
        if self.end and len(row):
            changes = np.diff(row) != 0
            kept = np.concatenate(([True], changes) if self.end == "lowest" else (changes, [True]))
            row, bucket, count = row[kept], bucket[kept], np.ones(int(kept.sum()), np.int64)
        return _terms(windows, np.empty((len(windows.start), 0)), Sketch(row, bucket, count))


def _terms(windows: SensorWindows, sums: Floats, sketch: Sketch | None = None) -> WindowTerms:
    covered = held_values.integral(windows, (windows.start, windows.end))[1]
    return WindowTerms(sums, covered, held_values.seconds(windows), held_values.readings(windows), sketch)


@dataclass(frozen=True, slots=True)
class Quotient:
    """The first column over the second, times a factor."""

    factor: float = 1.0

    def __call__(self, pooled: Pooled) -> Finished:
        """Return NaN where the second column is 0."""
        over, under = pooled.terms.sums.T
        return Finished(self.factor * ratio(over, under))


@dataclass(frozen=True, slots=True)
class Total:
    """The only column, divided."""

    divisor: float = 1.0

    def __call__(self, pooled: Pooled) -> Finished:
        """Return the sums."""
        return Finished(pooled.terms.sums[:, 0] / self.divisor)


@dataclass(frozen=True, slots=True)
class Level:
    """The level that holds the same energy."""

    def __call__(self, pooled: Pooled) -> Finished:
        """Return decibels, NaN where nothing is covered."""
        return Finished(noise.leq(*pooled.terms.sums.T))


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile of the counted readings; 0 is the smallest, 1 the largest."""

    p: float
    step: float

    def __call__(self, pooled: Pooled) -> Finished:
        """Return NaN for a cell without readings."""
        rows = len(pooled.period_start)
        sketch = pooled.terms.sketch
        if sketch is None:
            return Finished(np.full(rows, np.nan))
        found = histograms.histogram_quantiles(
            sketch.row, sketch.bucket, sketch.count, rows, np.array([self.p]), self.step
        )
        return Finished(found[:, 0])


@dataclass(frozen=True, slots=True)
class Measure:
    """What a kernel does: terms of windows, and values of their sums."""

    terms: Callable[[SensorWindows], WindowTerms]
    finish: Callable[[Pooled], Finished]


def measure_of(definition: Definition) -> Measure:
    """Return what the definition's kernel does with its parameters."""
    return _MEASURES[str(definition.kernel)](definition)


def _increase(definition: Definition) -> Measure:
    asked = definition.parameters
    return Measure(Increase(asked["rollover"], asked["rate_max_per_s"]), Total())


def _exceedance_hours(definition: Definition) -> Measure:
    asked = definition.parameters
    return Measure(Beyond(asked["threshold"], asked["above"]), Total(_HOUR_S))


def _state_share(definition: Definition) -> Measure:
    factor = _PER_CENT if definition.unit == "%" else 1.0
    return Measure(InStates(tuple(definition.parameters["states"])), Quotient(factor))


def _quantile(definition: Definition) -> Measure:
    p, step = definition.parameters["p"], definition.parameters["resolution"]
    return Measure(Counted(step), Quantile(p, step))


def _minimum(definition: Definition) -> Measure:
    step = definition.parameters["resolution"]
    return Measure(Counted(step, "lowest"), Quantile(0.0, step))


def _maximum(definition: Definition) -> Measure:
    step = definition.parameters["resolution"]
    return Measure(Counted(step, "highest"), Quantile(1.0, step))


_MEASURES: Final[Mapping[str, Callable[[Definition], Measure]]] = {
    "mean": lambda _: Measure(Mean(), Quotient()),
    "time_weighted_mean": lambda _: Measure(HeldMean(), Quotient()),
    "minimum": _minimum,
    "maximum": _maximum,
    "increase": _increase,
    "exceedance_hours": _exceedance_hours,
    "state_share": _state_share,
    "quantile": _quantile,
    "leq": lambda _: Measure(Energy(), Level()),
}
