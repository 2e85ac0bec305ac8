"""What the indicators of drinking-water quality share: time within the limits, and excursions from them.

Excursions are kept as the edges of the time outside: +1 where it begins and -1 where it ends in each window.
Where one goes on into the next window both meet at the same instant and cancel, so that adding windows up
gives whole excursions. The worst values stand beside them as buckets of millionths.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.quantities import QUANTITIES, Service
from domain.text import Text
from processing.columns import NO_INSTANT
from processing.grid import from_us
from processing.indicators import held_values, local_hours
from processing.indicators.recipes import Finished, Parameter, Sketch, WindowTerms, ratio
from processing.rulesets.city_limits import water_limits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from processing.columns import Bools, Floats, Ints
    from processing.indicators.recipes import Pooled, SensorWindows

SOURCE: Final = "QCVN 01-1:2018/BYT; limits of QCVN 01-1:2024/BYT (from 01/07/2025) not confirmed"
_WARNING: Final = Text(
    "QCVN 01-1:2024/BYT thay thế từ 01/07/2025 nhưng bảng giới hạn CHƯA được xác nhận; dùng giá trị 2018, "
    "thành phố khai giới hạn mới bằng tham số.",
    "QCVN 01-1:2024/BYT replaces it from 01/07/2025, but its limits are NOT confirmed; the values of 2018 "
    "are used, and a city sets newer ones as parameters.",
)
_LONG: Final = (Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR)
_PER_UNIT: Final = 1_000_000
# Below it a bucket is a value in millionths, above it an instant in microseconds (after 1973).
_FIRST_INSTANT: Final = 100_000_000_000_000
_US: Final = 1e-6


def limits(parameter: str) -> tuple[Parameter, ...]:
    """Return the limits of a parameter as numbers that a city may set; a side without a limit has none."""
    held, title = water_limits().of(parameter), QUANTITIES[parameter].title
    found: list[Parameter] = []
    if held.minimum is not None:
        text = Text(f"{title.vi}: giới hạn dưới", f"{title.en}: least admissible value")
        found.append(Parameter(f"{parameter}_min", held.unit, held.minimum, text, source=SOURCE))
    if held.maximum is not None:
        text = Text(f"{title.vi}: giới hạn trên", f"{title.en}: greatest admissible value")
        found.append(Parameter(f"{parameter}_max", held.unit, held.maximum, text, source=SOURCE))
    return tuple(found)


def compliance_indicator(parameter: str) -> Indicator:
    """Return the definition of `<parameter>_compliance`."""
    title = QUANTITIES[parameter].title
    words = _words(parameter)
    return _indicator(
        f"{parameter}_compliance",
        "%",
        Direction.HIGHER,
        Text(f"{title.vi}: tỷ lệ thời gian đạt", f"{title.en}: share of time within the limits"),
        Text(
            f"Thời gian trong giới hạn {words} / thời gian biết giá trị x 100; bằng giới hạn là đạt. Mỗi số "
            f"đo giữ đến số đo kế tiếp, không quá khoảng hở tối đa. {_WARNING.vi}",
            f"Time within the limits {words} / time with a known value x 100; at a limit complies. Each "
            f"reading holds until the next, at most the maximum gap. {_WARNING.en}",
        ),
    )


def excursions_indicator(parameter: str) -> Indicator:
    """Return the definition of `<parameter>_excursions`."""
    title = QUANTITIES[parameter].title
    words = _words(parameter)
    return _indicator(
        f"{parameter}_excursions",
        "1",
        Direction.LOWER,
        Text(f"{title.vi}: số lần vượt giới hạn", f"{title.en}: excursions from the limits"),
        Text(
            f"Số khoảng thời gian liền nhau ngoài giới hạn {words}, kèm lần dài nhất và giá trị xấu nhất mỗi "
            f"phía. Lần kéo sang kỳ sau tính ở cả hai kỳ. {_WARNING.vi}",
            f"Number of unbroken times outside the limits {words}, with the longest one and the worst value "
            f"on either side. One that goes on into the next period counts in both. {_WARNING.en}",
        ),
    )


def _words(parameter: str) -> str:
    held = water_limits().of(parameter)
    low = "" if held.minimum is None else f"{held.minimum:g}"
    return f"{low}..{held.maximum:g} {held.unit}" if low else f"<= {held.maximum:g} {held.unit}"


def _indicator(code: str, unit: str, direction: Direction, title: Text, formula: Text) -> Indicator:
    return Indicator(
        code=code,
        title=title,
        unit=unit,
        service=Service.WATER,
        direction=direction,
        subject_kinds=(SubjectKind.SENSOR, SubjectKind.AREA),
        periods=_LONG,
        formula=formula,
        completeness_rule=Text(
            "Thời gian biết giá trị chia cho thời gian xét; dưới 75 % thì không công bố.",
            "Time with a known value over time in view; below 75 % nothing is published.",
        ),
        source=SOURCE,
        method_version="1",
    )


def terms(windows: SensorWindows, parameter: str) -> WindowTerms:
    """Return seconds within the limits, seconds with a known value, and the excursions."""
    low, high = _sides(windows.parameters, parameter)

    def within(value: Floats) -> Bools:
        return (value >= low) & (value <= high)

    held = held_values.seconds_where(windows, within)
    return WindowTerms(
        np.column_stack((held.true_s, held.covered_s)),
        held.covered_s,
        held_values.seconds(windows),
        held_values.readings(windows),
        _outside(windows, low, high),
    )


def compliance(pooled: Pooled) -> Finished:
    """Return per cent of the known time within the limits."""
    within, known = pooled.terms.sums.T
    return Finished(100.0 * ratio(within, known))


def excursions(pooled: Pooled, parameter: str) -> Finished:
    """Return the number of excursions; beside it the longest, when it began, and the worst values."""
    rows = len(pooled.period_start)
    sketch = pooled.terms.sketch or Sketch(*(np.empty(0, np.int64) for _ in range(3)))
    bounds = np.searchsorted(sketch.row, np.arange(rows + 1))
    sides = _sides(pooled.parameters, parameter)
    value = np.zeros(rows)
    details: list[Mapping[str, object] | None] = []
    for k in range(rows):
        part = slice(bounds[k], bounds[k + 1])
        count, detail = _told(sketch.bucket[part], sketch.count[part], sides)
        value[k] = count
        details.append(detail)
    return Finished(np.where(pooled.terms.sums[:, 1] > 0, value, np.nan), details)


def _sides(parameters: Mapping[str, float], parameter: str) -> tuple[float, float]:
    return parameters.get(f"{parameter}_min", -np.inf), parameters.get(f"{parameter}_max", np.inf)


def _outside(windows: SensorWindows, low: float, high: float) -> Sketch:
    """Return the edges of the time outside the limits, and the values there, per window."""
    ts, value = windows.ts, windows.value
    if windows.carry_ts != NO_INSTANT:
        ts = np.concatenate(([windows.carry_ts], ts))
        value = np.concatenate(([windows.carry_value], value))
    stop = np.append(ts[1:], windows.until)
    if windows.max_gap_us >= 0:
        stop = np.minimum(stop, ts + windows.max_gap_us)
    bad = ((value < low) | (value > high)) & (stop > ts)
    spans = local_hours.Spans(ts[bad].astype(np.int64), stop[bad].astype(np.int64))
    parts = local_hours.pieces(windows.start, windows.end, spans)
    worst = np.rint(value[bad] * _PER_UNIT).astype(np.int64)[spans.index_of(parts.start)]
    ones = np.ones(len(parts.start), np.int64)
    return _counted(
        np.concatenate((parts.window, parts.window, parts.window)),
        np.concatenate((parts.start, parts.end, worst)),
        np.concatenate((ones, -ones, ones)),
    )


def _counted(row: Ints, bucket: Ints, count: Ints) -> Sketch:
    order = np.lexsort((bucket, row))
    row, bucket, count = row[order], bucket[order], count[order]
    if not len(row):
        return Sketch(row, bucket, count)
    first = np.flatnonzero(np.concatenate(([True], (np.diff(row) != 0) | (np.diff(bucket) != 0))))
    return Sketch(row[first], bucket[first], np.add.reduceat(count, first))


def _told(bucket: Ints, count: Ints, sides: tuple[float, float]) -> tuple[int, Mapping[str, object] | None]:
    """Return the number of excursions of one cell and what to tell of them."""
    edge = (bucket >= _FIRST_INSTANT) & (count != 0)
    instants, depth = bucket[edge], np.cumsum(count[edge])
    if not len(instants):
        return 0, None
    # An excursion runs from the first depth above 0 to the next 0; sensors of an area may overlap.
    ends = np.flatnonzero(depth == 0)
    begins = np.concatenate(([0], ends[:-1] + 1))
    length = instants[ends] - instants[begins]
    longest = int(length.argmax())
    values = bucket[bucket < _FIRST_INSTANT] / _PER_UNIT
    detail: dict[str, object] = {
        "longest_s": float(length[longest] * _US),
        "longest_start": from_us(int(instants[begins[longest]])).isoformat(),
        "total_s": float(length.sum() * _US),
    }
    below, above = values[values < sides[0]], values[values > sides[1]]
    if len(below):
        detail["worst_below"] = float(below.min())
    if len(above):
        detail["worst_above"] = float(above.max())
    return len(ends), detail
