"""Water connections times days: the denominator of non-revenue water."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.quantities import Service
from domain.text import Text
from processing.indicators.recipes import Finished, Parameter, ReadingsRecipe, WindowTerms
from processing.indicators.water_balance import days

if TYPE_CHECKING:
    from processing.indicators.recipes import Pooled, SensorWindows

INDICATOR: Final = Indicator(
    code="water_connection_days",
    title=Text("Số đấu nối cấp nước x số ngày", "Water connections times days"),
    unit="d",
    service=Service.WATER,
    direction=Direction.NONE,
    subject_kinds=(SubjectKind.AREA,),
    periods=(Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR),
    formula=Text(
        "Số đấu nối đang dùng (tham số water_connections của khu vực) x số ngày của kỳ.",
        "Active connections (parameter water_connections of the area) x days of the period.",
    ),
    completeness_rule=Text(
        "Luôn đầy đủ khi khu vực có đồng hồ cấp nước vào mạng và tham số water_connections đã khai.",
        "Always complete where the area has a meter at an inlet and the parameter water_connections is set.",
    ),
    source="IBNET 41, active connections",
    method_version="1",
)
PARAMETERS: Final = (
    Parameter(
        "water_connections",
        "1",
        float("nan"),
        Text("Số đấu nối đang dùng", "Active connections"),
        minimum=0.0,
    ),
)


def terms(windows: SensorWindows) -> WindowTerms:
    """Return that the meter is there; what is multiplied is a parameter of the area."""
    seconds = (windows.end - windows.start).astype(np.float64) * 1e-6
    count = len(seconds)
    return WindowTerms(np.zeros((count, 1)), seconds, seconds, np.ones(count, np.int64))


def finish(pooled: Pooled) -> Finished:
    """Return the parameter times days; NaN where it is not set."""
    return Finished(pooled.parameters["water_connections"] * days(pooled))


RECIPE: Final = ReadingsRecipe(INDICATOR, ("water_volume",), terms, finish, PARAMETERS)
