"""PM2.5: mean of 24 hours, of the month, the quarter and the year, against QCVN 05:2023/BTNMT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.text import Text
from processing.indicators import qcvn_air
from processing.indicators.recipes import AreaRule, SiteSeriesRecipe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.periods import Period
    from processing.columns import Cells, SiteHours

INDICATOR: Final = qcvn_air.day_indicator("pm25", Text("PM2.5 trung bình 24 giờ", "PM2.5, 24-hour mean"))


def compute(series: SiteHours) -> Mapping[Period, Cells]:
    """Return the means of each local day, month, quarter and year that lies wholly in the series."""
    return qcvn_air.day_means(series, "pm25")


RECIPE: Final = SiteSeriesRecipe(INDICATOR, ("pm25",), compute, qcvn_air.NO_REACH, AreaRule.MEAN)
