"""SO2: 1-hour mean against QCVN 05:2023/BTNMT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processing.indicators import qcvn_air
from processing.indicators.recipes import AreaRule, SiteSeriesRecipe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.periods import Period
    from processing.columns import Cells, SiteHours

INDICATOR: Final = qcvn_air.hour_indicator("so2")


def compute(series: SiteHours) -> Mapping[Period, Cells]:
    """Return the 1-hour mean of each hour of the series."""
    return qcvn_air.hour_means(series, "so2")


RECIPE: Final = SiteSeriesRecipe(INDICATOR, ("so2",), compute, qcvn_air.NO_REACH, AreaRule.HIGHEST)
