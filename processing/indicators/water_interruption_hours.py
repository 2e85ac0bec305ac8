"""Hours of water interruption per household."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.quantities import Service
from domain.text import Text
from processing.indicators import held_values
from processing.indicators.recipes import Finished, Parameter, ReadingsRecipe, WindowTerms
from processing.indicators.water_pressure import PRESSURE_MIN, VISIBLE_NOTE

if TYPE_CHECKING:
    from processing.indicators.recipes import Pooled, SensorWindows

INDICATOR: Final = Indicator(
    code="water_interruption_hours",
    title=Text("Số giờ mất nước mỗi hộ", "Hours of water interruption per household"),
    unit="h",
    service=Service.WATER,
    direction=Direction.LOWER,
    subject_kinds=(SubjectKind.AREA,),
    periods=(Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR),
    formula=Text(
        "Tổng (số giờ áp lực dưới p_min x số hộ của điểm đo) / tổng số hộ của khu vực. Số hộ sau mỗi điểm "
        "đo là tham số households, tổng số hộ là households_total. Mất nước, nước yếu, báo trước hay "
        "không đều tính như nhau. Không biết áp lực không phải là mất nước. " + VISIBLE_NOTE.vi,
        "Sum of (hours with a pressure below p_min x households at the point) / households of the area. "
        "The households at each point are the parameter households, those of the area households_total. "
        "Shut-off and low flow, planned or not, count the same. An unknown pressure is not an "
        "interruption. " + VISIBLE_NOTE.en,
    ),
    completeness_rule=Text(
        "Thời gian biết áp lực (ở điểm đã khai số hộ) chia cho thời gian xét; dưới 75 % thì không công bố.",
        "Time with a known pressure (at points whose households are set) over time in view; below 75 % "
        "nothing is published.",
    ),
    source="ISO 37120:2018, 23 (water interruption per household)",
    method_version="1",
)
PARAMETERS: Final = (
    PRESSURE_MIN,
    Parameter(
        "households",
        "1",
        float("nan"),
        Text("Số hộ được cấp nước qua điểm đo", "Households supplied through the point"),
        minimum=0.0,
    ),
    Parameter(
        "households_total",
        "1",
        float("nan"),
        Text("Tổng số hộ của khu vực", "Households of the area"),
        minimum=1.0,
    ),
)


def terms(windows: SensorWindows) -> WindowTerms:
    """Return household-hours without water; time at a point of unknown households is not known."""
    least, households = windows.parameters["p_min_m"], windows.parameters["households"]
    held = held_values.seconds_where(windows, lambda pressure: pressure < least)
    counted = 0.0 if np.isnan(households) else households
    present = np.zeros(len(held.covered_s)) if np.isnan(households) else held.covered_s
    return WindowTerms(
        (held.true_s * (counted / 3600.0))[:, np.newaxis],
        present,
        held_values.seconds(windows),
        held_values.readings(windows),
    )


def finish(pooled: Pooled) -> Finished:
    """Return hours per household; NaN where the households of the area are not set."""
    return Finished(pooled.terms.sums[:, 0] / pooled.parameters["households_total"])


RECIPE: Final = ReadingsRecipe(INDICATOR, ("water_pressure",), terms, finish, PARAMETERS)
