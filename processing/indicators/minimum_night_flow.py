"""Minimum night flow: what flows when hardly anybody uses water."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.quantities import Service
from domain.text import Text
from processing.indicators import held_values, local_hours
from processing.indicators.recipes import Finished, Parameter, ReadingsRecipe, WindowTerms, ratio

if TYPE_CHECKING:
    from processing.indicators.recipes import Pooled, SensorWindows

_WINDOW_SOURCE: Final = "Night window 02:00-04:00: recalled practice, not compared with a text"

INDICATOR: Final = Indicator(
    code="minimum_night_flow",
    title=Text("Lưu lượng đêm tối thiểu", "Minimum night flow"),
    unit="m3/h",
    service=Service.WATER,
    direction=Direction.LOWER,
    subject_kinds=(SubjectKind.SENSOR, SubjectKind.AREA),
    periods=(Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR),
    formula=Text(
        "Lưu lượng trung bình theo thời gian từ 02:00 đến 04:00 giờ địa phương (tham số night_from_hour, "
        "night_to_hour; khung giờ theo thông lệ, CHƯA đối chiếu văn bản). Khu vực: trung bình trên các "
        "đồng hồ.",
        "Time-weighted mean flow from 02:00 to 04:00 local time (parameters night_from_hour, "
        "night_to_hour; the window is usual practice, NOT compared with a text). Area: mean over its "
        "meters.",
    ),
    completeness_rule=Text(
        "Thời gian biết lưu lượng trong khung giờ đêm chia cho độ dài khung; dưới 75 % thì không công bố.",
        "Time with a known flow within the night window over its length; below 75 % nothing is published.",
    ),
    source="IWA practice of leakage management; " + _WINDOW_SOURCE,
    method_version="1",
)
PARAMETERS: Final = (
    Parameter(
        "night_from_hour",
        "h",
        2.0,
        Text("Đầu khung giờ đêm", "Begin of the night window"),
        0.0,
        24.0,
        _WINDOW_SOURCE,
    ),
    Parameter(
        "night_to_hour",
        "h",
        4.0,
        Text("Cuối khung giờ đêm", "End of the night window"),
        0.0,
        24.0,
        _WINDOW_SOURCE,
    ),
)


def terms(windows: SensorWindows) -> WindowTerms:
    """Return flow x seconds and the seconds covered of the part of each window that lies in the night."""
    night = local_hours.pieces_of(
        windows, windows.parameters["night_from_hour"], windows.parameters["night_to_hour"]
    )
    count = len(windows.start)
    integral, covered_s = held_values.integral(windows, (night.start, night.end))
    known = night.sums(covered_s, count)
    return WindowTerms(
        np.column_stack((night.sums(integral, count), known)),
        known,
        night.sums((night.end - night.start).astype(np.float64) * 1e-6, count),
        np.where(known > 0, held_values.readings(windows), 0),
    )


def finish(pooled: Pooled) -> Finished:
    """Return the mean flow."""
    integral, covered_s = pooled.terms.sums.T
    return Finished(ratio(integral, covered_s))


RECIPE: Final = ReadingsRecipe(INDICATOR, ("water_flow",), terms, finish, PARAMETERS)
