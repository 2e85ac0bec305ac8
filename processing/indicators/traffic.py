"""What the indicators of road traffic share: peak hours, travel times as counts, free flow.

Detectors measure speed, probes and plate readers the time of a trip; both say how long a stretch takes:
a trip in seconds, or 3600 / speed seconds for each kilometre. Ratios of such times have no unit, so links of
either kind, and of any length, can stand side by side.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.quantities import Service
from domain.text import Text
from processing.indicators import held_values, local_hours
from processing.indicators.recipes import Parameter, Sketch, WindowTerms
from processing.kernels.histograms import bucket_numbers, bucket_values, histogram_quantiles

if TYPE_CHECKING:
    from processing.columns import Bools, Floats, Ints
    from processing.indicators.recipes import Pooled, SensorWindows

QUANTITIES: Final = ("travel_time", "vehicle_speed")
SPEED: Final = "vehicle_speed"
_PEAK_SOURCE: Final = "Transport Canada, urban congestion corridors: AM 06:00-09:59, PM 15:00-18:59"
_FREE_SOURCE: Final = "Common practice: 15th percentile of travel time (85th percentile of speed)"
_PEAK_SHARE_MIN: Final = 0.75
# Times count in tenths of a second, speeds in tenths of a km/h.
_STEP: Final = 0.1
_PER_HOUR: Final = 3600.0
_LEVEL_MAX: Final = 1 << 22  # 4.8 days in tenths of a second; no trip takes longer
_BUCKET_BITS: Final = 24
_BUCKET_MIDDLE: Final = 1 << (_BUCKET_BITS - 1)
_READINGS, _TIME, _VALUE, _COVERED, _ASKED = range(5)


def _hour(name: str, hour: float, vi: str, en: str) -> Parameter:
    return Parameter(name, "h", hour, Text(vi, en), 0.0, 24.0, _PEAK_SOURCE)


PEAK_HOURS: Final = (
    _hour("am_from_hour", 6.0, "Đầu giờ cao điểm sáng", "Begin of the morning peak"),
    _hour(
        "am_to_hour",
        10.0,
        "Cuối giờ cao điểm sáng; bằng giờ đầu: không có",
        "End of the morning peak; equal to its begin: there is none",
    ),
    _hour("pm_from_hour", 15.0, "Đầu giờ cao điểm chiều", "Begin of the afternoon peak"),
    _hour(
        "pm_to_hour",
        19.0,
        "Cuối giờ cao điểm chiều; bằng giờ đầu: không có",
        "End of the afternoon peak; equal to its begin: there is none",
    ),
)
FREE_FLOW: Final = (
    Parameter(
        "free_flow_percentile",
        "%",
        15.0,
        Text(
            "Phân vị của thời gian hành trình được coi là thông thoáng",
            "Percentile of the travel times that is taken for free flow",
        ),
        0.0,
        100.0,
        _FREE_SOURCE,
    ),
    Parameter(
        "free_flow_off_peak_only",
        "1",
        0.0,
        Text(
            "1: phân vị của riêng giờ thấp điểm (với 50 là trung vị giờ thấp điểm); 0: của mọi giờ",
            "1: percentile of the off-peak hours alone (with 50 their median); 0: of all hours",
        ),
        0.0,
        1.0,
        _FREE_SOURCE,
    ),
    Parameter(
        "free_flow_s",
        "s",
        0.0,
        Text(
            "Thời gian hành trình thông thoáng đã biết; 0: lấy theo phân vị",
            "Known free-flow travel time; 0: by the percentile",
        ),
        minimum=0.0,
        source="The city's own figure",
    ),
    Parameter(
        "free_flow_km_h",
        "km/h",
        0.0,
        Text(
            "Tốc độ thông thoáng đã biết; 0: lấy theo phân vị", "Known free-flow speed; 0: by the percentile"
        ),
        minimum=0.0,
        source="The city's own figure",
    ),
)
PEAK_TEXT: Final = Text(
    "Giờ cao điểm 06:00-09:59 và 15:00-18:59 giờ địa phương, kể cả ngày nghỉ (tham số). Tốc độ v đổi thành "
    "3600 / v giây mỗi km; số đo bằng 0 không tính. Khu vực: trung bình các đoạn đường, mỗi đoạn như nhau.",
    "Peak hours 06:00-09:59 and 15:00-18:59 local time, holidays kept (parameters). A speed v is 3600 / v "
    "seconds per km; readings of 0 do not count. Area: the mean of its links, each weighing the same.",
)
FREE_TEXT: Final = Text(
    "Thông thoáng: phân vị 15 của thời gian hành trình (phân vị 85 của tốc độ) trong kỳ, hoặc trung vị giờ "
    "thấp điểm, hoặc một con số đã biết (tham số).",
    "Free flow: 15th percentile of the travel times (85th of the speeds) of the period, or the off-peak "
    "median, or a known figure (parameters).",
)
PEAK_RULE: Final = Text(
    "Thời gian cao điểm có số liệu chia cho toàn bộ thời gian cao điểm; dưới 75 % thì không công bố.",
    "Peak time with a known reading over all peak time; below 75 % nothing is published.",
)
RULE: Final = Text(
    "Thời gian có số liệu chia cho thời gian xét (cả ngày; chỉ giờ cao điểm khi đã biết mức thông thoáng); "
    "dưới 75 %, của cả kỳ hay của riêng giờ cao điểm, thì không công bố.",
    "Time with a known reading over time in view (all day; peak hours alone where free flow is a known "
    "figure); below 75 %, of all or of the peak hours alone, nothing is published.",
)


class Words(NamedTuple):
    """What an indicator says of itself."""

    title: Text
    formula: Text
    rule: Text
    source: str


def definition(code: str, words: Words, unit: str = "1", direction: Direction = Direction.LOWER) -> Indicator:
    """Return the definition of an indicator of one link, or of the links of an area."""
    return Indicator(
        code=code,
        title=words.title,
        unit=unit,
        service=Service.TRAFFIC,
        direction=direction,
        subject_kinds=(SubjectKind.SENSOR, SubjectKind.AREA),
        periods=(Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR),
        formula=words.formula,
        completeness_rule=words.rule,
        source=words.source,
        method_version="1",
    )


def peak_spans(windows: SensorWindows) -> local_hours.Spans:
    """Return the stretches of peak hours around the windows, ascending and disjoint; none without peaks."""
    span = (int(windows.start[0]), int(windows.end[-1])) if len(windows.start) else (0, 0)
    am_from, am_to, pm_from, pm_to = (windows.parameters[one.name] for one in PEAK_HOURS)
    return _peaks(span, windows.time_zone, (am_from, am_to), (pm_from, pm_to))


# The sensors of a claim share their hours.
@lru_cache(maxsize=512)
def _peaks(
    span: tuple[int, int], time_zone: str, morning: tuple[float, float], afternoon: tuple[float, float]
) -> local_hours.Spans:
    found = [
        local_hours.spans(*span, time_zone, *band) for band in (morning, afternoon) if band[0] != band[1]
    ]
    if not found:
        return local_hours.Spans(np.empty(0, np.int64), np.empty(0, np.int64))
    start = np.concatenate([one.start for one in found])
    order = np.argsort(start, kind="stable")
    start, end = start[order], np.concatenate([one.end for one in found])[order]
    reached = np.maximum.accumulate(end)
    # Peaks that touch or overlap are one, so that no second counts twice.
    first = np.flatnonzero(np.concatenate(([True], start[1:] > reached[:-1])))
    last = np.concatenate((first[1:] - 1, [len(start) - 1]))
    return local_hours.Spans(start[first], reached[last])


def in_spans(held: local_hours.Spans, instants: Ints) -> Bools:
    """Return which instants lie in the stretches."""
    if not len(held.start):
        return np.zeros(len(instants), np.bool_)
    inside: Bools = held.index_of(instants) >= 0
    return inside


def known_free_flow(windows: SensorWindows) -> bool:
    """Return whether free flow is a figure of the city, so that off-peak hours are not needed."""
    name = "free_flow_km_h" if windows.quantity == SPEED else "free_flow_s"
    return windows.parameters.get(name, 0.0) > 0.0


def peak_terms(windows: SensorWindows, *, off_peak: bool) -> WindowTerms:
    """Return what the peak hours of each window add up to, and its readings as counts.

    The sums are: peak readings, their travel times in s (per trip, or per km), their values, the seconds of
    peak with a known reading, and the seconds of peak. A bucket of the sketch is 2 x level + (1 in a peak);
    levels ascend with the travel time: tenths of a second, or minus tenths of a km/h.

    Args:
        windows: readings of travel time or speed.
        off_peak: whether the readings and the completeness of the other hours are wanted.
    """
    count = len(windows.start)
    held = peak_spans(windows)
    part = local_hours.pieces(windows.start, windows.end, held)
    known = held_values.integral(windows, (part.start, part.end))[1].astype(np.float64)
    covered, asked = part.sums(known, count), part.sums(part.seconds(), count)
    level = bucket_numbers(windows.value, _STEP)
    row = held_values.window_of(windows, windows.ts)
    in_peak = in_spans(held, windows.ts)
    # A detector sends 0 where no vehicle passed; there is no travel time in it.
    used = (row >= 0) & (level > 0) & (level < _LEVEL_MAX) & (in_peak | off_peak)
    row, level, in_peak, value = row[used], level[used], in_peak[used], windows.value[used]
    speed = windows.quantity == SPEED
    time = _PER_HOUR / value if speed else value
    columns = [
        np.bincount(row[in_peak], weights=one[in_peak], minlength=count).astype(np.float64)
        for one in (np.ones(len(row)), time, value)
    ]
    bucket = 2 * (-level if speed else level) + in_peak
    # One number for row and bucket: sorting pairs takes ten times as long.
    keys, counted = np.unique((row << _BUCKET_BITS) + bucket + _BUCKET_MIDDLE, return_counts=True)
    present, wanted = (covered, asked)
    if off_peak:
        present = held_values.integral(windows, (windows.start, windows.end))[1].astype(np.float64)
        wanted = held_values.seconds(windows)
    return WindowTerms(
        np.column_stack((*columns, covered, asked)),
        present,
        wanted,
        np.bincount(row, minlength=count).astype(np.int64),
        Sketch(
            keys >> _BUCKET_BITS,
            (keys & ((1 << _BUCKET_BITS) - 1)) - _BUCKET_MIDDLE,
            counted.astype(np.int64),
        ),
    )


class Peak(NamedTuple):
    """Peak hours of m cells.

    Attributes:
        readings: shape (m,).
        time: shape (m,), mean travel time in s, or s per km; NaN with too little of the peak known.
        value: shape (m,), mean of the readings themselves.
        is_speed: shape (m,), whether the readings are speeds, so that times are per km.
    """

    readings: Floats
    time: Floats
    value: Floats
    is_speed: Bools

    def per(self, row: int) -> str:
        """Return what a time of the cell is the time of."""
        return "km" if self.is_speed[row] else "trip"


def peak_of(pooled: Pooled) -> Peak:
    """Return the means of the peak hours."""
    sums = pooled.terms.sums
    enough = (sums[:, _READINGS] > 0) & (sums[:, _COVERED] >= _PEAK_SHARE_MIN * sums[:, _ASKED])
    readings = np.where(enough, sums[:, _READINGS], np.nan)
    speed = np.zeros(len(sums), np.bool_)
    sketch = pooled.terms.sketch
    if sketch is not None:
        speed[sketch.row[sketch.bucket < 0]] = True
    return Peak(sums[:, _READINGS], sums[:, _TIME] / readings, sums[:, _VALUE] / readings, speed)


def counts_of(sketch: Sketch | None, *, in_peak: bool | None) -> tuple[Ints, Ints, Ints]:
    """Return row, level and count of the readings of the peak (True), of other hours (False), or of all."""
    if sketch is None:
        empty = np.empty(0, np.int64)
        return empty, empty, empty
    level, peak = sketch.bucket >> 1, (sketch.bucket & 1) == 1
    chosen = np.ones(len(level), np.bool_) if in_peak is None else peak == in_peak
    return sketch.row[chosen], level[chosen], sketch.count[chosen]


def levels(bucket: Ints) -> Floats:
    """Return the numbers of levels as s, or minus km/h."""
    return bucket_values(bucket, _STEP)


def percentile(pooled: Pooled, percent: float, *, in_peak: bool | None) -> Floats:
    """Return the percentile of the levels, shape (m,): s, or minus km/h; h = (n - 1) p, linear."""
    row, level, count = counts_of(pooled.terms.sketch, in_peak=in_peak)
    share = np.array([percent / 100.0])
    return histogram_quantiles(row, level, count, len(pooled.period_start), share, _STEP)[:, 0]


def travel_time(level: Floats) -> Floats:
    """Return the travel time of each level in s, or s per km."""
    time: Floats = np.where(level < 0, _PER_HOUR / np.where(level < 0, -level, 1.0), level)
    return time


def free_flow(pooled: Pooled) -> Floats:
    """Return the level of free flow, shape (m,): s, or minus km/h; NaN without readings."""
    held = pooled.parameters
    found = percentile(
        pooled, held["free_flow_percentile"], in_peak=False if held["free_flow_off_peak_only"] else None
    )
    speed = peak_of(pooled).is_speed
    for known, chosen in ((held["free_flow_s"], ~speed), (-held["free_flow_km_h"], speed)):
        if known:
            found[chosen] = known
    return found
