"""What the indicators of buses share: hours of service, headways as sums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.quantities import Service
from domain.text import Text
from processing.indicators import held_values, local_hours
from processing.indicators.recipes import Parameter, WindowTerms, ratio

if TYPE_CHECKING:
    from processing.columns import Floats
    from processing.indicators.recipes import Pooled, SensorWindows

_OWN: Final = "Nhịp's own default; the operator's timetable replaces it"
SERVICE_HOURS: Final = (
    Parameter(
        "service_from_hour",
        "h",
        5.0,
        Text("Giờ chạy chuyến đầu (giờ địa phương)", "Hour of the first bus (local time)"),
        0.0,
        24.0,
        _OWN,
    ),
    Parameter(
        "service_to_hour",
        "h",
        22.0,
        Text("Giờ hết chuyến cuối (giờ địa phương)", "Hour after the last bus (local time)"),
        0.0,
        24.0,
        _OWN,
    ),
)
SCHEDULED_HEADWAY: Final = Parameter(
    "scheduled_headway_s",
    "s",
    float("nan"),
    Text("Giãn cách theo biểu đồ chạy xe", "Headway of the timetable"),
    minimum=1.0,
    source="The operator's timetable",
)
HEADWAY_TEXT: Final = Text(
    "Mỗi số đo headway là thời gian (giây) từ chuyến trước đến chuyến này tại một điểm dừng; chỉ tính chuyến "
    "mà cả giãn cách nằm trong giờ chạy xe (tham số, 05:00-22:00). Giãn cách theo biểu đồ: tham số "
    "scheduled_headway_s của cảm biến, điểm hay khu vực, có ngày hiệu lực. Khu vực: gộp mọi điểm dừng.",
    "Each reading of headway is the time in seconds since the bus before at one stop; those count that lie "
    "whole within the hours of service (parameters, 05:00-22:00). Scheduled: parameter scheduled_headway_s "
    "of the sensor, site or area, dated. Area: all stops together.",
)
HEADWAY_RULE: Final = Text(
    "Tổng các giãn cách đã ghi chia cho thời gian chạy xe; dưới 75 % thì không công bố. Chuyến bị bỏ làm "
    "giãn cách dài ra chứ không làm thiếu số liệu. Chưa khai giãn cách theo biểu đồ thì không có giá trị.",
    "Recorded headways added up over the time of service; below 75 % nothing is published. A cancelled bus "
    "makes a headway longer, not the data incomplete. Without a scheduled headway there is no value.",
)
RECORDED, ACTUAL, ACTUAL_SQUARES, SCHEDULED, DEVIATION, DEVIATION_SQUARES = range(6)


def definition(
    code: str, title: Text, formula: Text, source: str, unit: str, direction: Direction = Direction.LOWER
) -> Indicator:
    """Return the definition of an indicator of headways."""
    return Indicator(
        code=code,
        title=title,
        unit=unit,
        service=Service.TRAFFIC,
        direction=direction,
        subject_kinds=tuple(SubjectKind),
        periods=(Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR),
        formula=formula,
        completeness_rule=HEADWAY_RULE,
        source=source,
        method_version="1",
    )


def service_pieces(windows: SensorWindows) -> local_hours.Pieces:
    """Return the parts of the windows in the hours of service; equal hours mean the whole day."""
    return local_hours.pieces_of(windows, *(windows.parameters[one.name] for one in SERVICE_HOURS))


def service_s(windows: SensorWindows) -> Floats:
    """Return the seconds of service in each window, shape (w,)."""
    part = service_pieces(windows)
    return part.sums(part.seconds(), len(windows.start))


def _in_service(windows: SensorWindows) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which headways begin and end within the same stretch of service."""
    span = (int(windows.start[0]), int(windows.end[-1])) if len(windows.start) else (0, 0)
    hours = (windows.parameters[one.name] for one in SERVICE_HOURS)
    held = local_hours.spans(*span, windows.time_zone, *hours)
    # A bus may come at the very end of service, and none has a headway at its very beginning.
    at = held.index_of(windows.ts - 1)
    begins = windows.ts - np.rint(windows.value * 1e6).astype(np.int64)
    return (at >= 0) & (begins >= held.start[np.maximum(at, 0)])


def headway_terms(windows: SensorWindows) -> WindowTerms:
    """Return sums over the headways that end in each window.

    The sums are: headways, seconds and squares of them, scheduled seconds, deviations and squares of them.
    """
    count = len(windows.start)
    row = held_values.window_of(windows, windows.ts)
    used = (row >= 0) & (windows.value > 0) & _in_service(windows)
    row, headway = row[used], windows.value[used]
    # Days before the timetable was typed in add nothing, and a month speaks of the days after.
    timetable = windows.parameters[SCHEDULED_HEADWAY.name]
    known = 0.0 if np.isnan(timetable) else 1.0
    scheduled = np.full(len(row), timetable if known else 0.0)
    deviation = headway - scheduled
    columns = [
        np.bincount(row, weights=known * one, minlength=count).astype(np.float64)
        for one in (np.ones(len(row)), headway, headway**2, scheduled, deviation, deviation**2)
    ]
    return WindowTerms(
        np.column_stack(columns),
        np.bincount(row, weights=headway, minlength=count).astype(np.float64),
        service_s(windows),
        np.bincount(row, minlength=count).astype(np.int64),
    )


def coverage(pooled: Pooled) -> list[dict[str, float]]:
    """Return, for each cell, how many headways were recorded and how many the timetable has in that time."""
    sums = pooled.terms.sums
    mean = ratio(sums[:, SCHEDULED], sums[:, RECORDED])
    scheduled = ratio(pooled.terms.asked, mean)
    return [
        {"recorded": int(n), "scheduled": round(float(of), 3)}
        for n, of in zip(sums[:, RECORDED], scheduled, strict=True)
    ]
