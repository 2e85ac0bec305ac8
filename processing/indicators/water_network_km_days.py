"""Network length times days: the denominator of non-revenue water."""

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
    code="water_network_km_days",
    title=Text("Chiều dài mạng cấp nước x số ngày", "Network length times days"),
    unit="km.d",
    service=Service.WATER,
    direction=Direction.NONE,
    subject_kinds=(SubjectKind.AREA,),
    periods=(Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR),
    formula=Text(
        "Chiều dài mạng (tham số water_network_km của khu vực) x số ngày của kỳ.",
        "Length of the network (parameter water_network_km of the area) x days of the period.",
    ),
    completeness_rule=Text(
        "Luôn đầy đủ khi khu vực có đồng hồ cấp nước vào mạng và tham số water_network_km đã khai.",
        "Always complete where the area has a meter at an inlet and the parameter water_network_km is set.",
    ),
    source="IBNET 54, length of the distribution network",
    method_version="1",
)
PARAMETERS: Final = (
    Parameter(
        "water_network_km",
        "km",
        float("nan"),
        Text("Chiều dài mạng cấp nước", "Length of the water network"),
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
    return Finished(pooled.parameters["water_network_km"] * days(pooled))


RECIPE: Final = ReadingsRecipe(INDICATOR, ("water_volume",), terms, finish, PARAMETERS)
