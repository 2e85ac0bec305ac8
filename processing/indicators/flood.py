"""What the indicators of flood alarms share: time at or above a level, and how often it is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.quantities import Service
from domain.text import Text
from processing.columns import NO_INSTANT
from processing.indicators import event_lists, held_values
from processing.indicators.recipes import Finished, Parameter, WindowTerms

if TYPE_CHECKING:
    from processing.columns import Floats
    from processing.indicators.recipes import Pooled, SensorWindows

SOURCE: Final = "Quyết định 05/2020/QĐ-TTg (31/01/2020); processing/rulesets/flood_alarms.toml"
ROMAN: Final = {1: "I", 2: "II", 3: "III"}
HYSTERESIS: Final = Parameter(
    "hysteresis_m",
    "m",
    0.05,
    Text("Mực nước phải xuống dưới ngưỡng bao nhiêu", "How far the level must fall below the threshold"),
    minimum=0.0,
    source="Own choice; the decision states none",
)
_RULE: Final = Text(
    "Thời gian biết mực nước chia cho thời gian xét; dưới 75 % thì không công bố. Ngưỡng của trạm phải được "
    "khai; chưa khai thì không có giá trị.",
    "Time with a known water level over time in view; below 75 % nothing is published. The station's "
    "threshold must be set; without it there is no value.",
)
_UP, _BACK = 0, 1


def alarm_parameter(level: int) -> Parameter:
    """Return the threshold of one alarm level; it has no default, every station has its own."""
    return Parameter(
        f"alarm_{level}_m",
        "m",
        float("nan"),
        Text(f"Mực nước báo động {ROMAN[level]} của trạm", f"Water level of alarm {ROMAN[level]}"),
        source=SOURCE,
    )


def hours_indicator(level: int) -> Indicator:
    """Return the definition of `flood_hours_<level>`."""
    name = ROMAN[level]
    return _indicator(
        f"flood_hours_{level}",
        "h",
        Text(f"Số giờ từ báo động {name} trở lên", f"Hours at or above alarm {name}"),
        Text(
            f"Thời gian mực nước bằng hoặc trên ngưỡng báo động {name} (tham số alarm_{level}_m); mỗi số đo "
            "giữ đến số đo kế tiếp, không quá khoảng hở tối đa. Khu vực: trạm cao nhất.",
            f"Time with the water level at or above alarm {name} (parameter alarm_{level}_m); each reading "
            "holds until the next, at most the maximum gap. Area: the highest station.",
        ),
        tuple(Period),
    )


def crossings_indicator(level: int) -> Indicator:
    """Return the definition of `flood_crossings_<level>`."""
    name = ROMAN[level]
    return _indicator(
        f"flood_crossings_{level}",
        "1",
        Text(f"Số lần lên báo động {name}", f"Times alarm {name} was reached"),
        Text(
            f"Số lần mực nước lên tới ngưỡng báo động {name}; lần sau chỉ tính khi mực nước đã xuống dưới "
            "ngưỡng trừ độ trễ (hysteresis_m, mặc định 0,05 m, tự chọn).",
            f"Times the water level rose to alarm {name}; a further one counts only after the level fell "
            "below the threshold less the hysteresis (hysteresis_m, 0.05 m, our own choice).",
        ),
        (Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR),
    )


def _indicator(code: str, unit: str, title: Text, formula: Text, periods: tuple[Period, ...]) -> Indicator:
    return Indicator(
        code=code,
        title=title,
        unit=unit,
        service=Service.FLOOD_NOISE,
        direction=Direction.LOWER,
        subject_kinds=(SubjectKind.SENSOR, SubjectKind.AREA),
        periods=periods,
        formula=formula,
        completeness_rule=_RULE,
        source=SOURCE,
        method_version="1",
    )


def hour_terms(windows: SensorWindows, level: int) -> WindowTerms:
    """Return seconds at or above the level."""
    threshold = windows.parameters[f"alarm_{level}_m"]
    held = held_values.seconds_where(windows, lambda water: water >= threshold)
    return WindowTerms(
        held.true_s[:, None], held.covered_s, held_values.seconds(windows), held_values.readings(windows)
    )


def hours(pooled: Pooled, level: int) -> Finished:
    """Return hours at or above the level, NaN without a threshold."""
    found = pooled.terms.sums[:, 0] / 3600.0
    return Finished(np.where(np.isnan(pooled.parameters[f"alarm_{level}_m"]), np.nan, found))


def crossing_terms(windows: SensorWindows, level: int) -> WindowTerms:
    """Return the readings that first stand at the level, and those that are first back, as events."""
    threshold = windows.parameters[f"alarm_{level}_m"]
    carried = windows.carry_value if windows.carry_ts != NO_INSTANT else np.nan
    before: Floats = np.concatenate(([carried], windows.value))[:-1]
    leave = threshold - windows.parameters["hysteresis_m"]
    # Nothing is known before the first reading ever: standing at the level then counts as reaching it.
    up = (windows.value >= threshold) & ~(before >= threshold)
    back = (windows.value < leave) & ~(before < leave)
    instants = np.concatenate((windows.ts[up], windows.ts[back]))
    kinds = np.repeat(np.array([_UP, _BACK], np.int64), [int(up.sum()), int(back.sum())])
    covered = held_values.integral(windows, (windows.start, windows.end))[1]
    return WindowTerms(
        np.empty((len(windows.start), 0)),
        covered,
        held_values.seconds(windows),
        held_values.readings(windows),
        event_lists.listed(windows, instants, kinds),
    )


def crossings(pooled: Pooled, level: int) -> Finished:
    """Return the number of rises to the level after being back; NaN without a threshold."""
    value = np.full(len(pooled.period_start), np.nan)
    if not np.isnan(pooled.parameters[f"alarm_{level}_m"]):
        for row, (_, kinds) in enumerate(event_lists.events(pooled.terms.sketch, len(value))):
            inside, count = False, 0
            for kind in kinds:
                count += kind == _UP and not inside
                inside = kind == _UP
            value[row] = count
    return Finished(value)
