"""What the indicators of noise share: definitions, energies by local hours, levels exceeded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.quantities import Service
from domain.text import Text
from processing.indicators import held_values, local_hours
from processing.indicators.recipes import Finished, Parameter, Sketch, WindowTerms
from processing.kernels import noise

if TYPE_CHECKING:
    from processing.columns import Floats
    from processing.indicators.recipes import Pooled, SensorWindows

LONG: Final = (Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR)
RULE: Final = Text(
    "Thời gian biết mức âm chia cho thời gian xét; dưới 75 % thì không công bố. Mỗi số đo giữ đến số đo kế "
    "tiếp, không quá khoảng hở tối đa.",
    "Time with a known level over time in view; below 75 % nothing is published. Each reading holds until "
    "the next, at most the maximum gap.",
)
# Levels are counted in tenths of a decibel, the resolution of sound level meters.
_PER_DB: Final = 10


def definition(code: str, title: Text, formula: Text, source: str, periods: tuple[Period, ...]) -> Indicator:
    """Return the definition of an indicator of one sound level meter, in dB(A)."""
    return Indicator(
        code=code,
        title=title,
        unit="dB[A]",
        service=Service.FLOOD_NOISE,
        direction=Direction.LOWER,
        subject_kinds=(SubjectKind.SENSOR,),
        periods=periods,
        formula=formula,
        completeness_rule=RULE,
        source=source,
        method_version="1",
    )


def hour_parameter(name: str, hour: float, vi: str, en: str, source: str) -> Parameter:
    """Return a parameter that is a local hour of the day."""
    return Parameter(name, "h", hour, Text(vi, en), 0.0, 24.0, source)


def band_terms(windows: SensorWindows, bands: list[tuple[float, float]]) -> WindowTerms:
    """Return energy and seconds covered in each band of local hours: columns e1, s1, e2, s2, ...

    A band of equal hours is the whole day.
    """
    count = len(windows.start)
    columns: list[Floats] = []
    present, asked = np.zeros(count), np.zeros(count)
    for from_hour, to_hour in bands:
        part = local_hours.pieces_of(windows, from_hour, to_hour)
        found = noise.energy(
            windows.ts,
            windows.value,
            part.start,
            part.end,
            windows.carry_ts,
            windows.carry_value,
            windows.max_gap_us,
            windows.until,
        )
        energy = found.energy.astype(np.float64)
        columns += [part.sums(energy, count), part.sums(found.covered_s.astype(np.float64), count)]
        present += columns[-1]
        asked += part.sums((part.end - part.start).astype(np.float64) * 1e-6, count)
    used = np.where(asked > 0, held_values.readings(windows), 0)
    return WindowTerms(np.column_stack(columns), present, asked, used)


def level_terms(windows: SensorWindows) -> WindowTerms:
    """Return the readings of each window counted in steps of 0.1 dB."""
    row = held_values.window_of(windows, windows.ts)
    inside = row >= 0
    bucket = np.rint(windows.value[inside] * _PER_DB).astype(np.int64)
    pairs, count = np.unique(np.stack((row[inside], bucket)), axis=1, return_counts=True)
    covered = held_values.integral(windows, (windows.start, windows.end))[1]
    return WindowTerms(
        np.empty((len(windows.start), 0)),
        covered,
        held_values.seconds(windows),
        held_values.readings(windows),
        Sketch(pairs[0], pairs[1], count.astype(np.int64)),
    )


def level_exceeded(pooled: Pooled, percent: float) -> Finished:
    """Return the level exceeded `percent` % of the readings: a quantile, h = (n - 1) p, linear."""
    rows = len(pooled.period_start)
    value = np.full(rows, np.nan)
    sketch = pooled.terms.sketch
    if sketch is not None:
        bounds = np.searchsorted(sketch.row, np.arange(rows + 1))
        for k in range(rows):
            part = slice(bounds[k], bounds[k + 1])
            if bounds[k] < bounds[k + 1]:
                value[k] = _quantile(sketch.bucket[part] / _PER_DB, sketch.count[part], 1.0 - percent / 100.0)
    return Finished(value)


def _quantile(level: Floats, count: np.ndarray[tuple[int], np.dtype[np.int64]], share: float) -> float:
    upto = np.cumsum(count)
    place = (int(upto[-1]) - 1) * share
    # 0.1 x 10 misses a whole number by a hair.
    low = int(np.floor(place + 1e-9))
    first = level[np.searchsorted(upto, low, side="right")]
    after = level[np.searchsorted(upto, min(low + 1, int(upto[-1]) - 1), side="right")]
    return float(first + (after - first) * max(place - low, 0.0))
