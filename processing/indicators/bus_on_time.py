"""Bus punctuality: passages within a window around the timetable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.quantities import Service
from domain.text import Text
from processing.indicators import bus, held_values
from processing.indicators.recipes import Finished, Parameter, ReadingsRecipe, WindowTerms, ratio

if TYPE_CHECKING:
    from processing.indicators.recipes import Pooled, SensorWindows

_SOURCE: Final = "Common rule: 1 minute early to 5 minutes late (TCQSM exhibit 3-27)"
INDICATOR: Final = Indicator(
    code="bus_on_time",
    title=Text("Tỷ lệ xe buýt đúng giờ", "Bus punctuality"),
    unit="%",
    service=Service.TRAFFIC,
    direction=Direction.HIGHER,
    subject_kinds=tuple(SubjectKind),
    periods=(Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR),
    formula=Text(
        "Lượt qua điểm dừng sớm không quá 1 phút và trễ không quá 5 phút so với biểu đồ (tham số early_s, "
        "late_s; tính cả hai đầu) / lượt đã ghi x 100. Mỗi số đo schedule_deviation là một lượt, giây, dương "
        "là trễ. Khu vực: gộp mọi lượt.",
        "Passages at most 1 minute early and at most 5 minutes late (parameters early_s, late_s; both ends "
        "count) / recorded passages x 100. Each reading of schedule_deviation is a passage, in seconds, late "
        "positive. Area: all passages together.",
    ),
    completeness_rule=Text(
        "Lượt đã ghi / lượt theo biểu đồ (tham số scheduled_passages_day; chưa khai: giờ chạy xe chia cho "
        "chu kỳ đã đăng ký của cảm biến); dưới 75 % thì không công bố.",
        "Recorded / scheduled passages (parameter scheduled_passages_day; unless set: hours of service over "
        "the registered interval of the sensor); below 75 % nothing is published.",
    ),
    source=_SOURCE,
    method_version="1",
)
PARAMETERS: Final = (
    Parameter(
        "early_s",
        "s",
        60.0,
        Text("Sớm bao nhiêu vẫn là đúng giờ", "How early is still on time"),
        minimum=0.0,
        source=_SOURCE,
    ),
    Parameter(
        "late_s",
        "s",
        300.0,
        Text("Trễ bao nhiêu vẫn là đúng giờ", "How late is still on time"),
        minimum=0.0,
        source=_SOURCE,
    ),
    Parameter(
        "scheduled_passages_day",
        "1",
        0.0,
        Text(
            "Số lượt theo biểu đồ mỗi ngày của một cảm biến; 0: theo chu kỳ của cảm biến",
            "Scheduled passages of one sensor a day; 0: by the sensor's interval",
        ),
        minimum=0.0,
        source="The operator's timetable",
    ),
    *bus.SERVICE_HOURS,
)
_DAY_H: Final = 24.0


def terms(windows: SensorWindows) -> WindowTerms:
    """Return passages on time, early and late, and those that the timetable has."""
    count = len(windows.start)
    row = held_values.window_of(windows, windows.ts)
    late = windows.value[row >= 0]
    row = row[row >= 0]
    held = windows.parameters
    early, behind = late < -held["early_s"], late > held["late_s"]
    columns = [
        np.bincount(row[kept], minlength=count).astype(np.float64)
        for kept in (~early & ~behind, early, behind)
    ]
    recorded = np.bincount(row, minlength=count).astype(np.int64)
    a_day = held["scheduled_passages_day"]
    hours = (held["service_to_hour"] - held["service_from_hour"]) % _DAY_H or _DAY_H
    spacing_s = hours * 3600.0 / a_day if a_day else windows.interval_us * 1e-6
    return WindowTerms(
        np.column_stack(columns), recorded.astype(np.float64), bus.service_s(windows) / spacing_s, recorded
    )


def finish(pooled: Pooled) -> Finished:
    """Return per cent; how many were on time, early, late and scheduled beside it."""
    on_time, early, late = pooled.terms.sums.T
    details = [
        {"on_time": int(a), "early": int(b), "late": int(c), "scheduled": round(float(of), 3)}
        for a, b, c, of in zip(on_time, early, late, pooled.terms.asked, strict=True)
    ]
    return Finished(100.0 * ratio(on_time, on_time + early + late), details)


RECIPE: Final = ReadingsRecipe(INDICATOR, ("schedule_deviation",), terms, finish, PARAMETERS)
