"""Continuity of the water supply: hours a day with enough pressure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.quantities import Service
from domain.text import Text
from processing.indicators import held_values
from processing.indicators.recipes import Finished, ReadingsRecipe, WindowTerms, ratio
from processing.indicators.water_pressure import PRESSURE_MIN, SOURCE, VISIBLE_NOTE

if TYPE_CHECKING:
    from processing.indicators.recipes import Pooled, SensorWindows

INDICATOR: Final = Indicator(
    code="water_continuity",
    title=Text("Số giờ cấp nước mỗi ngày", "Hours of water supply per day"),
    unit="h",
    service=Service.WATER,
    direction=Direction.HIGHER,
    subject_kinds=(SubjectKind.SENSOR, SubjectKind.AREA),
    periods=(Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR),
    formula=Text(
        "24 x thời gian có áp lực từ p_min trở lên / thời gian biết áp lực. Mỗi số đo giữ đến số đo kế "
        "tiếp, không quá khoảng hở tối đa. Khu vực: gộp thời gian của các điểm đo. " + VISIBLE_NOTE.vi,
        "24 x time with a pressure of p_min or more / time with a known pressure. Each reading holds "
        "until the next, at most the maximum gap. Area: the time of its points together. " + VISIBLE_NOTE.en,
    ),
    completeness_rule=Text(
        "Thời gian biết áp lực chia cho thời gian xét; dưới 75 % thì không công bố.",
        "Time with a known pressure over time in view; below 75 % nothing is published.",
    ),
    source=SOURCE,
    method_version="1",
)


def terms(windows: SensorWindows) -> WindowTerms:
    """Return seconds with enough pressure and seconds with any known one."""
    least = windows.parameters["p_min_m"]
    held = held_values.seconds_where(windows, lambda pressure: pressure >= least)
    return WindowTerms(
        np.column_stack(held), held.covered_s, held_values.seconds(windows), held_values.readings(windows)
    )


def finish(pooled: Pooled) -> Finished:
    """Return hours of 24."""
    enough, known = pooled.terms.sums.T
    return Finished(24.0 * ratio(enough, known))


RECIPE: Final = ReadingsRecipe(INDICATOR, ("water_pressure",), terms, finish, (PRESSURE_MIN,))
