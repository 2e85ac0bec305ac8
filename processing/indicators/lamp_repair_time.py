"""Mean time from the failure of a lamp to light again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.quantities import Service
from domain.text import Text
from processing.grid import HOUR_US
from processing.indicators import event_lists, held_values, local_hours
from processing.indicators.lighting import SCHEDULE, SCHEDULE_TEXT, is_lit
from processing.indicators.recipes import AreaRule, Finished, Parameter, ReadingsRecipe, WindowTerms

if TYPE_CHECKING:
    from processing.columns import Bools, Ints
    from processing.indicators.recipes import Pooled, SensorWindows

INDICATOR: Final = Indicator(
    code="lamp_repair_time",
    title=Text("Thời gian sửa đèn trung bình", "Mean lamp repair time"),
    unit="h",
    service=Service.LIGHTING,
    direction=Direction.LOWER,
    subject_kinds=(SubjectKind.SENSOR, SubjectKind.AREA),
    periods=(Period.MONTH, Period.QUARTER, Period.YEAR),
    formula=Text(
        "Trung bình thời gian từ lúc đèn tắt trong lịch đến khi sáng lại, cho các lần đèn tắt ít nhất T "
        "giờ theo lịch (tham số failure_min_h, mặc định 1). Tính cả ban ngày giữa hai đêm. Chỉ tính lần "
        "tắt và sáng lại trong cùng kỳ. Khu vực: trung bình các đèn có giá trị. " + SCHEDULE_TEXT.vi,
        "Mean time from going dark within the schedule to being lit again, for lamps dark for at least T "
        "scheduled hours (parameter failure_min_h, 1 unless set otherwise). Daytime between nights "
        "counts. Dark and lit again must lie in the same period. Area: mean over its lamps that have a "
        "value. " + SCHEDULE_TEXT.en,
    ),
    completeness_rule=Text(
        "Thời gian biết trạng thái trong lịch chia cho thời gian theo lịch; dưới 75 % thì không công bố. "
        "Kỳ không có lần sửa nào thì không có giá trị.",
        "Time with a known state within the schedule over scheduled time; below 75 % nothing is "
        "published. A period without any repair has no value.",
    ),
    source="Street lighting contracts (Dundee: mean repair 2.5 days; Warwickshire: 5 working days)",
    method_version="1",
)
PARAMETERS: Final = (
    *SCHEDULE,
    Parameter(
        "failure_min_h",
        "h",
        1.0,
        Text(
            "Tắt ít nhất chừng này giờ theo lịch mới là hỏng",
            "Scheduled hours in the dark that make a failure",
        ),
        0.0,
        24.0,
        "Nhịp's own choice",
    ),
)
_DARK: Final = 0
_LIGHT: Final = 1


def terms(windows: SensorWindows) -> WindowTerms:
    """Return the scheduled time that is known, and when the lamp is found dark or lit in the schedule."""
    on_hour, off_hour = windows.parameters["lamp_on_hour"], windows.parameters["lamp_off_hour"]
    scheduled = local_hours.pieces_of(windows, on_hour, off_hour)
    count = len(windows.start)
    held = held_values.seconds_where(windows, is_lit, (scheduled.start, scheduled.end))
    instants, kinds = _changes(windows, on_hour, off_hour)
    evenings = scheduled.start[scheduled.opens == 1]
    dark = evenings[_is_dark_at(windows, evenings)]
    known = scheduled.sums(held.covered_s, count)
    return WindowTerms(
        known[:, np.newaxis],
        known,
        scheduled.sums((scheduled.end - scheduled.start).astype(np.float64) * 1e-6, count),
        np.where(known > 0, held_values.readings(windows), 0),
        event_lists.listed(
            windows,
            np.concatenate((instants, dark)),
            np.concatenate((kinds, np.full(len(dark), _DARK, np.int64))),
        ),
    )


def _changes(windows: SensorWindows, on_hour: float, off_hour: float) -> tuple[Ints, Ints]:
    """Return the readings in the schedule that are the first of their night, or after a gap, or different."""
    ts = np.concatenate((np.array([windows.carry_ts], np.int64), windows.ts))
    lit = is_lit(np.concatenate((np.array([windows.carry_value]), windows.value)))
    last = max(int(ts[-1]), int(windows.end[-1])) if len(windows.end) else int(ts[-1])
    first = int(windows.start[0]) if len(windows.start) else last
    night = local_hours.spans(first, last, windows.time_zone, on_hour, off_hour).index_of(ts)
    told = (night[1:] >= 0) & (
        (night[1:] != night[:-1]) | (lit[1:] != lit[:-1]) | held_values.after_gap(windows)
    )
    return windows.ts[told], np.where(lit[1:][told], _LIGHT, _DARK).astype(np.int64)


def _is_dark_at(windows: SensorWindows, instants: Ints) -> Bools:
    """Return at which instants an earlier reading holds that says dark; one just then speaks for itself."""
    ts = np.concatenate((np.array([windows.carry_ts], np.int64), windows.ts))
    lit = is_lit(np.concatenate((np.array([windows.carry_value]), windows.value)))
    at = np.searchsorted(ts, instants, side="right") - 1
    before = np.maximum(at, 0)
    age = instants - ts[before]
    holds = (at >= 0) & (ts[before] >= 0) & (age > 0) & (instants < windows.until)
    if windows.max_gap_us >= 0:
        holds &= age < windows.max_gap_us
    return holds & ~lit[before]


def finish(pooled: Pooled) -> Finished:
    """Return the mean length of the repaired failures, in hours, with their number and the longest."""
    count = len(pooled.period_start)
    value = np.full(count, np.nan)
    details: list[dict[str, object]] = []
    hours = (pooled.parameters["lamp_on_hour"], pooled.parameters["lamp_off_hour"])
    for k, (instants, kinds) in enumerate(event_lists.events(pooled.terms.sketch, count)):
        begin, end = int(pooled.period_start[k]), int(pooled.period_end[k])
        schedule = local_hours.spans(begin, end, pooled.time_zone, *hours)
        repairs, going_on = _repairs(instants, kinds, schedule, pooled.parameters["failure_min_h"])
        if repairs:
            value[k] = sum(repairs) / len(repairs) / HOUR_US
        details.append(
            {
                "repairs": len(repairs),
                "longest_h": round(max(repairs, default=0) / HOUR_US, 3),
                "dark_at_end": going_on,
            }
        )
    return Finished(value, details)


def _repairs(
    instants: list[int], kinds: list[int], schedule: local_hours.Spans, failure_min_h: float
) -> tuple[list[int], bool]:
    """Return the lengths of the failures that ended, in microseconds, and whether the lamp ends dark."""
    found: list[int] = []
    dark_since: int | None = None
    for instant, kind in zip(instants, kinds, strict=True):
        if kind == _DARK:
            dark_since = instant if dark_since is None else dark_since
        elif dark_since is not None:
            before, after = schedule.us_before(np.array([dark_since, instant])).tolist()
            if after - before >= failure_min_h * HOUR_US:
                found.append(instant - dark_since)
            dark_since = None
    return found, dark_since is not None


RECIPE: Final = ReadingsRecipe(INDICATOR, ("lamp_state",), terms, finish, PARAMETERS, AreaRule.MEAN)
