"""Drinking water: share of hours in which every measured parameter of a site is within its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import Direction, Indicator, SubjectKind
from domain.quantities import Service
from domain.text import Text
from processing.grid import HOUR_US
from processing.indicators import drinking_water, qcvn_air
from processing.indicators.recipes import AreaRule, SiteSeriesRecipe
from processing.rulesets.city_limits import water_limits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.periods import Period
    from processing.columns import Cells, SiteHours

INDICATOR: Final = Indicator(
    code="water_compliance",
    title=Text("Tỷ lệ giờ nước sạch đạt mọi giới hạn", "Drinking water: share of hours within all limits"),
    unit="%",
    service=Service.WATER,
    direction=Direction.HIGHER,
    subject_kinds=(SubjectKind.SITE, SubjectKind.AREA),
    periods=qcvn_air.DAY_PERIODS,
    formula=Text(
        "Số giờ mà trung bình của mọi thông số đo được (clo dư 0,2-1,0 mg/L; độ đục <= 2 NTU; pH 6,0-8,5) "
        "đều trong giới hạn / số giờ có ít nhất một thông số x 100. Khu vực: trung bình các điểm. Giới hạn "
        "của QCVN 01-1:2024/BYT (từ 01/07/2025) CHƯA được xác nhận; dùng giá trị 2018.",
        "Hours in which the means of all measured parameters (free chlorine 0.2-1.0 mg/L, turbidity <= 2 "
        "NTU, pH 6.0-8.5) are within the limits / hours with at least one parameter x 100. Area: mean of "
        "its points. The limits of QCVN 01-1:2024/BYT (from 01/07/2025) are NOT confirmed; those of 2018 "
        "are used.",
    ),
    completeness_rule=Text(
        "Cần số liệu của 75 % số giờ trong kỳ; trung bình giờ cần 75 % số liệu.",
        "Needs data of 75 % of the period's hours; an hourly mean needs 75 % of its data.",
    ),
    source=drinking_water.SOURCE,
    method_version="1",
)
QUANTITIES: Final = ("free_chlorine", "turbidity", "ph")


def compute(series: SiteHours) -> Mapping[Period, Cells]:
    """Return the share of each local day, month, quarter and year that lies wholly in the series."""
    known = np.zeros(len(series.hour_start), np.bool_)
    broken = np.zeros(len(series.hour_start), np.bool_)
    for name in QUANTITIES:
        limit, value = water_limits().of(name), series.mean(name)
        known |= ~np.isnan(value)
        broken |= value > (np.inf if limit.maximum is None else limit.maximum + 1e-9)
        broken |= value < (-np.inf if limit.minimum is None else limit.minimum - 1e-9)
    expected = (series.day_end - series.day_start) // HOUR_US
    good, valid = (qcvn_air.hours_per_day(series, which) for which in (known & ~broken, known))
    return qcvn_air.shares(series, good, valid, expected, qcvn_air.DAY_PERIODS)


RECIPE: Final = SiteSeriesRecipe(INDICATOR, QUANTITIES, compute, qcvn_air.NO_REACH, AreaRule.MEAN)
