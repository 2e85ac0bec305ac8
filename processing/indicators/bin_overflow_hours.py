"""Hours for which a waste bin overflows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.quantities import Service
from domain.text import Text
from processing.indicators import held_values
from processing.indicators.recipes import AreaRule, Finished, Parameter, ReadingsRecipe, WindowTerms
from processing.indicators.waste import COVERAGE_RULE

if TYPE_CHECKING:
    from processing.indicators.recipes import Pooled, SensorWindows

INDICATOR: Final = Indicator(
    code="bin_overflow_hours",
    title=Text("Số giờ thùng rác đầy tràn", "Bin overflow hours"),
    unit="h",
    service=Service.WASTE,
    direction=Direction.LOWER,
    subject_kinds=(SubjectKind.SENSOR, SubjectKind.AREA),
    periods=(Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR),
    formula=Text(
        "Số giờ mức đầy từ 100 % trở lên (tham số overflow_percent). Mỗi số đo giữ đến số đo kế tiếp, "
        "không quá khoảng hở tối đa. Khu vực: trung bình trên các thùng (giờ mỗi thùng).",
        "Hours with a fill level of 100 % or more (parameter overflow_percent). Each reading holds until "
        "the next, at most the maximum gap. Area: mean over its bins (hours per bin).",
    ),
    completeness_rule=COVERAGE_RULE,
    source="Nhịp's own definition: no official rule found; overflow = fill level >= 100 %",
    method_version="1",
)
PARAMETERS: Final = (
    Parameter(
        "overflow_percent",
        "%",
        100.0,
        Text("Mức đầy tràn", "Fill level that overflows"),
        0.0,
        150.0,
        "Nhịp's own choice",
    ),
)


def terms(windows: SensorWindows) -> WindowTerms:
    """Return seconds of overflow."""
    full = windows.parameters["overflow_percent"]
    held = held_values.seconds_where(windows, lambda level: level >= full)
    return WindowTerms(
        held.true_s[:, np.newaxis],
        held.covered_s,
        held_values.seconds(windows),
        held_values.readings(windows),
    )


def finish(pooled: Pooled) -> Finished:
    """Return hours of overflow."""
    return Finished(np.where(pooled.terms.present > 0, pooled.terms.sums[:, 0] / 3600.0, np.nan))


RECIPE: Final = ReadingsRecipe(INDICATOR, ("bin_fill",), terms, finish, PARAMETERS, AreaRule.MEAN)
