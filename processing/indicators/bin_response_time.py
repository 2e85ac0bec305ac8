"""Mean time from a bin's being nearly full to its emptying."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.quantities import Service
from domain.text import Text
from processing.grid import HOUR_US
from processing.indicators import event_lists, held_values
from processing.indicators.recipes import AreaRule, Finished, Parameter, ReadingsRecipe, WindowTerms
from processing.indicators.waste import COVERAGE_RULE

if TYPE_CHECKING:
    from processing.columns import Ints
    from processing.indicators.recipes import Pooled, SensorWindows

INDICATOR: Final = Indicator(
    code="bin_response_time",
    title=Text("Thời gian thu gom sau khi thùng gần đầy", "Bin response time"),
    unit="h",
    service=Service.WASTE,
    direction=Direction.LOWER,
    subject_kinds=(SubjectKind.SENSOR, SubjectKind.AREA),
    periods=(Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR),
    formula=Text(
        "Trung bình thời gian từ số đo đầu tiên có mức đầy từ 80 % trở lên đến khi thùng được đổ: mức đầy "
        "giảm ít nhất 50 điểm giữa hai số đo liền nhau (tham số response_from_percent, "
        "emptied_drop_percent). Cả hai phải nằm trong cùng kỳ. Khu vực: trung bình các thùng có giá trị.",
        "Mean time from the first reading with a fill level of 80 % or more to the emptying: a drop of at "
        "least 50 points between two readings (parameters response_from_percent, emptied_drop_percent). "
        "Both must lie in the same period. Area: mean over its bins that have a value.",
    ),
    completeness_rule=Text(
        COVERAGE_RULE.vi + " Kỳ không có lần thu gom nào sau ngưỡng thì không có giá trị.",
        COVERAGE_RULE.en + " A period without any emptying after the threshold has no value.",
    ),
    source="Nhịp's own definition: no official rule found; collections at a fill level >= 80 %",
    method_version="1",
)
PARAMETERS: Final = (
    Parameter(
        "response_from_percent",
        "%",
        80.0,
        Text("Mức đầy phải đi thu gom", "Fill level that asks for collection"),
        0.0,
        150.0,
        "Nhịp's own choice",
    ),
    Parameter(
        "emptied_drop_percent",
        "%",
        50.0,
        Text("Giảm chừng này điểm là đã đổ thùng", "Drop in points that means emptied"),
        0.0,
        150.0,
        "Nhịp's own choice",
    ),
)
_LOST: Final = 0  # after a gap the bin is not full: when it was emptied is not known
_EMPTIED: Final = 1
_FULL: Final = 2


def terms(windows: SensorWindows) -> WindowTerms:
    """Return the time that is known, and when the bin became nearly full and was emptied."""
    held = held_values.seconds_where(windows, np.isfinite)
    return WindowTerms(
        held.covered_s[:, np.newaxis],
        held.covered_s,
        held_values.seconds(windows),
        held_values.readings(windows),
        event_lists.listed(windows, *_happenings(windows)),
    )


def _happenings(windows: SensorWindows) -> tuple[Ints, Ints]:
    asks, drop = windows.parameters["response_from_percent"], windows.parameters["emptied_drop_percent"]
    before = np.concatenate((np.array([windows.carry_value]), windows.value))[:-1]
    fresh = held_values.after_gap(windows)
    full = windows.value >= asks
    became_full = full & (fresh | ~(before >= asks))
    emptied = ~fresh & (before - windows.value >= drop)
    # One reading may tell two things: emptied, and nearly full all the same.
    told = ((_LOST, fresh & ~full), (_EMPTIED, emptied), (_FULL, became_full | (emptied & full)))
    return (
        np.concatenate([windows.ts[mask] for _, mask in told]),
        np.concatenate([np.full(int(mask.sum()), kind, np.int64) for kind, mask in told]),
    )


def finish(pooled: Pooled) -> Finished:
    """Return the mean response in hours, with the emptyings and how many of them answered a full bin."""
    count = len(pooled.period_start)
    value = np.full(count, np.nan)
    details: list[dict[str, object]] = []
    for k, (instants, kinds) in enumerate(event_lists.events(pooled.terms.sketch, count)):
        responses, emptied = _responses(instants, kinds)
        if responses:
            value[k] = sum(responses) / len(responses) / HOUR_US
        details.append(
            {
                "emptied": emptied,
                "emptied_when_full": len(responses),
                "longest_h": round(max(responses, default=0) / HOUR_US, 3),
            }
        )
    return Finished(value, details)


def _responses(instants: list[int], kinds: list[int]) -> tuple[list[int], int]:
    """Return the times from nearly full to emptied, in microseconds, and the number of all emptyings."""
    found: list[int] = []
    full_since: int | None = None
    for instant, kind in zip(instants, kinds, strict=True):
        if kind == _FULL:
            full_since = instant if full_since is None else full_since
            continue
        if kind == _EMPTIED and full_since is not None:
            found.append(instant - full_since)
        full_since = None
    return found, kinds.count(_EMPTIED)


RECIPE: Final = ReadingsRecipe(INDICATOR, ("bin_fill",), terms, finish, PARAMETERS, AreaRule.MEAN)
